/** Texts come from message files alone: a string, or forms of a plural chosen by the value `n`. */
export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
export type Message = string | Plural;
export type Values = Record<string, string | number>;
export type Lang = "en" | "es";

export const LANGS: readonly Lang[] = ["en", "es"];
/** Which locale dates and money follow. Both languages are spoken in the same country. */
export const LOCALES: Record<Lang, string> = { en: "en-US", es: "es-US" };

const plurals: Record<Lang, Intl.PluralRules> = {
  en: new Intl.PluralRules("en-US"),
  es: new Intl.PluralRules("es-US"),
};

/** The form of `message` for `values`, its blanks still open. */
export function form(message: Message, lang: Lang, values?: Values): string {
  if (typeof message === "string") return message;
  const n = values?.n;
  const rule = typeof n === "number" ? plurals[lang].select(n) : "other";
  return message[rule] ?? message.other;
}

/**
 * Fills the blanks `{name}` of a form. A blank without a value stays visible: it is a fault to be seen. A value that is
 * an abbreviation (`4:00 p.m.`) needs no second full stop at the end of a sentence.
 */
export function fill(text: string, values?: Values): string {
  if (!values) return text;
  return text.replace(/\{(\w+)\}(\.?)/g, (blank, name: string, stop: string) => {
    const value = values[name];
    if (value === undefined) return blank;
    return stop && String(value).endsWith(".") ? String(value) : `${value}${stop}`;
  });
}

/**
 * Spanish articles of a clock, once the time is known: one o'clock is singular (`a la 1:05`), and a day takes the place
 * of the hour's (`antes del dom 6:20`).
 */
export function agreed(text: string, lang: Lang): string {
  if (lang !== "es") return text;
  return text
    .replace(/\bde las (?=(?:lun|mar|mié|jue|vie|sáb|dom|\d{1,2}\s[a-z]{3})\s)/g, "del ")
    .replace(/\b(?:a )?las (?=(?:lun|mar|mié|jue|vie|sáb|dom|\d{1,2}\s[a-z]{3})\s)/g, "el ")
    .replace(/\blas (?=1:\d\d)/g, "la ");
}

export type Piece = { tag: string | null; text: string };

/** Splits `Give <b>{sum}</b> back` into pieces; values are filled in afterwards and are never markup. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(/<(\w+)>(.*?)<\/\1>/g)) {
    if (match.index > from) found.push({ tag: null, text: text.slice(from, match.index) });
    found.push({ tag: match[1] ?? null, text: match[2] ?? "" });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ tag: null, text: text.slice(from) });
  return found;
}

const KEPT = "doorstep-language";

/** The language of this person: what she chose, else what her browser asks for, else English. */
export function preferredLang(): Lang {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "es") return kept;
  for (const wanted of navigator.languages) {
    const short = wanted.slice(0, 2).toLowerCase();
    if (short === "en" || short === "es") return short;
  }
  return "en";
}

export function keepLang(lang: Lang): void {
  localStorage.setItem(KEPT, lang);
}
