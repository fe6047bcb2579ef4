import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { api, type StaffTold, told } from "../../shared/api/client";
import { useFormat, useShared } from "../../shared/i18n/react";
import { Button } from "../../shared/ui/button";
import { Mark } from "../../shared/ui/marks";
import { useActs, useRefused } from "../acts/Acting";
import { useNow } from "../market/clock";
import type { Market } from "../market/market";
import { useWords } from "../words";

const STAGES = ["planned", "pilot", "open", "paused", "closed"] as const;

/** How a market runs: stage, service levels, tariffs, pay, dispatch, courier companies, zones at rest, and who changed what. */
export function MarketRoom({ market, me }: { market: Market; me: StaffTold }) {
  const words = useWords();
  const owner = me.role === "owner";
  const fresh = useQuery({
    queryKey: ["markets", market.id],
    queryFn: () =>
      told(api.GET("/staff/v1/markets/{market_id}", { params: { path: { market_id: market.id } } })),
    initialData: market,
  });
  const now = fresh.data;
  return (
    <>
      <header className="room-head">
        <h2>{words("market.room", { name: market.name })}</h2>
        {!owner && <p className="r dim">{words("market.readonly")}</p>}
      </header>
      <div className="sheet settings">
        <div className="column">
          <Stage market={now} owner={owner} />
          <Zones market={now} />
          <Levels market={now} />
          <Tariffs market={now} />
          <Pay market={now} />
          <Couriers market={now} owner={owner} />
          <Knobs market={now} owner={owner} />
        </div>
        <History market={now} />
      </div>
    </>
  );
}

