import type { Format } from "../../shared/format";
import type { useWords } from "../words";

/**
 * A line of the arithmetic of base pay in this driver's language. The line itself is frozen in the terms as it was
 * first written; what is not known here stays as written.
 */
export function payLine(what: string, words: ReturnType<typeof useWords>, f: Format): string {
  if (what === "per trip") return words("payline.trip");
  const miles = /^(\d+(?:\.\d+)?) miles$/.exec(what)?.[1];
  if (miles) return words("payline.miles", { n: f.tenths(Number(miles)) });
  const minutes = /^(\d+) minutes$/.exec(what)?.[1];
  if (minutes) return words("payline.minutes", { n: Number(minutes), count: f.count(Number(minutes)) });
  const floor = /^lifted to the floor of (.+)$/.exec(what)?.[1];
  if (floor) return words("payline.floor", { sum: floor });
  return what;
}
