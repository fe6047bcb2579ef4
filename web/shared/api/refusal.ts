/** One reason why a request did not fit; `where` is a JSON pointer. */
export type Fault = { where: string; what: string };

/** The server said no, or could not be reached (`status` 0, `code` "unreachable"). */
export class Refusal extends Error {
  override name = "Refusal";
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly remedy: string,
    readonly errors: Fault[],
    readonly requestId: string,
    readonly facts: Record<string, unknown>,
  ) {
    super(detail || title);
  }

  /** Worth trying again without changing anything. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** A problem document (RFC 9457) as a Refusal. */
export function refusal(status: number, problem: unknown): Refusal {
  const facts = typeof problem === "object" && problem !== null ? (problem as Record<string, unknown>) : {};
  const text = (name: string) => (typeof facts[name] === "string" ? facts[name] : "");
  const errors = Array.isArray(facts.errors) ? (facts.errors as Fault[]) : [];
  const code = text("code") || text("type").split("/").pop() || "";
  const id = text("request_id");
  return new Refusal(status, code, text("title"), text("detail"), text("remedy"), errors, id, facts);
}
