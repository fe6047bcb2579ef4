import createClient from "openapi-fetch";
import { Refusal, refusal } from "./refusal";
import type { paths } from "./schema";

export { type Fault, Refusal, refusal } from "./refusal";
export type * from "./schema";

/** How long a request may take before it counts as lost. */
const PATIENCE_MS = 20_000;

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

/** A fresh key for a change that may be sent twice (`Idempotency-Key`). */
export const freshKey = (): string => crypto.randomUUID();
