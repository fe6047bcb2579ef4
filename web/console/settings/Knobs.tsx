import { useState } from "react";
import { api, told } from "../../shared/api/client";
import { useFormat } from "../../shared/i18n/react";
import type { Typed } from "../../shared/typed";
import type { Market } from "../market/market";
import { useWords } from "../words";
import { Change } from "./Change";
import { useTyped } from "./Fields";

type Knob = Market["knobs"][number];

/** What dispatch weighs and how; empty: as it does by itself. */
export function Knobs({ market, owner }: { market: Market; owner: boolean }) {
  const words = useWords();
  const f = useFormat();
  const typed = useTyped();
  const [wish, setWish] = useState<Record<string, string>>({});
  const type = (name: string, text: string) => setWish((now) => ({ ...now, [name]: text }));
  const text = (knob: Knob): string => wish[knob.name] ?? kept(knob, typed);
  const changed = market.knobs.filter((knob) => text(knob) !== kept(knob, typed));
  const fields = (
    <div className="knobs">
      {market.knobs.map((knob) => (
        <label key={knob.name} htmlFor={`knob-${knob.name}`}>
          <span>
            <b>{words.has(`knob.${knob.name}`) ? words(`knob.${knob.name}` as never) : knob.name}</b>
            <small>
              {words.has(`knob.${knob.name}.is`) ? words(`knob.${knob.name}.is` as never) : knob.meaning}
            </small>
          </span>
          <span className="unit">
            {isSwitch(knob) ? (
              <select
                id={`knob-${knob.name}`}
                disabled={!owner}
                value={text(knob)}
                onChange={(event) => type(knob.name, event.target.value)}
              >
                <option value="">{words("knobs.own")}</option>
                <option value="1">{words("yes")}</option>
                <option value="0">{words("no")}</option>
              </select>
            ) : isMoney(knob) ? (
              <input
                id={`knob-${knob.name}`}
                className="num"
                inputMode="decimal"
                maxLength={40}
                autoComplete="off"
                disabled={!owner}
                placeholder={words("knobs.own")}
                aria-invalid={invalid(knob, text(knob), typed) || undefined}
                value={text(knob)}
                onChange={(event) => type(knob.name, event.target.value)}
              />
            ) : (
              <input
                id={`knob-${knob.name}`}
                type="number"
                disabled={!owner}
                min={knob.lowest}
                max={knob.highest}
                step={knob.whole ? 1 : "any"}
                placeholder={words("knobs.own")}
                aria-invalid={invalid(knob, text(knob), typed) || undefined}
                value={text(knob)}
                onChange={(event) => type(knob.name, event.target.value)}
              />
            )}
            <small>{isMoney(knob) ? f.symbol(market.currency) : unitOf(knob.name)}</small>
          </span>
        </label>
      ))}
    </div>
  );
  return (
    <section>
      <h3>{words("knobs")}</h3>
      <p className="dim">{words("knobs.lead")}</p>
      {owner ? (
        <Change
          label={changed.length ? words("knobs.save", { n: changed.length }) : words("knobs.save.none")}
          wrong={changed.some((knob) => invalid(knob, text(knob), typed))}
          changed={changed.length > 0}
          onSave={async (reason) => {
            const knobs = Object.fromEntries(
              changed.map((knob) => [knob.name, meant(knob, text(knob), typed)]),
            );
            await told(
              api.POST("/staff/v1/markets/{market_id}/dispatch", {
                params: { path: { market_id: market.id } },
                body: { knobs, reason },
              }),
            );
            setWish({});
          }}
        >
          {fields}
        </Change>
      ) : (
        fields
      )}
    </section>
  );
}

/** Whether a knob is yes or no. */
const isSwitch = (knob: Knob): boolean => knob.whole && knob.lowest === 0 && knob.highest === 1;

/** Whether a knob is a sum of money, kept in hundredths and typed as people write it. */
const isMoney = (knob: Knob): boolean => knob.name.endsWith("_minor");

/** What the market has, as a person would type it; empty: as dispatch does by itself. */
function kept(knob: Knob, typed: Typed): string {
  if (knob.value == null) return "";
  return isMoney(knob) ? typed.write(knob.value, 2, 2) : String(knob.value);
}

/** What was typed, as the market keeps it: null is dispatch's own, NaN is no figure. */
function meant(knob: Knob, text: string, typed: Typed): number | null {
  if (text.trim() === "") return null;
  return isMoney(knob) ? (typed.read(text, 2) ?? Number.NaN) : Number(text);
}

/** Whether what was typed is no figure that this knob can have. */
function invalid(knob: Knob, text: string, typed: Typed): boolean {
  const value = meant(knob, text, typed);
  if (value === null) return knob.name === "tick_s";
  return (
    Number.isNaN(value) ||
    value < knob.lowest ||
    value > knob.highest ||
    (knob.whole && !Number.isInteger(value))
  );
}

/** The unit that a knob's name ends in. */
const unitOf = (name: string): string =>
  name.endsWith("_s")
    ? "s"
    : name.endsWith("_min") && !name.startsWith("iterations")
      ? "min"
      : name.endsWith("_m")
        ? "m"
        : "";
