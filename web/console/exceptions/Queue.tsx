import type { UseQueryResult } from "@tanstack/react-query";
import { useRef } from "react";
import type { ChoiceTold, ConcernTold } from "../../shared/api/client";
import { useFormat, useShared } from "../../shared/i18n/react";
import { Kbd, Mark } from "../../shared/ui/marks";
import type { MarkName } from "../../shared/ui/shapes";
import { useActs } from "../acts/Acting";
import { go, useAddress } from "../address";
import { useNow } from "../market/clock";
import { useMarket } from "../market/live";
import { useWords } from "../words";

const MARKS: Record<ConcernTold["trouble"], MarkName> = {
  late: "late",
  no_carrier: "wait",
  courier_unconfirmed: "wait",
  failed_attempt: "back",
  silent: "late",
  at_risk: "risk",
  waiting_at_store: "atstore",
};

type Props = {
  queue: UseQueryResult<{ as_of: string; items: ConcernTold[] }>;
  cut: boolean;
  currency: string;
};

/** What needs a person, the dearest to leave alone first, each with its remedy on one key. */
export function Queue({ queue, cut, currency }: Props) {
  const words = useWords();
  const shared = useShared();
  const f = useFormat();
  const now = useNow(5_000);
  const market = useMarket("concerns", "deliveries", "drivers");
  const { find } = useAddress();
  const lastAt = useRef(0);
  const all = queue.data?.items ?? [];
  const wanted = find.toLowerCase().split(/\s+/).filter(Boolean);
  const items = all.filter(({ delivery: one }) => {
    const known = market.deliveries.get(one.id);
    if (known?.ended_at) return false;
    const text = `${one.shopper} ${one.pickup} ${one.dropoff} ${one.id}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
  if (items.length) lastAt.current = now;
  const old = cut || (queue.isError && queue.data);
  return (
    <section className="queue" aria-labelledby="queue-title">
      <header className="hd">
        <h2 id="queue-title">{words("queue")}</h2>
        <p className="r">{words("queue.cost")}</p>
      </header>
      {old && queue.data && (
        <p className="band e" role="status">
          <Mark name="late" />
          {words("queue.old", { time: f.time(queue.data.as_of) })}
        </p>
      )}
      {queue.isPending && !queue.data && (
        <div className="waiting" aria-hidden="true">
          {[1, 2, 3].map((one) => (
            <div className="ex" key={one}>
              <div className="sk w" />
              <div className="sk" />
            </div>
          ))}
        </div>
      )}
      {queue.data && items.length === 0 && (
        <p className="quiet">
          {wanted.length
            ? words("queue.nothing.found")
            : lastAt.current && now - lastAt.current >= 10_000
              ? words("queue.nothing.since", { age: f.age((now - lastAt.current) / 1000) })
              : words("queue.nothing")}
        </p>
      )}
      <ol className={old ? "old" : undefined}>
        {items.slice(0, 60).map((one, number) => (
          <Line key={one.delivery.id} concern={one} number={number + 1} currency={currency} />
        ))}
      </ol>
      {items.length > 60 && <p className="qf">{shared("why.more", { n: items.length - 60 })}</p>}
    </section>
  );
}

function Line({ concern, number, currency }: { concern: ConcernTold; number: number; currency: string }) {
  const words = useWords();
  const f = useFormat();
  const now = useNow(10_000);
  const acts = useActs();
  const { open } = useAddress();
  const one = concern.delivery;
  const choice = concern.choices[0];
  const off = choice ? acts.offBecause(choice.remedy) : null;
  const on = open === one.id;
  const shop = one.pickup.split(",")[0] ?? one.pickup;
  return (
    <li className={on ? "ex on" : "ex"}>
      <Mark name={MARKS[concern.trouble]} />
      <h3>
        <button
          type="button"
          data-step
          aria-current={on || undefined}
          onClick={() => go({ open: on ? "" : one.id })}
        >
          {words(`trouble.${concern.trouble}`, {
            shop,
            name: one.shopper,
            driver: concern.driver_name || words("nobody"),
            minutes: f.minutes(Math.max(concern.minutes, 1)),
          })}
        </button>
      </h3>
      <span className="cost">{f.money(concern.cost_minor, currency)}</span>
      <p>
        {words(concern.driver_name ? "queue.fact.driver" : "queue.fact", {
          driver: concern.driver_name,
          street: one.dropoff.split(",")[0] ?? "",
          time: f.moment(one.due_at, now),
        })}
      </p>
      {choice ? (
        <button
          type="button"
          className={on ? "btn door" : "btn"}
          data-key={number <= 9 ? String(number) : undefined}
          aria-keyshortcuts={number <= 9 ? String(number) : undefined}
          aria-disabled={off !== null || undefined}
          title={off ?? undefined}
          onClick={() => off === null && acts.remedy(concern, choice)}
        >
          {number <= 9 && <Kbd>{String(number)}</Kbd>}
          {words(`remedy.${choice.remedy}`, { name: choice.name })}
          <span className="pr">{priceOf(choice, words, f, currency)}</span>
        </button>
      ) : (
        <button
          type="button"
          className="btn"
          data-key={number <= 9 ? String(number) : undefined}
          onClick={() => go({ open: one.id })}
        >
          {number <= 9 && <Kbd>{String(number)}</Kbd>}
          {words("remedy.look")}
        </button>
      )}
    </li>
  );
}

/** What a remedy costs beyond what is due anyway. */
export function priceOf(
  choice: ChoiceTold,
  words: ReturnType<typeof useWords>,
  f: ReturnType<typeof useFormat>,
  currency: string,
): string {
  if (choice.price_minor === null) return words("price.quote");
  return choice.price_minor === 0 ? words("price.free") : f.money(choice.price_minor, currency);
}
