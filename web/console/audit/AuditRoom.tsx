import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { type AuditTold, api, type StaffTold, told } from "../../shared/api/client";
import { useFormat, useShared } from "../../shared/i18n/react";
import { instantOf } from "../../shared/typed";
import { Button } from "../../shared/ui/button";
import { Mark } from "../../shared/ui/marks";
import { go, useAddress } from "../address";
import { given } from "../delivery/given";
import { useNow } from "../market/clock";
import type { Market } from "../market/market";
import { Difference } from "../settings/Difference";
import { useWords } from "../words";

/** What can be done by hand, by what it is done to: the beginnings of the acts' names. */
const WHAT = ["delivery", "offer", "trip", "market", "staff", "driver", "merchant", "store", "key", "provider", "webhook_endpoint"] as const; // biome-ignore format: a list
/** Actors that are no person of the operator. */
const OTHERS = ["launcher", "operator", "gate", "key:", "user:"] as const;

/** Everything that was done by hand: who, what, when, why. The filters stand in the address. */
export function AuditRoom({ market, me }: { market: Market; me: StaffTold }) {
  const words = useWords();
  const shared = useShared();
  const now = useNow(60_000);
  const { who, what, about, from, until } = useAddress();
  const owner = me.role === "owner";
  const zone = market.timezone;
  const query = {
    actor: who,
    act: what ? `${what}.` : "",
    subject: about.trim(),
    at_from: dayOf(from, 0, zone),
    at_until: dayOf(until, 1, zone),
    limit: 50,
  };
  const asked = useInfiniteQuery({
    queryKey: ["audit", query],
    enabled: owner,
    initialPageParam: 0,
    queryFn: ({ pageParam }) =>
      told(api.GET("/staff/v1/audit", { params: { query: { ...query, before: pageParam || null } } })),
    getNextPageParam: (page) => page.next,
  });
  const lines = asked.data?.pages.flatMap((page) => page.items) ?? [];
  if (!owner)
    return (
      <>
        <header className="room-head">
          <h2>{words("room.audit")}</h2>
        </header>
        <p className="quiet">{words("audit.refused")}</p>
      </>
    );
  return (
    <>
      <header className="room-head">
        <h2>{words("room.audit")}</h2>
        <Filters />
        <Verdict />
      </header>
      <div className="sheet audit">
        {asked.isError && (
          <p className="band e" role="alert">
            <Mark name="late" />
            {shared("refused.unreachable")}
            <button type="button" className="as-link" onClick={() => void asked.refetch()}>
              {shared("retry")}
            </button>
          </p>
        )}
        {asked.isPending && (
          <div aria-hidden="true">
            <div className="sk" />
            <div className="sk w" />
            <div className="sk" />
          </div>
        )}
        {asked.isSuccess && lines.length === 0 && <p className="dim">{words("audit.none")}</p>}
        <ol>
          {lines.map((one) => (
            <Line key={one.id} one={one} now={now} currency={market.currency} />
          ))}
        </ol>
        {asked.hasNextPage && (
          <Button busy={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
            {words("audit.older")}
          </Button>
        )}
      </div>
    </>
  );
}

/** The start of a day of the market, or of the one after. */
function dayOf(day: string, later: 0 | 1, zone: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return null;
  const moved = new Date(Date.parse(`${day}T00:00Z`) + later * 86_400_000).toISOString().slice(0, 10);
  const at = instantOf(`${moved}T00:00`, zone) ?? instantOf(`${moved}T01:00`, zone);
  return at?.toISOString() ?? null;
}

function Line({ one, now, currency }: { one: AuditTold; now: number; currency: string }) {
  const words = useWords();
  const f = useFormat();
  const key = `did.${one.act}`;
  const open = /^(dlv|drv)_/.test(one.subject);
  const other = OTHERS.find((each) => one.actor === each || one.actor.startsWith(each));
  return (
    <li>
      <time dateTime={one.at} title={words("audit.real", { time: new Date(one.at_wall).toISOString() })}>
        {f.moment(one.at, now)}
      </time>
      <div>
        <p>
          <b>{one.actor_name || words(other ? `who.${other}` : "the.network")}</b>{" "}
          {words.has(key) ? words(key as never) : one.act}{" "}
          {open ? (
            <button type="button" className="as-link code" onClick={() => go({ open: one.subject })}>
              {short(one.subject)}
            </button>
          ) : (
            <button
              type="button"
              className="as-link code"
              title={words("audit.only")}
              onClick={() => go({ about: one.subject })}
            >
              {short(one.subject)}
            </button>
          )}
        </p>
        {one.reason && <p className="dim">{words("hand.reason", { reason: given(one.reason, words) })}</p>}
        <Difference before={one.before} after={one.after} currency={currency} now={now} />
      </div>
    </li>
  );
}

const short = (id: string): string => (id.length > 14 ? `${id.slice(0, 4)}…${id.slice(-6)}` : id);

function Filters() {
  const words = useWords();
  const id = useId();
  const { who, what, about, from, until } = useAddress();
  const people = useQuery({
    queryKey: ["people"],
    queryFn: () => told(api.GET("/staff/v1/staff", { params: { query: { limit: 100 } } })),
  });
  const any = who || what || about || from || until;
  return (
    <div className="audit-filters">
      <span className="pair">
        <label htmlFor={`${id}w`}>{words("audit.who")}</label>
        <select id={`${id}w`} value={who} onChange={(event) => go({ who: event.target.value })}>
          <option value="">{words("audit.anybody")}</option>
          {people.data?.items.map((one) => (
            <option key={one.id} value={`staff:${one.id}`}>
              {one.name}
            </option>
          ))}
          {OTHERS.map((one) => (
            <option key={one} value={one}>
              {words(`who.${one}`)}
            </option>
          ))}
        </select>
      </span>
      <span className="pair">
        <label htmlFor={`${id}a`}>{words("audit.what")}</label>
        <select id={`${id}a`} value={what} onChange={(event) => go({ what: event.target.value })}>
          <option value="">{words("audit.anything")}</option>
          {WHAT.map((one) => (
            <option key={one} value={one}>
              {words(`what.${one}`)}
            </option>
          ))}
        </select>
      </span>
      <span className="pair">
        <label htmlFor={`${id}f`}>{words("audit.from")}</label>
        <input
          id={`${id}f`}
          type="date"
          value={from}
          max={until || undefined}
          onChange={(event) => go({ from: event.target.value })}
        />
      </span>
      <span className="pair">
        <label htmlFor={`${id}u`}>{words("audit.until")}</label>
        <input
          id={`${id}u`}
          type="date"
          value={until}
          min={from || undefined}
          onChange={(event) => go({ until: event.target.value })}
        />
      </span>
      <span className="pair">
        <label htmlFor={`${id}b`}>{words("audit.about")}</label>
        <input
          id={`${id}b`}
          className="code"
          value={about}
          maxLength={80}
          placeholder="dlv_…"
          onChange={(event) => go({ about: event.target.value })}
        />
      </span>
      {any && (
        <Button kind="quiet" onClick={() => go({ who: "", what: "", about: "", from: "", until: "" })}>
          {words("audit.all")}
        </Button>
      )}
    </div>
  );
}

/** Whether nothing was changed, removed or put in between since it was written. */
function Verdict() {
  const words = useWords();
  const [wanted, setWanted] = useState(false);
  const asked = useQuery({
    queryKey: ["verdict"],
    enabled: wanted,
    queryFn: () => told(api.GET("/staff/v1/audit/verdict")),
    staleTime: 0,
    gcTime: 0,
  });
  if (asked.data) {
    return asked.data.holds ? (
      <p className="even r">
        <Mark name="done" />
        {words("audit.holds")}
      </p>
    ) : (
      <p className="odd r" role="alert">
        <Mark name="late" />
        {words("audit.broken", { n: asked.data.broken_at ?? 0 })}
      </p>
    );
  }
  return (
    <span className="r">
      <Button busy={asked.isFetching} onClick={() => setWanted(true)}>
        {words("audit.verify")}
      </Button>
    </span>
  );
}
