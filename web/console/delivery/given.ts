import en from "../messages/en.json";
import es from "../messages/es.json";
import type { useWords } from "../words";

type Words = ReturnType<typeof useWords>;
type Key = Parameters<Words>[0];

const QUICK = Object.keys(en).filter((key): key is Key => /^reason\.(?!kind\.|remedy$|code\.)/.test(key));
const TROUBLES = Object.keys(en).filter((key): key is Key => key.startsWith("trouble.word."));

/** Reasons that a page offered or wrote itself, in whatever language it was, by how they are said now. */
const KNOWN = new Map<string, (words: Words) => string>(
  [en, es].flatMap((texts) => [
    ...QUICK.map((key): [string, (words: Words) => string] => [String(texts[key]), (words) => words(key)]),
    ...TROUBLES.map((key): [string, (words: Words) => string] => [
      texts["reason.remedy"].replace("{trouble}", String(texts[key])),
      (words) => words("reason.remedy", { trouble: words(key) }),
    ]),
  ]),
);

/**
 * A reason as it stands in the audit, in this person's language: what a page or the network itself wrote is known, what
 * somebody wrote in words of her own stays as she wrote it.
 */
export function given(reason: string, words: Words): string {
  const code = `reason.code.${reason}`;
  return words.has(code) ? words(code) : (KNOWN.get(reason)?.(words) ?? reason);
}
