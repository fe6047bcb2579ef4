import { useSyncExternalStore } from "react";
import { api, type HeardTold, Refusal, type ReportAsked, refusal, told } from "../../shared/api/client";
import type { Trip } from "../types";
import { marketIso } from "./clock";
import { keep, keptAll, letGo } from "./keep";

/**
 * What this phone has to tell, on its disk before anything else happens. Each report has its own id and the time at
 * which it happened; it goes out in order, is sent again until the network has heard it, and counts once there.
 */
export type Report = ReportAsked & { deliveries: string[] };
export type Picture = {
  delivery: string;
  kind: "photo" | "signature";
  report_id: string;
  signer: string;
  content: Blob;
};
type Kept = { trip: string; at: string; report: Report | null; picture: Picture | null };
export type Waiting = Kept & { key: number };

/** A report that was heard and does not count, or could not be taken: said to the driver, with what to do. */
export type Unheard = {
  reportId: string;
  trip: string;
  deliveries: string[];
  code: string;
  detail: string;
  remedy: string;
  missing: string[];
};

export type Outbox = {
  waiting: readonly Waiting[];
  /** Since when nothing gets through; null while the line holds. */
  lostSince: number | null;
  unheard: readonly Unheard[];
  signedOut: boolean;
};

/** What became of a report: heard by the network, or kept here for now. */
export type Outcome = { heard: HeardTold[]; refused: Unheard | null } | "kept";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;
const MOST_AT_ONCE = 100;

let state: Outbox = { waiting: [], lostSince: null, unheard: [], signedOut: false };
const hearers = new Set<() => void>();
const outcomes = new Map<string, (outcome: Outcome) => void>();
const tripHearers = new Set<(trip: Trip) => void>();
let sending = false;
let wantedAgain = false;
let tries = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

function set(change: Partial<Outbox>): void {
  state = { ...state, ...change };
  for (const hear of hearers) hear();
}

export const outbox = (): Outbox => state;
export const useOutbox = (): Outbox =>
  useSyncExternalStore((hear) => {
    hearers.add(hear);
    return () => hearers.delete(hear);
  }, outbox);

/** Tells whenever an answer brought a newer view of a trip. */
export function onTrip(hear: (trip: Trip) => void): () => void {
  tripHearers.add(hear);
  return () => tripHearers.delete(hear);
}

const reportIdOf = (one: Kept) => one.report?.report_id ?? one.picture?.report_id ?? "";

/** Keeps a report and sends it as soon as may be. Putting one with the same id in again changes nothing. */
export async function tell(
  trip: string,
  report: Omit<Report, "report_id" | "device_at" | "scans" | "reason" | "note"> & Partial<Report>,
): Promise<string> {
  const at = marketIso();
  const whole: Report = {
    scans: [],
    reason: "",
    note: "",
    device_at: at,
    report_id: crypto.randomUUID(),
    ...report,
  };
  await put({ trip, at, report: whole, picture: null });
  return whole.report_id;
}

export async function tellPicture(trip: string, picture: Omit<Picture, "report_id">): Promise<string> {
  const whole = { ...picture, report_id: crypto.randomUUID() };
  await put({ trip, at: marketIso(), report: null, picture: whole });
  return whole.report_id;
}

async function put(one: Kept): Promise<void> {
  const id = reportIdOf(one);
  if (state.waiting.some((known) => reportIdOf(known) === id)) return;
  const key = await keep(one);
  if (!state.waiting.some((known) => known.key === key))
    set({ waiting: [...state.waiting, { ...one, key }] });
  send();
}

/** What became of a report, or "kept" after `patienceMs`. */
export function outcomeOf(reportId: string, patienceMs = 2_000): Promise<Outcome> {
  return new Promise((resolve) => {
    const late = setTimeout(() => {
      outcomes.delete(reportId);
      resolve("kept");
    }, patienceMs);
    outcomes.set(reportId, (outcome) => {
      clearTimeout(late);
      outcomes.delete(reportId);
      resolve(outcome);
    });
  });
}

export function dismiss(reportId: string): void {
  set({ unheard: state.unheard.filter((one) => one.reportId !== reportId) });
}

/** Begins: reads what waited when the page was closed, and sends whenever the line may be back. */
export async function openOutbox(): Promise<void> {
  set({ waiting: await keptAll<Kept>() });
  addEventListener("online", sendNow);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && sendNow());
  send();
}

export function sendNow(): void {
  tries = 0;
  send();
}

/** Sends what waits, one after the other; one page of this phone at a time. */
export function send(): void {
  clearTimeout(timer);
  if (sending) {
    wantedAgain = true;
    return;
  }
  sending = true;
  void navigator.locks
    .request("doorstep-driver-outbox", drain)
    .catch(() => undefined)
    .finally(() => {
      sending = false;
      if (wantedAgain) {
        wantedAgain = false;
        send();
      }
    });
}

