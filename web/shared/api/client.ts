import createClient from "openapi-fetch";
import type { paths } from "./schema";

export type * from "./schema";

/** How long a request may take before it counts as lost. */
const PATIENCE_MS = 20_000;

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

const own: typeof fetch = async (input, init) => {
  const request = input instanceof Request ? input : new Request(input, init);
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const signal = AbortSignal.any([request.signal, patience]);
  return fetch(new Request(request, { signal }));
};

/**
 * The API of this network, typed from openapi.json:
 * `await told(api.GET("/staff/v1/deliveries", { params: { query: { limit: 5 } } }))`.
 */
export const api = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? "",
  credentials: "same-origin",
  headers: { "X-Doorstep-Csrf": "1" }, // changes by cookie want this proof that our own page asked
  fetch: own,
});

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** What was told, or a Refusal thrown. */
export async function told<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") throw error;
    throw new Refusal(0, "unreachable", "", "", "", [], "", {});
  }
  if (answer.response.ok) return answer.data as T;
  throw refusal(answer.response.status, answer.error);
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

/** A fresh key for a change that may be sent twice (`Idempotency-Key`). */
export const freshKey = (): string => crypto.randomUUID();
