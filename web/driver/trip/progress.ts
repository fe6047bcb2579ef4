import { useSyncExternalStore } from "react";
import { keepCopy, lastCopy } from "../phone/keep";
import type { ProofKind } from "../types";

/** What was done at a stop and is not told by the trip itself: which proofs were taken, who was tried. */
export type Done = {
  proofs: Partial<Record<ProofKind, "heard" | "kept">>;
  scans: string[];
  contacts: { how: string; at: number }[];
  /** How she came to be there: by location, or with a reason. */
  arrived: "location" | "reason" | null;
  triesLeft: number | null;
  /** It is being left at the door: she is not on her way back to the shop. */
  leaving?: boolean;
};

const NOTHING: Done = { proofs: {}, scans: [], contacts: [], arrived: null, triesLeft: null };
type Book = Record<string, Done>;

let book: Book | null = null;
const hearers = new Set<() => void>();

function read(): Book {
  book ??= lastCopy<Book>("progress")?.told ?? {};
  return book;
}

export const doneAt = (key: string): Done => read()[key] ?? NOTHING;

export function note(key: string, change: Partial<Done>): void {
  const entries = Object.entries({ ...read(), [key]: { ...doneAt(key), ...change } });
  book = Object.fromEntries(entries.slice(-60)); // the last few trips are enough
  keepCopy("progress", book);
  for (const hear of hearers) hear();
}

export function noteProof(key: string, kind: ProofKind, how: "heard" | "kept" | null): void {
  const proofs = { ...doneAt(key).proofs };
  if (how) proofs[kind] = how;
  else delete proofs[kind];
  note(key, { proofs });
}

export const useDone = (key: string): Done =>
  useSyncExternalStore(
    (hear) => {
      hearers.add(hear);
      return () => hearers.delete(hear);
    },
    () => doneAt(key),
  );
