/** Figures as people of a language type them: read digit by digit, never through a float. */
export type Typed = ReturnType<typeof typedOf>;

const SPACES = /[\s\u00a0\u202f]/g;

/** How figures are typed in a locale: its decimal sign, its groups. */
export function typedOf(locale: string) {
  const parts = new Intl.NumberFormat(locale, { minimumFractionDigits: 1 }).formatToParts(1234567.5);
  const sign = (type: "decimal" | "group", otherwise: string) =>
    parts.find((part) => part.type === type)?.value ?? otherwise;
  const decimal = sign("decimal", ".");
  const group = sign("group", ",");
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const shape = new RegExp(`^(\\d{1,3}(?:${literal(group)}\\d{3})+|\\d+)?(?:${literal(decimal)}(\\d*))?$`);
  return {
    /** `12.50` in the units of the last of so many `digits` (1250); null for what is no such figure. */
    read: (text: string, digits: number): number | null => {
      const plain = text.replace(SPACES, "").replace(/^\p{Sc}|\p{Sc}$/u, "");
      const found = shape.exec(plain);
      if (!found || !/\d/.test(plain)) return null;
      const fraction = found[2] ?? "";
      if (fraction.length > digits) return null;
      const whole = (found[1] ?? "0").split(group).join("");
      const value = Number(whole + fraction.padEnd(digits, "0"));
      return Number.isSafeInteger(value) ? value : null;
    },
    /** The figure as it would be typed: no groups, `least` digits after the sign at least. */
    write: (value: number, digits: number, least = 0): string => {
      const text = String(Math.abs(value)).padStart(digits + 1, "0");
      const whole = text.slice(0, text.length - digits);
      let fraction = digits ? text.slice(-digits) : "";
      while (fraction.length > least && fraction.endsWith("0")) fraction = fraction.slice(0, -1);
      return fraction ? `${whole}${decimal}${fraction}` : whole;
    },
  };
}

/**
 * The instant that a clock in `timeZone` shows as `local` (`2026-12-01T06:00`), the earlier of two; null for an hour
 * that the zone leaves out.
 */
export function instantOf(local: string, timeZone: string): Date | null {
  const wanted = Date.parse(`${local}Z`);
  if (Number.isNaN(wanted)) return null;
  for (const hours of [-24, 24]) {
    const guess = wanted - offsetMs(wanted + hours * 3_600_000, timeZone);
    if (guess + offsetMs(guess, timeZone) === wanted) return new Date(guess);
  }
  return null;
}

/** How a clock in `timeZone` shows an instant: `2026-12-01T06:00`. */
export const localOf = (at: number, timeZone: string): string =>
  new Date(at + offsetMs(at, timeZone)).toISOString().slice(0, 16);

function offsetMs(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(at);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  const shown = Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  return shown - Math.floor(at / 1000) * 1000;
}
