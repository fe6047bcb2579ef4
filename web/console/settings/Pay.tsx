import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type PayPeriod, told } from "../../shared/api/client";
import { useFormat } from "../../shared/i18n/react";
import { useNow } from "../market/clock";
import type { Market } from "../market/market";
import { useWords } from "../words";
import { Change, Changeable } from "./Change";
import { Fields, From, NOW, type Since, sinceOf, useTyped } from "./Fields";
import { money, readAll, type Texts, type Value } from "./figures";
import { Standing } from "./Tariffs";

const MOST = 1_000_000;
const FIGURES = [
  "base_minor",
  "per_mile_minor",
  "per_minute_minor",
  "floor_minor",
  "return_per_mile_minor",
].map((name) => ({ ...money(name, MOST), name }));

/** What drivers' base pay is made of: now, and what will begin. */
export function Pay({ market, owner }: { market: Market; owner: boolean }) {
  const words = useWords();
  const f = useFormat();
  const now = useNow(15_000);
  const { currency } = market;
  const asked = useQuery({
    queryKey: ["pay", market.id],
    queryFn: () =>
      told(api.GET("/staff/v1/markets/{market_id}/pay", { params: { path: { market_id: market.id } } })),
  });
  const all: PayPeriod[] = asked.data ?? [];
  const begun = all.filter((one) => Date.parse(one.valid_from) <= now);
  const is = (rates: Market["pay"]) =>
    words("pay.is", {
      base: f.money(rates.base_minor, currency),
      mile: f.money(rates.per_mile_minor, currency),
      minute: f.money(rates.per_minute_minor, currency),
      floor: f.money(rates.floor_minor, currency),
      back: f.money(rates.return_per_mile_minor, currency),
    });
  return (
    <section>
      <h3>{words("pay")}</h3>
      <p>{is(begun.at(-1)?.rates ?? market.pay)}</p>
      {all
        .filter((one) => Date.parse(one.valid_from) > now)
        .map((one) => (
          <p key={one.valid_from}>
            <Standing is="later" /> <span className="num">{f.moment(one.valid_from, now)}</span>:{" "}
            {is(one.rates)}
          </p>
        ))}
      {owner && all.length > 0 && (
        <Changeable label={words("pay.change")}>
          {(close) => <Form market={market} kept={all.at(-1)?.rates ?? market.pay} onDone={close} />}
        </Changeable>
      )}
    </section>
  );
}

function Form({ market, kept, onDone }: { market: Market; kept: Market["pay"]; onDone: () => void }) {
  const words = useWords();
  const f = useFormat();
  const typed = useTyped();
  const now = useNow(15_000);
  const [texts, setTexts] = useState<Texts>({});
  const [since, setSince] = useState<Since>(NOW);
  const had = kept as unknown as Record<string, Value>;
  const { values, wrong } = readAll(FIGURES, texts, had, { typed, f, currency: market.currency });
  const at = sinceOf(since, market.timezone);
  return (
    <Change
      label={at ? words("begin.at", { time: f.moment(at, now) }) : words("begin.now")}
      wrong={Object.keys(wrong).length > 0 || at === undefined}
      changed={FIGURES.some(({ name }) => values[name] !== had[name])}
      onSave={async (reason) => {
        await told(
          api.POST("/staff/v1/markets/{market_id}/pay", {
            params: { path: { market_id: market.id } },
            body: {
              rates: values as unknown as Market["pay"],
              reason,
              valid_from: at?.toISOString() ?? null,
            },
          }),
        );
        onDone();
      }}
    >
      <p className="dim">{words("pay.lead")}</p>
      <Fields
        figures={FIGURES}
        texts={texts}
        kept={had}
        wrong={wrong}
        currency={market.currency}
        onChange={(name, text) => setTexts((before) => ({ ...before, [name]: text }))}
      />
      <From value={since} zone={market.timezone} onChange={setSince} />
    </Change>
  );
}
