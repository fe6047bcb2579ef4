import type { Format } from "../../shared/format";
import type { useWords } from "../words";

const NOW_S = 2;

/** How old a fix is, in words: `fix 41 s old`, and of one that has only come, that it has. */
export function fixAge(seconds: number, words: ReturnType<typeof useWords>, f: Format): string {
  return seconds < NOW_S ? words("driver.fix.now") : words("driver.fix", { age: f.age(seconds) });
}
