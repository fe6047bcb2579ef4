import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { useFormat, useShared } from "../../shared/i18n/react";
import { placeNear } from "../../shared/map/places";
import { Mark } from "../../shared/ui/marks";
import { go, useAddress } from "../address";
import { useColumnName } from "../board/cards";
import { useBase } from "../market/base";
import { useNow } from "../market/clock";
import { fixAge } from "../market/fix";
import { matches } from "../market/found";
import { isOver, useMarket } from "../market/live";
import { useWords } from "../words";

const ROW_PX = 32;

type Row = {
  id: string;
  kind: "driver" | "delivery";
  name: string;
  state: string;
  mark: Parameters<typeof Mark>[0]["name"] | null;
  danger: "none" | "risk" | "late";
  where: string;
  when: string;
  rank: number;
};

/** The map as a table: the same things, the same filters, for those who read rather than look. */
export function TableRoom({ marketId }: { marketId: string }) {
  const words = useWords();
  const shared = useShared();
  const f = useFormat();
  const now = useNow(2_000);
  const market = useMarket("deliveries", "drivers", "trips", "offers", "concerns");
  const { show, find, open } = useAddress();
  const columnName = useColumnName();
  const { data: base } = useBase(marketId);
  const box = useRef<HTMLDivElement>(null);
  const wanted = find.toLowerCase().split(/\s+/).filter(Boolean);
  const version = market.version(["deliveries", "drivers", "trips", "offers", "concerns"]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the market's version and the clock stand for what is in it
  const rows = useMemo(() => {
    const made: Row[] = [];
    for (const driver of market.drivers.values()) {
      const look = market.lookOf(driver.id, now);
      const place = market.places.get(driver.id);
      if (!look || !place) continue;
      if (show === "risk" || (show === "offers" && look !== "asked") || (show === "free" && look !== "free"))
        continue;
      if (!wanted.every((word) => `${driver.name} ${driver.vehicle}`.toLowerCase().includes(word))) continue;
      const trip = market.tripOf.get(driver.id);
      const next = trip?.stops.find((stop) => stop.state === "open" || stop.state === "reached");
      const first = market.deliveries.get(next?.deliveries[0] ?? "");
      const near = placeNear(base ?? null, place);
      made.push({
        id: driver.id,
        kind: "driver",
        name: driver.name,
        state: shared(`driver.${look}`),
        mark: null,
        danger: look === "silent" ? "late" : "none",
        where:
          (next?.kind === "drop" ? first?.dropoff : first?.pickup) ||
          (near ? words("table.near", { place: near }) : f.point(place)),
        when: fixAge((now - place.atMs) / 1000, words, f),
        rank: 2,
      });
    }
    for (const one of market.deliveries.values()) {
      if (isOver(one)) continue;
      const mark = market.markOf(one);
      const danger = market.dangerOf(one, now);
      if (
        show === "free" ||
        (show === "risk" && danger === "none") ||
        (show === "offers" && mark !== "offer")
      )
        continue;
      if (!matches(market, one, wanted)) continue;
      made.push({
        id: one.id,
        kind: "delivery",
        name: words("card.title", { shop: one.pickup.split(",")[0] ?? "", name: one.shopper }),
        state: columnName(mark),
        mark,
        danger,
        where: one.dropoff,
        when: words("map.by", { time: f.moment(one.due_at, now) }),
        rank: danger === "late" ? 0 : danger === "risk" ? 1 : 3,
      });
    }
    return made.sort((a, b) => a.rank - b.rank || a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
  }, [market, version, show, find, now, words, f, base]);
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
  });
  const seen = list.getVirtualItems();
  const before = seen[0]?.start ?? 0;
  const after = Math.max(0, list.getTotalSize() - (seen.at(-1)?.end ?? 0));
  return (
    <>
      <header className="room-head">
        <h2>{words("room.table.title")}</h2>
        <fieldset className="filt flat">
          <legend className="sr">{words("map.show")}</legend>
          {(["all", "risk", "offers", "free"] as const).map((one) => (
            <button key={one} type="button" aria-pressed={show === one} onClick={() => go({ show: one })}>
              {words(`map.show.${one}`)}
            </button>
          ))}
        </fieldset>
        <p className="r dim">{words("table.count", { n: rows.length, count: f.count(rows.length) })}</p>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      {/* biome-ignore lint/a11y/useSemanticElements: no field of a form */}
      <div className="twin" ref={box} tabIndex={0} role="group" aria-label={words("room.table.title")}>
        <table aria-rowcount={rows.length + 1} aria-label={words("room.table.title")}>
          <thead>
            <tr>
              {(["who", "state", "where", "when"] as const).map((one) => (
                <th key={one} scope="col">
                  {words(`table.${one}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {before > 0 && (
              <tr>
                <td colSpan={4} style={{ height: before }} />
              </tr>
            )}
            {seen.map((item) => {
              const row = rows[item.index];
              return row ? <Line key={row.id} row={row} index={item.index} on={open === row.id} /> : null;
            })}
            {after > 0 && (
              <tr>
                <td colSpan={4} style={{ height: after }} />
              </tr>
            )}
          </tbody>
        </table>
        {rows.length === 0 && <p className="quiet">{words("table.none")}</p>}
      </div>
    </>
  );
}

function Line({ row, index, on }: { row: Row; index: number; on: boolean }) {
  const words = useWords();
  const shared = useShared();
  const danger = row.danger !== "none";
  return (
    <tr aria-rowindex={index + 2} className={on ? "on" : undefined}>
      <td>
        <button type="button" data-step className="as-link" onClick={() => go({ open: on ? "" : row.id })}>
          {row.name}
        </button>
      </td>
      <td>
        <span>
          {danger ? <Mark name={row.danger as "risk" | "late"} /> : row.mark && <Mark name={row.mark} />}
          {danger && row.kind === "delivery"
            ? words("table.state.danger", {
                state: row.state,
                danger: shared(`promise.${row.danger as "risk" | "late"}`).toLocaleLowerCase(),
              })
            : row.state}
        </span>
      </td>
      <td>{row.where}</td>
      <td className="num">{row.when}</td>
    </tr>
  );
}
