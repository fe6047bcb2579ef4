import { useMutation } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, Refusal, told } from "../../shared/api/client";
import { useFormat } from "../../shared/i18n/react";
import type { Base } from "../../shared/map/base";
import { placeNear } from "../../shared/map/places";
import { queries } from "../../shared/start";
import { Button } from "../../shared/ui/button";
import { Icon } from "../../shared/ui/marks";
import { Wheel } from "../demo/Wheel";
import { useToday } from "../earnings/spans";
import { DriveMap, type Scene } from "../map/DriveMap";
import type { Offers } from "../offer/useOffers";
import { go } from "../phone/address";
import { wakeSound } from "../phone/attention";
import { keepCopy } from "../phone/keep";
import { useWhereabouts } from "../phone/whereabouts";
import { useEarnings, useZones } from "../reads";
import { useRefused } from "../refused";
import type { Me, Pace, Point } from "../types";
import { useWords } from "../words";

/** On duty or off, where offers are, and how today went. */
export function Drive({
  me,
  base,
  offers,
  pace,
}: {
  me: Me;
  base: Base | null;
  offers: Offers;
  pace: Pace | null;
}) {
  const words = useWords();
  const f = useFormat();
  const { fix, trouble } = useWhereabouts();
  const zones = useZones(true);
  const named = useMemo(
    () => (zones.data?.items ?? []).map((zone) => ({ ...zone, name: placeNear(base, zone.point) })),
    [zones.data, base],
  );
  const scene = useMemo<Scene>(
    () => ({
      glows: named.map((zone) => ({ at: zone.point, offers: zone.offers })),
      me: fix && { at: fix, headingDeg: fix.headingDeg },
    }),
    [named, fix],
  );
  const show = useMemo(
    () =>
      around(
        named.map((zone) => zone.point),
        fix,
      ),
    [named, fix],
  );
  const busiest = named[0]?.name ?? "";
  const on = me.duty.on;
  return (
    <>
      <div className="m zone">
        <DriveMap base={base} scene={scene} show={show} label={words("zone.map")} />
        <p className="pill">
          <i />
          {words("zone.key")}
        </p>
        <ul className="sr">
          {named.map((zone) => (
            <li key={`${zone.point.lat} ${zone.point.lng}`}>
              {words("zone.count", { n: zone.offers, place: zone.name || words("zone.nowhere") })}
            </li>
          ))}
        </ul>
      </div>
      <Duty me={me} busiest={busiest} />
      {offers.said && <Said offers={offers} />}
      {me.state !== "active" && (
        <div className="card">
          <Icon name="note" />
          <div>
            <b>{words(`state.${me.state}`)}</b>
            <p>{me.state_reason || words("state.noreason")}</p>
          </div>
        </div>
      )}
      {trouble === "denied" && on && !me.demo && (
        <div className="card">
          <Icon name="nav" />
          <div>
            <b>{words("where.denied")}</b>
            <p>{words("where.denied.more")}</p>
          </div>
        </div>
      )}
      {pace?.you?.as.includes("driver") && <Wheel pace={pace} />}
      <Today me={me} />
      {me.duty.until && on && (
        <div className="card">
          <Icon name="slot" />
          <div>
            <b>{words("duty.until", { time: f.time(me.duty.until) })}</b>
            <p>{words("duty.since", { time: f.time(me.duty.since) })}</p>
          </div>
        </div>
      )}
    </>
  );
}

/** Where offers were and where she is, but never closer than some five miles across; null: the whole market. */
function around(places: Point[], me: Point | null): Point[] | null {
  const all = me ? [...places, me] : places;
  const [first] = all;
  if (!first) return null;
  const lats = all.map((one) => one.lat);
  const lngs = all.map((one) => one.lng);
  const lat = (Math.min(...lats) + Math.max(...lats)) / 2;
  const lng = (Math.min(...lngs) + Math.max(...lngs)) / 2;
  return [...all, { lat: lat - 0.035, lng: lng - 0.045 }, { lat: lat + 0.035, lng: lng + 0.045 }];
}

function Duty({ me, busiest }: { me: Me; busiest: string }) {
  const words = useWords();
  const refused = useRefused();
  const turn = useMutation({
    networkMode: "always",
    scope: { id: "duty" }, // one after the other: the last press is what counts
    mutationFn: (on: boolean) => told(api.POST("/driver/v1/duty", { body: { on } })),
    onSuccess: (found) => {
      keepCopy("me", found);
      queries.setQueryData(["driver", "me"], found);
    },
  });
  const on = turn.isPending ? Boolean(turn.variables) : me.duty.on;
  const name = me.first_name;
  const why = turn.error instanceof Refusal ? turn.error : null;
  return (
    <div className="duty">
      <div>
        <h1 id="duty">{words(on ? "duty.on" : "duty.off", { name })}</h1>
        <p role="status">
          {why
            ? refused(why)
            : on
              ? busiest
                ? words("duty.on.busiest", { place: busiest })
                : words("duty.on.more")
              : words("duty.off.more")}
        </p>
      </div>
      <button
        type="button"
        role="switch"
        className="sw"
        aria-checked={on}
        aria-label={words("duty.switch")}
        aria-busy={turn.isPending || undefined}
        onClick={() => {
          wakeSound();
          turn.mutate(!on);
        }}
      />
    </div>
  );
}

function Said({ offers }: { offers: Offers }) {
  const words = useWords();
  if (!offers.said || offers.said === "accepted" || offers.said === "no-join") return null;
  return (
    <div className="card said" role="status">
      <Icon name="check" />
      <div>
        <b>{words(`said.${offers.said}`)}</b>
        <p>{offers.saidMore || words(offers.said === "declined" ? "said.declined.more" : "said.nothing")}</p>
      </div>
      <Button size="shop" onClick={offers.clear}>
        {words("ok")}
      </Button>
    </div>
  );
}

function Today({ me }: { me: Me }) {
  const words = useWords();
  const f = useFormat();
  const { since, until, name } = useToday();
  const { data, asOf } = useEarnings(name, since, until);
  if (!data) return <div className="card skeleton" />;
  const trips = new Map(data.work.map((one) => [one.trip, one.arithmetic.trip_distance_m]));
  const way = [...trips.values()].reduce((sum, one) => sum + one, 0);
  const total = data.totals[0]?.total_minor ?? 0;
  return (
    <div className="card">
      <Icon name="money" />
      <div>
        <b>
          <a
            href="/driver/earnings"
            onClick={(event) => {
              event.preventDefault();
              go("earnings");
            }}
          >
            {words("today")}
          </a>
        </b>
        <p>
          {trips.size === 0
            ? words(me.duty.on ? "today.none.on" : "today.none")
            : words("today.sum", { n: trips.size, distance: f.distance(way) })}
          {asOf !== null && <> {words("asof", { time: f.time(asOf) })}</>}
        </p>
      </div>
      <b className="tot">{f.money(total, data.totals[0]?.currency ?? "USD")}</b>
    </div>
  );
}
