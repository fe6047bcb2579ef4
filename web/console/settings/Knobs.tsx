import { useState } from "react";
import { api, told } from "../../shared/api/client";
import type { Market } from "../market/market";
import { useWords } from "../words";
import { Change } from "./Change";

/** What dispatch weighs and how; empty: as it does by itself. */
export function Knobs({ market, owner }: { market: Market; owner: boolean }) {
  const words = useWords();
  const [wish, setWish] = useState<Record<string, string>>({});
  const changes = Object.entries(wish).filter(
    ([name, text]) => text !== String(market.knobs.find((knob) => knob.name === name)?.value ?? ""),
  );
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
                value={wish[knob.name] ?? (knob.value == null ? "" : String(knob.value))}
                onChange={(event) => setWish((now) => ({ ...now, [knob.name]: event.target.value }))}
              >
                <option value="">{words("knobs.own")}</option>
                <option value="1">{words("yes")}</option>
                <option value="0">{words("no")}</option>
              </select>
            ) : (
              <input
                id={`knob-${knob.name}`}
                type="number"
                disabled={!owner}
                min={knob.lowest}
                max={knob.highest}
                step={knob.whole ? 1 : "any"}
                placeholder={words("knobs.own")}
                aria-invalid={invalid(knob, wish[knob.name]) || undefined}
                value={wish[knob.name] ?? (knob.value == null ? "" : String(knob.value))}
                onChange={(event) => setWish((now) => ({ ...now, [knob.name]: event.target.value }))}
              />
            )}
            <small>{unitOf(knob.name)}</small>
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
          label={changes.length ? words("knobs.save", { n: changes.length }) : words("knobs.save.none")}
          wrong={market.knobs.some((knob) => invalid(knob, wish[knob.name]))}
          changed={changes.length > 0}
          onSave={async (reason) => {
            const knobs = Object.fromEntries(
              changes.map(([name, text]) => [name, text === "" ? null : Number(text)]),
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
const isSwitch = (knob: Market["knobs"][number]): boolean =>
  knob.whole && knob.lowest === 0 && knob.highest === 1;

/** Whether what was typed is no figure that this knob can have. */
function invalid(knob: Market["knobs"][number], text: string | undefined): boolean {
  if (text === undefined || text === "") return text === "" && knob.name === "tick_s";
  const value = Number(text);
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
