import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { useFormat } from "../../shared/i18n/react";
import { COLUMNS } from "../../shared/states";
import { Mark } from "../../shared/ui/marks";
import type { MarkName } from "../../shared/ui/shapes";
import { go, useAddress } from "../address";
import { useFound } from "../market/found";
import { type Delivery, useMarket } from "../market/live";
import { useWords } from "../words";
import { Card, columnsOf, useColumnName } from "./cards";
import { useEnded } from "./ended";

const CARD_PX = 50;

/** The whole board: every delivery under way in its column, as many as there are. */
export function BoardRoom({ marketId }: { marketId: string }) {
  const words = useWords();
  const market = useMarket("deliveries", "offers", "concerns", "drivers");
  const { states } = useAddress();
  const found = useFound(market, marketId);
  const ended = useEnded(market, marketId, 100);
  const columnName = useColumnName();
  const version = market.version(["deliveries", "offers", "concerns", "drivers"]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the market's version stands for what is in it
  const columns = useMemo(
    () => columnsOf(market, found ?? [...market.deliveries.values(), ...ended]),
    [market, version, found, ended.length],
  );
  const wanted = states ? states.split(",") : [];
  const shown = COLUMNS.filter((name) => !wanted.length || wanted.includes(name));
  const toggle = (name: MarkName) => {
    const now = new Set(wanted.length ? wanted : COLUMNS);
    if (now.has(name)) now.delete(name);
    else now.add(name);
    go({ states: now.size === COLUMNS.length || now.size === 0 ? "" : [...now].join(",") });
  };
  return (
    <>
      <header className="room-head">
        <h2>{words("room.board")}</h2>
        <fieldset className="filt flat">
          <legend className="sr">{words("board.columns")}</legend>
          {COLUMNS.map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={!wanted.length || wanted.includes(name)}
              onClick={() => toggle(name)}
            >
              <Mark name={name} />
              {columnName(name)}
            </button>
          ))}
        </fieldset>
      </header>
      <div className="wide-board">
        {shown.map((name) => (
          <Column key={name} name={name} all={columns[name]} />
        ))}
      </div>
    </>
  );
}

function Column({ name, all }: { name: MarkName; all: Delivery[] }) {
  const words = useWords();
  const f = useFormat();
  const market = useMarket();
  const columnName = useColumnName();
  const box = useRef<HTMLDivElement>(null);
  // While the pointer is here, cards keep their order; new ones are counted on top.
  const [held, setHeld] = useState<Delivery[] | null>(null);
  const now = new Map(all.map((one) => [one.id, one]));
  const list = held ? held.map((one) => now.get(one.id)).filter((one): one is Delivery => Boolean(one)) : all;
  const fresh = held ? all.length - list.length : 0;
  const rows = useVirtualizer({
    count: list.length,
    getScrollElement: () => box.current,
    estimateSize: () => CARD_PX,
    overscan: 6,
    getItemKey: (number) => list[number]?.id ?? number,
  });
  return (
    <section
      className="wide-col"
      aria-label={columnName(name)}
      onPointerEnter={() => setHeld(all)}
      onPointerLeave={() => setHeld(null)}
    >
      <h3>
        <Mark name={name} />
        {columnName(name)} <b>{f.count(all.length)}</b>
      </h3>
      {fresh > 0 && (
        <button type="button" className="new" onClick={() => setHeld(all)}>
          {words("column.new", { n: fresh })}
        </button>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      {/* biome-ignore lint/a11y/useSemanticElements: no field of a form */}
      <div className="scroll" ref={box} tabIndex={0} role="group" aria-label={columnName(name)}>
        <div style={{ height: rows.getTotalSize(), position: "relative" }}>
          {rows.getVirtualItems().map((row) => {
            const one = list[row.index];
            return one ? (
              <div key={row.key} className="row" style={{ transform: `translateY(${row.start}px)` }}>
                <Card one={one} market={market} />
              </div>
            ) : null;
          })}
        </div>
        {list.length === 0 && <p className="quiet">{words("column.none")}</p>}
      </div>
    </section>
  );
}
