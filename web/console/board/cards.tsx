import { memo } from "react";
import { useFormat, useShared } from "../../shared/i18n/react";
import { COLUMNS } from "../../shared/states";
import { Mark } from "../../shared/ui/marks";
import type { MarkName } from "../../shared/ui/shapes";
import { go, useAddress } from "../address";
import { marketNow } from "../market/clock";
import { type Delivery, isOver, type LiveMarket } from "../market/live";
import { useWords } from "../words";

export type Columns = Record<MarkName, Delivery[]>;

/** Deliveries by column: what presses first on top, of what is over the newest. */
export function columnsOf(market: LiveMarket, among: Iterable<Delivery>): Columns {
  const columns = Object.fromEntries(COLUMNS.map((name) => [name, [] as Delivery[]])) as Columns;
  for (const one of among) columns[market.markOf(one)].push(one);
  for (const name of COLUMNS) columns[name].sort(orderIn(name));
  return columns;
}

export type Pressing = Record<MarkName, { count: number; open: number; top: Delivery[] }>;

/** How many are in each column, how many of them are not over, and the few on its top, without putting thousands in order. */
export function pressingOf(market: LiveMarket, among: Iterable<Delivery>, most: number): Pressing {
  const found = Object.fromEntries(
    COLUMNS.map((name) => [name, { count: 0, open: 0, top: [] as Delivery[] }]),
  ) as Pressing;
  for (const one of among) {
    const name = market.markOf(one);
    const { top } = found[name];
    found[name].count += 1;
    if (!isOver(one)) found[name].open += 1;
    const before = orderIn(name);
    const last = top[most - 1];
    if (last && before(last, one) <= 0) continue;
    const at = top.findIndex((other) => before(one, other) < 0);
    top.splice(at < 0 ? top.length : at, 0, one);
    top.length = Math.min(top.length, most);
  }
  return found;
}

/** What presses first; of what is over, the newest. */
const orderIn =
  (name: MarkName) =>
  (a: Delivery, b: Delivery): number =>
    name === "done" || name === "off"
      ? order(b.ended_at ?? "", a.ended_at ?? "") || order(a.id, b.id)
      : order(a.due_at, b.due_at) || order(a.id, b.id);

/** Instants and ids sort by their letters: no language is asked, of thousands it would take long. */
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The word of a column. */
export function useColumnName(): (name: MarkName) => string {
  const shared = useShared();
  const words = useWords();
  const of: Partial<Record<MarkName, string>> = {
    wait: shared("state.requested"),
    offer: shared("state.asked"),
    tostore: shared("state.assigned"),
    atstore: shared("state.at_pickup"),
    onway: shared("state.picked_up"),
    atdoor: shared("state.at_dropoff"),
    done: shared("state.delivered"),
    back: shared("state.enroute_to_return"),
    off: words("column.off"),
  };
  return (name) => of[name] ?? name;
}

type CardProps = { one: Delivery; market: LiveMarket; step?: boolean };

/** One delivery on the board: shop → first name, and the one fact that matters in its column. */
export function Card({ one, market, step = true }: CardProps) {
  const { open } = useAddress();
  const danger = market.dangerOf(one);
  const offer = market.asked.get(one.id);
  const driver = market.drivers.get(one.driver ?? offer?.drivers[0] ?? "")?.name.split(" ")[0] ?? "";
  return (
    <Face
      one={one}
      danger={danger}
      driver={driver}
      left={offer ? Math.max(0, Math.round((Date.parse(offer.expires_at) - marketNow()) / 1000)) : 0}
      on={open === one.id}
      step={step}
      mark={market.markOf(one)}
    />
  );
}

const Face = memo(function Face({
  one,
  danger,
  driver,
  left,
  on,
  step,
  mark,
}: {
  one: Delivery;
  danger: "none" | "risk" | "late";
  driver: string;
  left: number;
  on: boolean;
  step: boolean;
  mark: MarkName;
}) {
  const words = useWords();
  const shared = useShared();
  const f = useFormat();
  const now = marketNow();
  const fact = () => {
    if (isOver(one)) {
      const time = f.moment(one.ended_at ?? one.due_at, now);
      if (one.state !== "delivered") return time;
      const late = Date.parse(one.ended_at ?? one.due_at) > Date.parse(one.due_at);
      return words(late ? "card.late" : "card.ontime", { time });
    }
    if (mark === "offer" && driver) return words("card.asked", { driver, left: f.age(left) });
    if (driver) return words("card.driver", { driver, time: f.moment(one.due_at, now) });
    return words(one.provider_job ? "card.courier" : "card.by", {
      time: f.moment(one.due_at, now),
      zip: one.dropoff.slice(-5),
    });
  };
  return (
    <button
      type="button"
      className={`cd${danger === "none" ? "" : " flag"}${on ? " on" : ""}`}
      data-step={step || undefined}
      aria-current={on || undefined}
      onClick={() => go({ open: on ? "" : one.id })}
    >
      <b>{words("card.title", { shop: shortShop(one.pickup), name: one.shopper })}</b>
      <span>{fact()}</span>
      {danger !== "none" && <Mark name={danger} label={shared(`promise.${danger}`)} />}
    </button>
  );
});

/** As people at work call a shop: its first word, when its whole name would hide who waits. */
export function shortShop(pickup: string): string {
  const name = pickup.split(",")[0] ?? pickup;
  return name.length <= 10 ? name : (name.split(" ")[0] ?? name);
}
