import { useId } from "react";
import { useLang, useShared } from "../i18n/react";
import { LANGS } from "../i18n/words";
import { chooseTheme, type Theme, useTheme } from "../theme";

const THEMES: readonly Theme[] = ["auto", "light", "dark"];

/** The two choices every page offers: language, light or dark. */
export function Preferences() {
  const words = useShared();
  const { lang, setLang } = useLang();
  const theme = useTheme();
  const id = useId();
  return (
    <div className="prefs">
      <label htmlFor={`${id}l`}>{words("language")}</label>
      <select id={`${id}l`} value={lang} onChange={(event) => setLang(event.target.value as typeof lang)}>
        {LANGS.map((one) => (
          <option key={one} value={one} lang={one}>
            {words(`language.${one}`)}
          </option>
        ))}
      </select>
      <label htmlFor={`${id}t`}>{words("theme")}</label>
      <select id={`${id}t`} value={theme} onChange={(event) => chooseTheme(event.target.value as Theme)}>
        {THEMES.map((one) => (
          <option key={one} value={one}>
            {words(`theme.${one}`)}
          </option>
        ))}
      </select>
    </div>
  );
}
