import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { api, type Tariff, told } from "../../shared/api/client";
import { useFormat } from "../../shared/i18n/react";
import { useNow } from "../market/clock";
import type { Market } from "../market/market";
import { useWords } from "../words";
import { Change, Changeable } from "./Change";
import { Fields, From, NOW, type Since, sinceOf, useTyped } from "./Fields";
import { type Figure, money, readAll, type Texts, type Value } from "./figures";

const MOST = 10_000_000;
const FIGURES: Figure[] = [
  money("base_minor", MOST),
  { name: "included_m", kind: "miles", least: 0, most: MOST },
  money("per_mile_minor", MOST),
  money("express_minor", MOST),
  { name: "narrow_s", kind: "minutes", least: 0, most: 86_400 },
  money("narrow_minor", MOST),
  money("minimum_cart_minor", MOST),
  money("small_order_below_minor", MOST),
  money("small_order_minor", MOST),
  money("cancellation_minor", MOST),
  money("return_minor", MOST),
  money("tip_limit_minor", MOST),
];
const KINDS = ["grocery_own", "merchant_distance"] as const;
type Kind = (typeof KINDS)[number];

/** What deliveries cost shops: every tariff that was, is and will be. */
export function Tariffs({ market, owner }: { market: Market; owner: boolean }) {
  const words = useWords();
  const f = useFormat();
  const now = useNow(15_000);
  const asked = useQuery({
    queryKey: ["tariffs", market.id],
    queryFn: () =>
      told(api.GET("/staff/v1/markets/{market_id}/tariffs", { params: { path: { market_id: market.id } } })),
  });
  const all = asked.data ?? [];
  const standing = (one: Tariff): "later" | "now" | "over" => {
    if (Date.parse(one.valid_from) > now) return "later";
    const newer = all.some(
      (other) =>
        other.kind === one.kind &&
        Date.parse(other.valid_from) > Date.parse(one.valid_from) &&
        Date.parse(other.valid_from) <= now,
    );
    return newer ? "over" : "now";
  };
  return (
    <section>
      <h3>{words("tariffs")}</h3>
      <div className="scroll-x">
        <table className="tbl wide">
          <thead>
            <tr>
              <th>{words("tariffs.kind")}</th>
              <th>{words("tariffs.from")}</th>
              <th className="fig">{words("tariffs.base")}</th>
              <th className="fig">{words("tariffs.included")}</th>
              <th className="fig">{words("tariffs.mile")}</th>
              <th className="fig">{words("tariffs.express")}</th>
              <th className="fig">{words("tariffs.minimum")}</th>
            </tr>
          </thead>
          <tbody>
            {all.map((one) => (
              <tr key={`${one.kind} ${one.valid_from}`} className={standing(one)}>
                <td>{words(`tariff.${one.kind}`)}</td>
                <td className="num">
                  {f.moment(one.valid_from, now)} <Standing is={standing(one)} />
                </td>
                <td className="fig num">{f.money(one.terms.base_minor, market.currency)}</td>
                <td className="fig num">{one.terms.included_m ? f.distance(one.terms.included_m) : "–"}</td>
                <td className="fig num">{f.money(one.terms.per_mile_minor, market.currency)}</td>
                <td className="fig num">{f.money(one.terms.express_minor, market.currency)}</td>
                <td className="fig num">{f.money(one.terms.minimum_cart_minor, market.currency)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {owner && all.length > 0 && (
        <Changeable label={words("tariffs.change")}>
          {(close) => <Form market={market} tariffs={all} onDone={close} />}
        </Changeable>
      )}
    </section>
  );
}

/** Whether dated terms count now, will begin, or are over. */
export function Standing({ is }: { is: "later" | "now" | "over" }) {
  const words = useWords();
  return <small className={`standing ${is}`}>{words(`standing.${is}`)}</small>;
}

function Form({ market, tariffs, onDone }: { market: Market; tariffs: Tariff[]; onDone: () => void }) {
  const words = useWords();
  const f = useFormat();
  const typed = useTyped();
  const id = useId();
  const now = useNow(15_000);
  const [kind, setKind] = useState<Kind>("merchant_distance");
  const [texts, setTexts] = useState<Texts>({});
  const [since, setSince] = useState<Since>(NOW);
  const newest = tariffs.filter((one) => one.kind === kind).at(-1);
  const kept = (newest?.terms ?? {}) as unknown as Record<string, Value>;
  const { values, wrong } = readAll(FIGURES, texts, kept, { typed, f, currency: market.currency });
  const at = sinceOf(since, market.timezone);
  const terms = values as unknown as Tariff["terms"];
  const idle =
    (terms.small_order_minor > 0 && terms.small_order_below_minor === 0) ||
    (terms.narrow_minor > 0 && terms.narrow_s === 0);
  return (
    <Change
      label={at ? words("begin.at", { time: f.moment(at, now) }) : words("begin.now")}
      wrong={Object.keys(wrong).length > 0 || at === undefined}
      changed={FIGURES.some(({ name }) => values[name] !== kept[name])}
      onSave={async (reason) => {
        await told(
          api.POST("/staff/v1/markets/{market_id}/tariffs", {
            params: { path: { market_id: market.id } },
            body: { kind, terms, reason, valid_from: at?.toISOString() ?? null },
          }),
        );
        onDone();
      }}
    >
      <p className="dim">{words("tariffs.lead")}</p>
      <label className="kind" htmlFor={id}>
        {words("tariffs.kind")}
      </label>
      <select
        id={id}
        value={kind}
        onChange={(event) => {
          setKind(event.target.value as Kind);
          setTexts({});
        }}
      >
        {KINDS.map((one) => (
          <option key={one} value={one}>
            {words(`tariff.${one}`)}
          </option>
        ))}
      </select>
      <Fields
        figures={FIGURES}
        texts={texts}
        kept={kept}
        wrong={wrong}
        currency={market.currency}
        onChange={(name, text) => setTexts((before) => ({ ...before, [name]: text }))}
      />
      {idle && <p className="dim">{words("tariffs.idle")}</p>}
      <From value={since} zone={market.timezone} onChange={setSince} />
    </Change>
  );
}
