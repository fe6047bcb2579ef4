import { useSyncExternalStore } from "react";
import { api, freshKey, Refusal, told } from "../../shared/api/client";
import { keepCopy, lastCopy, onForgotten } from "../phone/keep";
import { whereabouts } from "../phone/whereabouts";

export type CallKind = "call_me" | "not_safe" | "all_well";
type Call = { report_id: string; kind: CallKind; point: { lat: number; lng: number } | null };
/** The last call of this phone, and whether anybody has it yet. */
export type Said = { kind: CallKind; state: "sending" | "waiting" | "heard" } | null;

const COPY = "calls";
const AGAIN_MS = 2_500;

let waiting: Call[] = lastCopy<Call[]>(COPY)?.told ?? [];
let said: Said = waitingNow();
let sending = false;
let timer: ReturnType<typeof setTimeout> | undefined;
const hearers = new Set<() => void>();

function waitingNow(): Said {
  const last = waiting.at(-1);
  return last ? { kind: last.kind, state: "waiting" } : null;
}

function set(next: Said): void {
  said = next;
  for (const hear of hearers) hear();
}

function keepWaiting(next: Call[]): void {
  waiting = next;
  keepCopy(COPY, waiting);
}

onForgotten(() => {
  waiting = [];
  set(null);
});

export const useSaid = (): Said =>
  useSyncExternalStore(
    (hear) => {
      hearers.add(hear);
      return () => hearers.delete(hear);
    },
    () => said,
  );

/** Calls dispatch. Kept on this phone until it was heard: closing the sheet, or the page, takes nothing back. */
export function call(kind: CallKind): void {
  const { fix } = whereabouts();
  const point = fix && { lat: fix.lat, lng: fix.lng };
  keepWaiting([...waiting, { report_id: freshKey(), kind, point }]);
  set({ kind, state: "sending" });
  void sendCalls();
}

/** The sheet is closed: what is well again and heard needs no more words. */
export function closed(): void {
  if (said?.state === "heard" && said.kind === "all_well") set(null);
}

/** Sends what waits, one after the other, until dispatch has all of it. */
export async function sendCalls(): Promise<void> {
  clearTimeout(timer);
  if (sending) return;
  sending = true;
  try {
    for (let [first] = waiting; first; [first] = waiting) {
      const sent = first;
      await told(api.POST("/driver/v1/safety", { body: { ...sent, note: "" } }));
      keepWaiting(waiting.filter((one) => one.report_id !== sent.report_id));
      if (!waiting.length) set({ kind: sent.kind, state: "heard" });
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    set(waitingNow());
    const [first, ...others] = waiting;
    // One that the network does not take for itself keeps no other back; signed out, all wait for the next sign-in.
    if (first && !error.passing && error.status !== 401) keepWaiting([...others, first]);
    if (error.status !== 401) timer = setTimeout(() => void sendCalls(), AGAIN_MS);
  } finally {
    sending = false;
  }
}

addEventListener("online", () => void sendCalls());