async function drain(): Promise<void> {
  let alone = 0; // after a batch was refused as a whole: each alone, so that one that cannot be read keeps no other back
  for (;;) {
    const waiting = await keptAll<Kept>();
    set({ waiting });
    const [first] = waiting;
    if (!first) {
      if (state.lostSince !== null) set({ lostSince: null });
      return;
    }
    const batch = first.picture || alone > 0 ? [first] : reportsFrom(waiting, first.trip);
    alone = Math.max(0, alone - 1);
    try {
      await (first.picture ? sendPicture(first, first.picture) : sendReports(batch));
      tries = 0;
      set({ lostSince: null, signedOut: false });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.status === 401) {
        set({ signedOut: true });
        return;
      }
      if (error.passing) {
        tries += 1;
        if (error.status === 0) set({ lostSince: state.lostSince ?? Date.now() });
        timer = setTimeout(send, Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS));
        return;
      }
      if (batch.length > 1) alone = batch.length;
      else await giveUp(first, error);
    }
  }
}

function reportsFrom(waiting: Waiting[], trip: string): Waiting[] {
  const found: Waiting[] = [];
  for (const one of waiting) {
    if (!one.report || one.trip !== trip || found.length === MOST_AT_ONCE) break;
    found.push(one);
  }
  return found;
}

async function sendReports(batch: Waiting[]): Promise<void> {
  const [first] = batch;
  if (!first) return;
  const answer = await told(
    api.POST("/driver/v1/trips/{trip_id}/reports", {
      params: { path: { trip_id: first.trip } },
      body: { reports: batch.flatMap((one) => (one.report ? [one.report] : [])) },
    }),
  );
  for (const one of batch) await letGo(one.key);
  // The trip first, then what no longer waits, in one breath: or the page would show the trip as it was before for a moment.
  for (const hear of tripHearers) hear(answer.trip);
  const keys = new Set(batch.map((one) => one.key));
  set({ waiting: state.waiting.filter((one) => !keys.has(one.key)) });
  for (const one of batch) {
    const id = reportIdOf(one);
    const heard = answer.heard.filter((each) => each.report_id === id);
    const refused = heard.find((each) => !each.counted);
    const unheard = refused ? unheardOf(one, refused.problem) : null;
    if (unheard) set({ unheard: [...state.unheard, unheard] });
    outcomes.get(id)?.({ heard, refused: unheard });
  }
}

async function sendPicture(one: Waiting, picture: Picture): Promise<void> {
  const form = new FormData();
  form.set("kind", picture.kind);
  form.set("report_id", picture.report_id);
  form.set("signer", picture.signer);
  form.set("picture", picture.content, picture.kind === "photo" ? "photo.jpg" : "signature.png");
  let response: Response;
  try {
    response = await fetch(`/driver/v1/deliveries/${encodeURIComponent(picture.delivery)}/proofs`, {
      method: "POST",
      body: form,
      headers: { "X-Doorstep-Csrf": "1" },
      credentials: "same-origin",
      signal: AbortSignal.timeout(60_000),
    });
  } catch {
    throw new Refusal(0, "unreachable", "", "", "", [], "", {});
  }
  if (!response.ok) throw refusal(response.status, await response.json().catch(() => null));
  await gone(one);
  outcomes.get(picture.report_id)?.({ heard: [], refused: null });
}

async function giveUp(one: Waiting, error: Refusal): Promise<void> {
  const unheard: Unheard = {
    reportId: reportIdOf(one),
    trip: one.trip,
    deliveries: one.report?.deliveries ?? (one.picture ? [one.picture.delivery] : []),
    code: error.code,
    detail: error.detail || error.title,
    remedy: error.remedy,
    missing: missingOf(error),
  };
  set({ unheard: [...state.unheard, unheard] });
  await gone(one);
  outcomes.get(unheard.reportId)?.({ heard: [], refused: unheard });
}

function unheardOf(one: Waiting, problem: Record<string, unknown> | null): Unheard {
  const said = refusal(409, problem);
  return {
    reportId: reportIdOf(one),
    trip: one.trip,
    deliveries: one.report?.deliveries ?? [],
    code: said.code,
    detail: said.detail || said.title,
    remedy: said.remedy,
    missing: missingOf(said),
  };
}

async function gone(one: Waiting): Promise<void> {
  await letGo(one.key);
  set({ waiting: state.waiting.filter((known) => known.key !== one.key) });
}

/** Which proofs a refused hand-over still lacks. */
function missingOf({ facts }: Refusal): string[] {
  return Array.isArray(facts.missing) ? facts.missing.map(String) : [];
}
