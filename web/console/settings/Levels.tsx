import { useState } from "react";
import { api, told } from "../../shared/api/client";
import { useFormat } from "../../shared/i18n/react";
import type { Market } from "../market/market";
import { useWords } from "../words";
import { Change, Changeable } from "./Change";
import { Fields, useTyped } from "./Fields";
import { type Figure, readAll, type Texts, type Value } from "./figures";

type Rules = Market["service_rules"];
type Level = "express" | "window" | "next_day";

const REACH: Figure = { name: "reach_m", kind: "miles", least: 500, most: 200_000 };
const LENGTHS: Figure = { name: "lengths_s", kind: "lengths", least: 900, most: 43_200 };
const STEP: Figure = { name: "step_s", kind: "minutes", least: 900, most: 43_200 };
const LEVELS: { level: Level; figures: Figure[]; first: Record<string, Value> }[] = [
  {
    level: "express",
    figures: [{ name: "promise_s", kind: "minutes", least: 600, most: 21_600 }, REACH],
    first: { promise_s: 2700, reach_m: 16_093 },
  },
  {
    level: "window",
    figures: [LENGTHS, STEP, { name: "lead_s", kind: "minutes", least: 0, most: 43_200 }, REACH],
    first: { lengths_s: [3600, 7200], step_s: 3600, lead_s: 1800, reach_m: 32_187 },
  },
  {
    level: "next_day",
    figures: [LENGTHS, STEP, { name: "order_by_s", kind: "clock", least: 0, most: 86_400 }, REACH],
    first: { lengths_s: [7200], step_s: 7200, order_by_s: 79_200, reach_m: 48_280 },
  },
];

/** What shoppers are promised, level by level. */
export function Levels({ market, owner }: { market: Market; owner: boolean }) {
  const words = useWords();
  const f = useFormat();
  const { express, window, next_day } = market.service_rules;
  const clock = (seconds: number) =>
    new Intl.DateTimeFormat(f.locale, { hour: "numeric", minute: "2-digit", timeZone: "UTC" })
      .format(seconds * 1000)
      .toLowerCase();
  const is: Record<Level, string> = {
    express: express
      ? words("levels.express.is", {
          promise: f.minutes(express.promise_s / 60),
          reach: f.distance(express.reach_m),
        })
      : words("levels.off"),
    window: window
      ? words("levels.window.is", {
          lengths: list(window.lengths_s, f.locale, f.minutes),
          lead: f.minutes(window.lead_s / 60),
          reach: f.distance(window.reach_m),
        })
      : words("levels.off"),
    next_day: next_day
      ? words("levels.next_day.is", { hour: clock(next_day.order_by_s), reach: f.distance(next_day.reach_m) })
      : words("levels.off"),
  };
  return (
    <section>
      <h3>{words("levels")}</h3>
      <dl className="pairs">
        {LEVELS.map(({ level }) => (
          <div key={level}>
            <dt>{words(`levels.${level}`)}</dt>
            <dd>{is[level]}</dd>
          </div>
        ))}
      </dl>
      {owner && (
        <Changeable label={words("levels.change")}>
          {(close) => <Form market={market} onDone={close} />}
        </Changeable>
      )}
    </section>
  );
}

const list = (spans: number[], locale: string, minutes: (n: number) => string): string =>
  new Intl.ListFormat(locale, { type: "disjunction" }).format(spans.map((one) => minutes(one / 60)));

function Form({ market, onDone }: { market: Market; onDone: () => void }) {
  const words = useWords();
  const f = useFormat();
  const typed = useTyped();
  const rules = market.service_rules;
  const [on, setOn] = useState<Record<Level, boolean>>({
    express: rules.express !== null,
    window: rules.window !== null,
    next_day: rules.next_day !== null,
  });
  const [texts, setTexts] = useState<Record<Level, Texts>>({ express: {}, window: {}, next_day: {} });
  const read = LEVELS.map(({ level, figures, first }) => {
    const kept = { ...first, ...(rules[level] ?? {}) } as Record<string, Value>;
    return {
      level,
      figures,
      kept,
      ...readAll(figures, texts[level], kept, { typed, f, currency: market.currency }),
    };
  });
  const wanted = Object.fromEntries(
    read.map(({ level, values }) => [level, on[level] ? values : null]),
  ) as unknown as Rules;
  const plain = (all: Rules) =>
    JSON.stringify(
      LEVELS.map(({ level, figures }) => figures.map(({ name }) => (all[level] as never)?.[name])),
    );
  const wrong = read.some((one) => on[one.level] && Object.keys(one.wrong).length > 0);
  return (
    <Change
      label={words("levels.save")}
      wrong={wrong}
      changed={plain(wanted) !== plain(rules)}
      onSave={async (reason) => {
        await told(
          api.POST("/staff/v1/markets/{market_id}/service-levels", {
            params: { path: { market_id: market.id } },
            body: { service_rules: wanted, reason },
          }),
        );
        onDone();
      }}
    >
      <p className="dim">{words("levels.lead")}</p>
      {read.map(({ level, figures, kept, wrong: bad }) => (
        <fieldset key={level} className="level">
          <legend>
            <label className="check">
              <input
                type="checkbox"
                checked={on[level]}
                onChange={(event) => setOn((now) => ({ ...now, [level]: event.target.checked }))}
              />
              {words(`levels.${level}`)}
            </label>
          </legend>
          {on[level] && (
            <Fields
              figures={figures}
              texts={texts[level]}
              kept={kept}
              wrong={bad}
              currency={market.currency}
              onChange={(name, text) =>
                setTexts((now) => ({ ...now, [level]: { ...now[level], [name]: text } }))
              }
            />
          )}
        </fieldset>
      ))}
    </Change>
  );
}
