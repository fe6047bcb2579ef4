import { useMemo } from "react";
import { useLang } from "../../shared/i18n/react";
import { marketNow } from "../phone/clock";

const DAY_MS = 86_400_000;

/** The calendar day of an instant in a zone, as `2026-11-21`. */
export const dayOf = (at: number, timeZone: string): string =>
  new Intl.DateTimeFormat("en-CA", { timeZone }).format(new Date(at));

/** The instant at which a calendar day begins in a zone. */
export function startOf(day: string, timeZone: string): number {
  const noon = Date.parse(`${day}T12:00:00Z`);
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(new Date(noon));
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const there = Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"));
  const offset = there - noon;
  return Date.parse(`${day}T00:00:00Z`) - offset;
}

export function plusDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The Monday on or before a day. */
export function mondayOf(day: string): string {
  const weekday = (new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7;
  return plusDays(day, -weekday);
}

export type Span = { name: string; since: string; until: string };

export function spanOf(first: string, days: number, timeZone: string): Span {
  const iso = (at: number) => new Date(at).toISOString();
  return {
    name: `${first}+${days}`,
    since: iso(startOf(first, timeZone)),
    until: iso(startOf(plusDays(first, days), timeZone)),
  };
}

/** Today in the market's own zone. */
export function useToday(): Span {
  const { timeZone } = useLang();
  const day = dayOf(marketNow(), timeZone);
  return useMemo(() => spanOf(day, 1, timeZone), [day, timeZone]);
}
