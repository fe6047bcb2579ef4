import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import type { VitalsTold } from "../../shared/api/client";
import { useFormat } from "../../shared/i18n/react";
import { Mark } from "../../shared/ui/marks";
import type { MarkName } from "../../shared/ui/shapes";
import { go, linkTo } from "../address";
import { useNow } from "../market/clock";
import { useFound } from "../market/found";
import { type Delivery, useMarket } from "../market/live";
import { useWords } from "../words";
import { Card, pressingOf, useColumnName } from "./cards";
import { useEnded } from "./ended";

const SHOWN: readonly MarkName[] = ["wait", "offer", "tostore", "atstore", "onway", "atdoor", "done"];
const PER_COLUMN = 2;

/** The strip below the map: each state with its count and the two that press most. */
export function Board({ marketId }: { marketId: string }) {
  const words = useWords();
  const market = useMarket("deliveries", "offers", "concerns", "drivers");
  useNow(1_000); // the seconds of open offers
  const found = useFound(market, marketId);
  const ended = useEnded(market, marketId);
  const version = market.version(["deliveries", "offers", "concerns", "drivers"]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the market's version stands for what is in it
  const columns = useMemo(
    () => pressingOf(market, found ?? [...market.deliveries.values(), ...ended], PER_COLUMN),
    [market, version, found, ended.length],
  );
  const vitals = useQuery<VitalsTold>({ queryKey: ["vitals", marketId], enabled: false });
  return (
    <section className="board" aria-label={words("room.board")}>
      {SHOWN.map((name) => (
        <Column
          key={name}
          name={name}
          top={columns[name].top}
          all={columns[name].count}
          count={
            name === "done" && !found
              ? (vitals.data?.delivered_today ?? null)
              : market.ready
                ? columns[name].count
                : null
          }
          returning={name === "atdoor" ? columns.back.open : 0}
        />
      ))}
    </section>
  );
}

function Column({
  name,
  top,
  all,
  count,
  returning,
}: {
  name: MarkName;
  top: Delivery[];
  all: number;
  count: number | null;
  returning: number;
}) {
  const words = useWords();
  const f = useFormat();
  const market = useMarket();
  const columnName = useColumnName();
  // Cards keep their place while the pointer is in the column.
  const kept = useRef<Delivery[]>([]);
  const [held, setHeld] = useState(false);
  if (!held) kept.current = top;
  const shown = kept.current
    .map((one) => market.deliveries.get(one.id) ?? one)
    .filter((one) => !held || market.markOf(one) === name);
  const more = Math.max(0, all - shown.length);
  const rest = () => {
    if (name === "done") return words("column.today");
    if (returning && !more) return words("column.returning", { count: f.count(returning) });
    if (returning)
      return words("column.more.returning", { count: f.count(more), returning: f.count(returning) });
    return more ? words("column.more", { n: more, count: f.count(more) }) : "";
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of cards, no field of a form
    <div
      className="col"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      role="group"
      aria-label={columnName(name)}
    >
      <h3>
        <Mark name={name} />
        {columnName(name)} <b>{count === null ? "–" : f.count(count)}</b>
      </h3>
      {shown.map((one) => (
        <Card key={one.id} one={one} market={market} />
      ))}
      <a
        className="more"
        href={linkTo({ room: "board", states: "" })}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return;
          event.preventDefault();
          go({ room: "board", states: "" });
        }}
      >
        {rest()} <span className="sr">{words("column.all", { column: columnName(name) })}</span>
      </a>
    </div>
  );
}
