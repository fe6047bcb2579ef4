import { useId, useMemo, useState } from "react";
import { useFormat, useLang } from "../../shared/i18n/react";
import { LOCALES } from "../../shared/i18n/words";
import { instantOf, localOf, type Typed, typedOf } from "../../shared/typed";
import { marketNow } from "../market/clock";
import { useWords } from "../words";
import { type Figure, shown, type Texts, type Value, type Wrong } from "./figures";

/** How figures are typed in the language of this page. */
export function useTyped(): Typed {
  const { lang } = useLang();
  return useMemo(() => typedOf(LOCALES[lang]), [lang]);
}

/** A group of figures to type, each with its unit and, when it cannot be meant, why. */
export function Fields({
  figures,
  texts,
  kept,
  wrong,
  currency,
  onChange,
}: {
  figures: readonly Figure[];
  texts: Texts;
  kept: Record<string, Value>;
  wrong: Record<string, Wrong>;
  currency: string;
  onChange: (name: string, text: string) => void;
}) {
  const typed = useTyped();
  return (
    <div className="fields">
      {figures.map((figure) => {
        const had = kept[figure.name];
        const was = had === undefined ? "" : shown(figure, had, typed);
        return (
          <Field
            key={figure.name}
            figure={figure}
            text={texts[figure.name] ?? was}
            was={was}
            wrong={wrong[figure.name]}
            currency={currency}
            onChange={(text) => onChange(figure.name, text)}
          />
        );
      })}
    </div>
  );
}

function Field({
  figure,
  text,
  was,
  wrong,
  currency,
  onChange,
}: {
  figure: Figure;
  text: string;
  was: string;
  wrong: Wrong | undefined;
  currency: string;
  onChange: (text: string) => void;
}) {
  const words = useWords();
  const f = useFormat();
  const id = useId();
  const key = `field.${figure.name}`;
  const example = f.money(1250, currency).replace(/[^\d.,]/g, "");
  return (
    <div className={`figure${text === was ? "" : " touched"}`}>
      <label htmlFor={id}>{words.has(key) ? words(key as never) : figure.name}</label>
      <span className="unit">
        <input
          id={id}
          className="num"
          inputMode={figure.kind === "money" || figure.kind === "miles" ? "decimal" : undefined}
          type={figure.kind === "clock" ? "time" : "text"}
          maxLength={40}
          autoComplete="off"
          value={text}
          aria-invalid={wrong ? true : undefined}
          aria-describedby={wrong ? `${id}w` : undefined}
          onChange={(event) => onChange(event.target.value)}
        />
        {figure.kind !== "clock" && (
          <small>
            {figure.kind === "money"
              ? f.symbol(currency)
              : words(`unit.${figure.kind === "lengths" ? "minutes" : figure.kind}`)}
          </small>
        )}
      </span>
      {wrong && (
        <small className="wrong" id={`${id}w`} role="alert">
          {words(`wrong.${wrong.what}`, { least: wrong.least, most: wrong.most, example })}
        </small>
      )}
    </div>
  );
}

export type Since = { later: boolean; local: string };
export const NOW: Since = { later: false, local: "" };

/** The instant that is meant: null is now, undefined is not yet said or lies in the past. */
export function sinceOf(since: Since, timeZone: string): Date | null | undefined {
  if (!since.later) return null;
  const at = instantOf(since.local, timeZone);
  return at && at.getTime() > marketNow() ? at : undefined;
}

/** From when: now, or a moment of the market's own clock. */
export function From({
  value,
  zone,
  onChange,
}: {
  value: Since;
  zone: string;
  onChange: (since: Since) => void;
}) {
  const words = useWords();
  const id = useId();
  const [least] = useState(() => localOf(marketNow(), zone));
  const bad = value.later && value.local !== "" && sinceOf(value, zone) === undefined;
  return (
    <fieldset className="from">
      <legend>{words("from")}</legend>
      <label className="check">
        <input
          type="radio"
          name={id}
          checked={!value.later}
          onChange={() => onChange({ ...value, later: false })}
        />
        {words("from.now")}
      </label>
      <label className="check">
        <input
          type="radio"
          name={id}
          checked={value.later}
          onChange={() => onChange({ ...value, later: true })}
        />
        {words("from.later")}
      </label>
      {value.later && (
        <span className="unit">
          <label className="sr" htmlFor={`${id}t`}>
            {words("from.at")}
          </label>
          <input
            id={`${id}t`}
            type="datetime-local"
            min={least}
            value={value.local}
            aria-invalid={bad || undefined}
            aria-describedby={`${id}z`}
            onChange={(event) => onChange({ later: true, local: event.target.value })}
          />
          <small id={`${id}z`}>{words("from.zone", { zone: zone.replace(/_/g, " ") })}</small>
        </span>
      )}
      {bad && (
        <small className="wrong" role="alert">
          {words("from.past")}
        </small>
      )}
    </fieldset>
  );
}