/** A change with its reason: the button is off until one is written. */
function Change({
  label,
  onSave,
  changed,
  children,
}: {
  label: string;
  onSave: (reason: string) => Promise<unknown>;
  changed: boolean;
  children?: ReactNode;
}) {
  const words = useWords();
  const refused = useRefused();
  const queries = useQueryClient();
  const id = useId();
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (!changed || reason.trim().length < 3) return;
    setBusy(true);
    setSaid("");
    try {
      await onSave(reason.trim());
      setReason("");
      for (const key of ["markets", "history", "tariffs"])
        void queries.invalidateQueries({ queryKey: [key] });
    } catch (error) {
      setSaid(refused(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="change" onSubmit={save}>
      {children}
      {said && (
        <p className="band e" role="alert">
          <Mark name="late" />
          {said}
        </p>
      )}
      <div className="why-line">
        <label className="sr" htmlFor={id}>
          {words("act.reason")}
        </label>
        <input
          id={id}
          value={reason}
          maxLength={300}
          placeholder={words("act.reason.own")}
          onChange={(event) => setReason(event.target.value)}
        />
        <Button
          type="submit"
          busy={busy}
          reasonBelow={false}
          offBecause={
            !changed ? words("act.nothing") : reason.trim().length < 3 ? words("act.reason.first") : null
          }
        >
          {label}
        </Button>
      </div>
    </form>
  );
}

function Stage({ market, owner }: { market: Market; owner: boolean }) {
  const words = useWords();
  const [stage, setStage] = useState<Market["stage"]>(market.stage);
  return (
    <section>
      <h3>{words("market.stage")}</h3>
      <p>
        <b>{words(`stage.${market.stage}`)}</b>{" "}
        <span className="dim">{words(`stage.lead.${market.stage}`)}</span>
      </p>
      {owner && (
        <Change
          label={words("market.stage.set", { stage: words(`stage.${stage}`) })}
          changed={stage !== market.stage}
          onSave={(reason) =>
            told(
              api.POST("/staff/v1/markets/{market_id}/stage", {
                params: { path: { market_id: market.id } },
                body: { stage, reason },
              }),
            )
          }
        >
          <label>
            <span className="sr">{words("market.stage")}</span>
            <select value={stage} onChange={(event) => setStage(event.target.value as Market["stage"])}>
              {STAGES.map((one) => (
                <option key={one} value={one}>
                  {words(`stage.${one}`)}
                </option>
              ))}
            </select>
          </label>
        </Change>
      )}
    </section>
  );
}

function Zones({ market }: { market: Market }) {
  const words = useWords();
  const acts = useActs();
  const id = useId();
  const [zip, setZip] = useState("");
  return (
    <section>
      <h3>{words("zones")}</h3>
      <p className="dim">{words("zones.lead")}</p>
      <ul className="zones">
        {market.paused_zones.map((one) => (
          <li key={one}>
            <span className="code">{one}</span>
            <Button onClick={() => acts.ask({ what: "zone", postcode: one, paused: false })}>
              {words("zones.open")}
            </Button>
          </li>
        ))}
        {market.paused_zones.length === 0 && <li className="dim">{words("zones.none")}</li>}
      </ul>
      <form
        className="why-line"
        onSubmit={(event) => {
          event.preventDefault();
          if (/^\d{5}$/.test(zip)) {
            acts.ask({ what: "zone", postcode: zip, paused: true });
            setZip("");
          }
        }}
      >
        <label className="sr" htmlFor={id}>
          {words("zones.zip")}
        </label>
        <input
          id={id}
          className="code short"
          inputMode="numeric"
          pattern="[0-9]{5}"
          value={zip}
          placeholder={words("zones.zip")}
          onChange={(event) => setZip(event.target.value)}
        />
        <Button
          type="submit"
          reasonBelow={false}
          offBecause={/^\d{5}$/.test(zip) ? null : words("zones.zip.first")}
        >
          {words("zones.pause")}
        </Button>
      </form>
    </section>
  );
}

function Levels({ market }: { market: Market }) {
  const words = useWords();
  const f = useFormat();
  const { express, window, next_day } = market.service_rules;
  return (
    <section>
      <h3>{words("levels")}</h3>
      <dl className="pairs">
        <div>
          <dt>{words("levels.express")}</dt>
          <dd>
            {express
              ? words("levels.express.is", {
                  promise: f.minutes(express.promise_s / 60),
                  reach: f.distance(express.reach_m),
                })
              : words("levels.off")}
          </dd>
        </div>
        <div>
          <dt>{words("levels.window")}</dt>
          <dd>
            {window
              ? words("levels.window.is", {
                  lengths: window.lengths_s.map((one) => f.minutes(one / 60)).join(", "),
                  lead: f.minutes(window.lead_s / 60),
                  reach: f.distance(window.reach_m),
                })
              : words("levels.off")}
          </dd>
        </div>
        <div>
          <dt>{words("levels.next_day")}</dt>
          <dd>
            {next_day
              ? words("levels.next_day.is", {
                  hour: f.minutes(next_day.order_by_s / 60),
                  reach: f.distance(next_day.reach_m),
                })
              : words("levels.off")}
          </dd>
        </div>
      </dl>
    </section>
  );
}

function Tariffs({ market }: { market: Market }) {
  const words = useWords();
  const f = useFormat();
  const now = useNow(60_000);
  const asked = useQuery({
    queryKey: ["tariffs", market.id],
    queryFn: () =>
      told(api.GET("/staff/v1/markets/{market_id}/tariffs", { params: { path: { market_id: market.id } } })),
  });
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
            {asked.data?.map((one) => (
              <tr key={`${one.kind} ${one.valid_from}`}>
                <td>{words.has(`tariff.${one.kind}`) ? words(`tariff.${one.kind}` as never) : one.kind}</td>
                <td className="num">{f.moment(one.valid_from, now)}</td>
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
    </section>
  );
}

function Pay({ market }: { market: Market }) {
  const words = useWords();
  const f = useFormat();
  const { pay, currency } = market;
  return (
    <section>
      <h3>{words("pay")}</h3>
      <p>
        {words("pay.is", {
          base: f.money(pay.base_minor, currency),
          mile: f.money(pay.per_mile_minor, currency),
          minute: f.money(pay.per_minute_minor, currency),
          floor: f.money(pay.floor_minor, currency),
          back: f.money(pay.return_per_mile_minor, currency),
        })}
      </p>
    </section>
  );
}

function Couriers({ market, owner }: { market: Market; owner: boolean }) {
  const words = useWords();
  const f = useFormat();
  const [allowed, setAllowed] = useState(market.fallback.allowed);
  return (
    <section>
      <h3>{words("couriers")}</h3>
      <p>
        {market.fallback.allowed
          ? market.fallback.most_minor == null
            ? words("couriers.on")
            : words("couriers.most", { sum: f.money(market.fallback.most_minor, market.currency) })
          : words("couriers.off")}
      </p>
      {owner && (
        <Change
          label={words("save")}
          changed={allowed !== market.fallback.allowed}
          onSave={(reason) =>
            told(
              api.POST("/staff/v1/markets/{market_id}/fallback", {
                params: { path: { market_id: market.id } },
                body: { fallback: { allowed, most_minor: market.fallback.most_minor }, reason },
              }),
            )
          }
        >
          <label className="check">
            <input type="checkbox" checked={allowed} onChange={(event) => setAllowed(event.target.checked)} />
            {words("couriers.allow")}
          </label>
        </Change>
      )}
    </section>
  );
}

function Knobs({ market, owner }: { market: Market; owner: boolean }) {
  const words = useWords();
  const [wish, setWish] = useState<Record<string, string>>({});
  const changes = Object.entries(wish).filter(
    ([name, text]) => text !== String(market.knobs.find((knob) => knob.name === name)?.value ?? ""),
  );
  return (
    <section>
      <h3>{words("knobs")}</h3>
      <p className="dim">{words("knobs.lead")}</p>
      <Change
        label={words("knobs.save", { n: changes.length })}
        changed={owner && changes.length > 0}
        onSave={async (reason) => {
          const knobs = Object.fromEntries(
            changes.map(([name, text]) => [name, text === "" ? null : Number(text)]),
          );
          await told(
            api.POST("/staff/v1/markets/{market_id}/dispatch", {
              params: { path: { market_id: market.id } },
              body: { knobs, reason },
            }),
          );
          setWish({});
        }}
      >
        <div className="knobs">
          {market.knobs.map((knob) => (
            <label key={knob.name}>
              <span>
                <b>{words.has(`knob.${knob.name}`) ? words(`knob.${knob.name}` as never) : knob.name}</b>
                <small lang="en">{knob.meaning}</small>
              </span>
              <input
                type="number"
                disabled={!owner}
                min={knob.lowest}
                max={knob.highest}
                step={knob.whole ? 1 : "any"}
                placeholder={words("knobs.own")}
                value={wish[knob.name] ?? (knob.value == null ? "" : String(knob.value))}
                onChange={(event) => setWish((now) => ({ ...now, [knob.name]: event.target.value }))}
              />
            </label>
          ))}
        </div>
      </Change>
    </section>
  );
}

function History({ market }: { market: Market }) {
  const words = useWords();
  const shared = useShared();
  const f = useFormat();
  const now = useNow(60_000);
  const asked = useQuery({
    queryKey: ["history", market.id],
    queryFn: () =>
      told(api.GET("/staff/v1/markets/{market_id}/history", { params: { path: { market_id: market.id } } })),
  });
  return (
    <aside className="history" aria-label={words("history")}>
      <h3>{words("history")}</h3>
      {asked.isError && <p>{shared("refused.unreachable")}</p>}
      <ol>
        {asked.data?.items.map((one) => (
          <li key={one.seq}>
            <time dateTime={one.at}>{f.moment(one.at, now)}</time>
            <b>{words.has(`history.${one.kind}`) ? words(`history.${one.kind}` as never) : one.kind}</b>
            <span className="dim">{words("history.by", { who: one.actor })}</span>
            <p>{one.reason}</p>
            <Before before={one.before} after={one.after} />
          </li>
        ))}
      </ol>
    </aside>
  );
}

/** What changed, from and to, part by part. */
function Before({ before, after }: { before: Record<string, unknown>; after: Record<string, unknown> }) {
  const shown = Object.keys(after).filter(
    (key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  );
  if (!Object.keys(before).length) return null;
  return (
    <ul className="diff code">
      {shown.slice(0, 6).map((key) => (
        <li key={key}>
          {key}: <del>{JSON.stringify(before[key]) ?? "–"}</del> → <ins>{JSON.stringify(after[key])}</ins>
        </li>
      ))}
    </ul>
  );
}
