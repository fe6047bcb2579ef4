import { useState } from "react";
import { api, told } from "../../shared/api/client";
import { useFormat } from "../../shared/i18n/react";
import type { Market } from "../market/market";
import { useWords } from "../words";
import { Change } from "./Change";
import { Fields, useTyped } from "./Fields";
import { money, readAll, type Texts, type Value } from "./figures";

const MOST = [money("most_minor", 10_000_000)];

/** Whether courier companies take what no driver takes, and for how much at most without asking a person. */
export function Couriers({ market, owner }: { market: Market; owner: boolean }) {
  const words = useWords();
  const f = useFormat();
  const typed = useTyped();
  const { fallback } = market;
  const [allowed, setAllowed] = useState(fallback.allowed);
  const [limited, setLimited] = useState(fallback.most_minor !== null);
  const [text, setText] = useState<string>();
  const kept: Record<string, Value> = { most_minor: fallback.most_minor ?? 1500 };
  const texts: Texts = text === undefined ? {} : { most_minor: text };
  const { values, wrong } = readAll(MOST, texts, kept, { typed, f, currency: market.currency });
  const most = limited ? ((values.most_minor as number | undefined) ?? null) : null;
  return (
    <section>
      <h3>{words("couriers")}</h3>
      <p>
        {!fallback.allowed
          ? words("couriers.off")
          : fallback.most_minor == null
            ? words("couriers.on")
            : words("couriers.most", { sum: f.money(fallback.most_minor, market.currency) })}
      </p>
      {owner && (
        <Change
          label={words("save")}
          wrong={allowed && limited && Object.keys(wrong).length > 0}
          changed={allowed !== fallback.allowed || most !== fallback.most_minor}
          onSave={(reason) =>
            told(
              api.POST("/staff/v1/markets/{market_id}/fallback", {
                params: { path: { market_id: market.id } },
                body: { fallback: { allowed, most_minor: most }, reason },
              }),
            )
          }
        >
          <label className="check">
            <input type="checkbox" checked={allowed} onChange={(event) => setAllowed(event.target.checked)} />
            {words("couriers.allow")}
          </label>
          {allowed && (
            <label className="check">
              <input
                type="checkbox"
                checked={limited}
                onChange={(event) => setLimited(event.target.checked)}
              />
              {words("couriers.limit")}
            </label>
          )}
          {allowed && limited && (
            <Fields
              figures={MOST}
              texts={texts}
              kept={kept}
              wrong={wrong}
              currency={market.currency}
              onChange={(_name, next) => setText(next)}
            />
          )}
        </Change>
      )}
    </section>
  );
}
