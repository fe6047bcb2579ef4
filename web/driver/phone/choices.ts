import { useSyncExternalStore } from "react";

/** What a driver chose for this phone. */
export type Choices = {
  sound: boolean;
  vibration: boolean;
  light: boolean;
  awake: boolean;
  /** Cents a mile; null: as the network reckons. */
  carPerMileMinor: number | null;
};

const KEPT = "doorstep-driver-choices";
const FIRST: Choices = { sound: true, vibration: true, light: true, awake: true, carPerMileMinor: null };
const hearers = new Set<() => void>();

function read(): Choices {
  try {
    return { ...FIRST, ...(JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Choices>) };
  } catch {
    return FIRST;
  }
}

let chosen = read();

export const choices = (): Choices => chosen;

export function choose(change: Partial<Choices>): void {
  chosen = { ...chosen, ...change };
  localStorage.setItem(KEPT, JSON.stringify(chosen));
  for (const hear of hearers) hear();
}

export const useChoices = (): Choices =>
  useSyncExternalStore((hear) => {
    hearers.add(hear);
    return () => hearers.delete(hear);
  }, choices);
