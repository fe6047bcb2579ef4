import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { api, told } from "../../shared/api/client";
import { useFormat, useShared } from "../../shared/i18n/react";
import type { Line } from "../../shared/stream";
import { Icon, Kbd, Mark } from "../../shared/ui/marks";
import { go, useAddress } from "../address";
import { useClock, useNow } from "../market/clock";
import { useMarket } from "../market/live";
import type { Market } from "../market/market";
import { useWords } from "../words";
import { Pace } from "./Pace";

type Props = { market: Market; markets: Market[]; line: Line; cut: boolean };

/** Where we are, how the line stands, the vital signs, the search. */
export function Head({ market, markets, line, cut }: Props) {
  const words = useWords();
  const shared = useShared();
  const f = useFormat();
  const now = useNow();
  const { speed, demo } = useClock();
  return (
    <header className="head">
      <div className="mkt">
        <h1>
          {markets.length > 1 ? (
            <label>
              <span className="sr">{words("market.choose")}</span>
              <select value={market.slug} onChange={(event) => go({ market: event.target.value, open: "" })}>
                {markets.map((one) => (
                  <option key={one.id} value={one.slug}>
                    {one.name}
                  </option>
                ))}
              </select>
            </label>
          ) : (
            market.name
          )}
        </h1>
        <small>
          {cut && line.state === "lost" ? (
            <span className="gone" role="status">
              {words("line.lost", { time: clockTime(line.since, f.locale) })}
            </span>
          ) : cut ? (
            <span className="gone" role="status">
              {shared(`line.${line.state === "lost" ? "connecting" : line.state}`)}
            </span>
          ) : (
            <span className="live">{shared("line.live")}</span>
          )}
          <span>
            {f.weekday(now)} {f.time(now)}
          </span>
          {demo ? <Pace speed={speed} /> : null}
        </small>
      </div>
      <Vitals market={market} cut={cut} />
      <Find />
    </header>
  );
}

/** Real time of this desk, for how long the line has been gone. */
const clockTime = (at: number, locale: string): string =>
  new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" }).format(at).toLowerCase();

function Vitals({ market, cut }: { market: Market; cut: boolean }) {
  const words = useWords();
  const shared = useShared();
  const f = useFormat();
  const live = useMarket("counts", "deliveries", "concerns", "drivers", "trips");
  const asked = useQuery({
    queryKey: ["vitals", market.id],
    queryFn: () =>
      told(api.GET("/staff/v1/markets/{market_id}/vitals", { params: { path: { market_id: market.id } } })),
    refetchInterval: 5_000,
  });
  const vitals = asked.data;
  const { risk, late } = live.tally();
  const old = vitals && (cut || asked.isError) ? shared("asof", { time: f.time(vitals.as_of) }) : "";
  // What the map and the board show is counted here, too: the figures of the worker may be a moment behind.
  const { open } = live.tally();
  const online = live.drivers.size;
  const busy = Math.min(live.tripOf.size, online);
  return (
    <dl className={`vit${old ? " stale" : ""}`}>
      <div>
        <dt>{words("vital.ontime")}</dt>
        <dd>
          <b>{vitals?.on_time_share == null ? "–" : f.percent(vitals.on_time_share)}</b>
          <span>
            {old ||
              (vitals?.on_time_share == null
                ? words("vital.ontime.none")
                : words("vital.ontime.of", { n: vitals.ended_last_hour }))}
          </span>
        </dd>
        {vitals && <Spark slices={vitals.on_time_slices} />}
      </div>
      <div>
        <dt>{words("vital.open")}</dt>
        <dd>
          <b>{live.ready ? f.count(open) : "–"}</b>
          <span>
            {old || (vitals ? words("vital.open.new", { count: f.count(vitals.asked_recently) }) : "")}
          </span>
        </dd>
      </div>
      <div>
        <dt>{words("vital.risk")}</dt>
        <dd>
          <b>{live.ready ? f.count(risk + late) : "–"}</b>
          {old ? (
            <span>{old}</span>
          ) : !live.ready ? null : risk + late === 0 ? (
            <span>{words("vital.risk.none")}</span>
          ) : (
            <>
              <span>
                <Mark name="risk" />
                {words("vital.risk.risk", { count: f.count(risk) })}
              </span>
              <span>
                <Mark name="late" />
                {words("vital.risk.late", { count: f.count(late) })}
              </span>
            </>
          )}
        </dd>
      </div>
      <div>
        <dt>{words("vital.drivers")}</dt>
        <dd>
          <b>{live.ready ? f.count(online) : "–"}</b>
          <span>
            {old ||
              (live.ready &&
                words("vital.drivers.busy", {
                  n: online - busy,
                  busy: f.count(busy),
                  free: f.count(online - busy),
                }))}
          </span>
        </dd>
      </div>
      <div className={vitals && vitals.promised_minus_paid_minor !== 0 ? "pp odd" : "pp"}>
        <dt>{words("vital.pp")}</dt>
        <dd>
          <b>{vitals ? f.money(vitals.promised_minus_paid_minor, vitals.currency) : "–"}</b>
          <span>
            {vitals && vitals.promised_minus_paid_minor === 0 && <Mark name="done" />}
            {old ||
              (vitals
                ? words("vital.pp.of", { n: vitals.delivered_today, count: f.count(vitals.delivered_today) })
                : "")}
          </span>
        </dd>
      </div>
    </dl>
  );
}

/** The last hour as a small line. */
function Spark({ slices }: { slices: (number | null)[] }) {
  const known = slices.filter((one): one is number => one !== null);
  if (known.length < 2) return null;
  const low = Math.min(...known, 0.9);
  const span = Math.max(1 - low, 0.01);
  const first = slices.length - known.length;
  const points = known.map(
    (one, number) => [((first + number) / (slices.length - 1)) * 46, 17 - ((one - low) / span) * 14] as const,
  );
  const end = points[points.length - 1] ?? [0, 0];
  return (
    <svg className="spark" viewBox="0 0 46 20" aria-hidden="true">
      <path d={`M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`} />
      <circle cx={end[0]} cy={end[1]} r="2" />
    </svg>
  );
}

/** Search: `/` from anywhere. Its words stand in the address. */
function Find() {
  const words = useWords();
  const { find } = useAddress();
  const [open, setOpen] = useState(Boolean(find));
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const want = () => {
      flushSync(() => setOpen(true)); // what is typed next belongs into it
      field.current?.focus();
      field.current?.select();
    };
    addEventListener("console:find", want);
    return () => removeEventListener("console:find", want);
  }, []);
  return (
    <search className={open ? "find open" : "find"}>
      {open ? (
        <label className="f">
          <Icon name="search" size="s" />
          <span className="sr">{words("find")}</span>
          <input
            ref={field}
            type="search"
            value={find}
            placeholder={words("find.hint")}
            onChange={(event) => go({ find: event.target.value })}
            onBlur={() => !find && setOpen(false)}
            onKeyDown={(event) => {
              if (event.key !== "Escape") return;
              event.stopPropagation();
              go({ find: "" });
              setOpen(false);
            }}
          />
        </label>
      ) : (
        <button
          type="button"
          className="f"
          aria-label={words("find")}
          aria-keyshortcuts="/"
          onClick={() => dispatchEvent(new Event("console:find"))}
        >
          <Icon name="search" size="s" />
          <Kbd>/</Kbd>
        </button>
      )}
    </search>
  );
}
