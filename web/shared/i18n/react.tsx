import {
  createContext,
  createElement,
  Fragment,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useState,
} from "react";
import { type Format, formatOf } from "../format";
import en from "./en.json";
import es from "./es.json";
import {
  agreed,
  fill,
  form,
  keepLang,
  type Lang,
  LOCALES,
  type Message,
  pieces,
  preferredLang,
  type Values,
} from "./words";

type Here = {
  lang: Lang;
  setLang: (lang: Lang) => void;
  timeZone: string;
  setTimeZone: (zone: string) => void;
};

const Spoken = createContext<Here | null>(null);

/** Language and market time zone for everything inside. Wrap the whole page in it once. */
export function Speaking({ timeZone, children }: { timeZone?: string; children: ReactNode }) {
  const [lang, setLang] = useState(preferredLang);
  const [zone, setZone] = useState(timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  useEffect(() => {
    document.documentElement.lang = lang;
  }, [lang]);
  const here = useMemo<Here>(
    () => ({
      lang,
      setLang: (next) => {
        keepLang(next);
        setLang(next);
      },
      timeZone: zone,
      setTimeZone: setZone,
    }),
    [lang, zone],
  );
  return <Spoken.Provider value={here}>{children}</Spoken.Provider>;
}

export function useLang(): Here {
  const here = useContext(Spoken);
  if (!here) throw new Error("wrap the page in <Speaking>");
  return here;
}

/** Numbers, money and times as people of this language write them, in the market's time zone. */
export function useFormat(): Format {
  const { lang, timeZone } = useLang();
  return useMemo(() => formatOf(LOCALES[lang], timeZone), [lang, timeZone]);
}

type Tags = Record<string, (inside: string) => ReactNode>;
const PLAIN: Tags = { b: (inside) => <b>{inside}</b>, i: (inside) => <i>{inside}</i> };

export type Words<Key extends string> = {
  /** The text of `key`; `n` among the values chooses the plural. */
  (key: Key, values?: Values): string;
  /** The same with marked parts: `<b>…</b>`, or tags of your own. */
  rich: (key: Key, values?: Values, tags?: Tags) => ReactNode;
  /** Whether there is such a text: for codes that come from the server. */
  has: (key: string) => key is Key;
};

/**
 * A page's dictionary: `export const useWords = dictionary(en, es)` with its two message files. The type demands
 * that both hold the same keys; a test compares them, too.
 */
export function dictionary<Given extends Record<string, Message>>(
  english: Given,
  spanish: Record<keyof Given, Message>,
): () => Words<keyof Given & string> {
  type Key = keyof Given & string;
  const made: Partial<Record<Lang, Words<Key>>> = {};
  const speak = (lang: Lang): Words<Key> => {
    const texts = (lang === "es" ? spanish : english) as Record<Key, Message>;
    const whole = (text: string, values?: Values) => agreed(fill(text, values), lang);
    const words = (key: Key, values?: Values) => whole(form(texts[key], lang, values), values);
    words.rich = (key: Key, values?: Values, tags?: Tags) =>
      pieces(form(texts[key], lang, values)).map(({ tag, text }, number) =>
        createElement(
          Fragment,
          { key: number },
          tag ? (tags?.[tag] ?? PLAIN[tag] ?? String)(whole(text, values)) : whole(text, values),
        ),
      );
    words.has = (key: string): key is Key => key in texts;
    return words;
  };
  return () => {
    const { lang } = useLang();
    made[lang] ??= speak(lang);
    return made[lang];
  };
}

/** Texts that all pages share. */
export const useShared = dictionary(en, es);
