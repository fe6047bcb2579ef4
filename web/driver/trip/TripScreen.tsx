import { useEffect, useMemo, useState } from "react";
import { useFormat } from "../../shared/i18n/react";
import type { Base } from "../../shared/map/base";
import { Button } from "../../shared/ui/button";
import { Icon } from "../../shared/ui/marks";
import { Wheel } from "../demo/Wheel";
import { SafetyButton } from "../help/Safety";
import { DriveMap, type Scene } from "../map/DriveMap";
import { OfferTerms } from "../offer/OfferScreen";
import { dismiss, useOutbox } from "../phone/outbox";
import { type Fix, isAt, useWhereabouts } from "../phone/whereabouts";
import { useOfferOf } from "../reads";
import { useRefused } from "../refused";
import type { Carried, Pace, ProofKind, Stop, Trip } from "../types";
import { useWords } from "../words";
import { CannotDeliver } from "./CannotDeliver";
import { carriedAt, isOver, stopNow } from "./foresee";
import { GiveBack } from "./GiveBack";
import { navigationTo } from "./navigate";
import { doneAt, note, noteProof } from "./progress";
import { reportOf } from "./reporting";
import { Steps } from "./Steps";

const told = new Set<string>(); // what was reported by itself, so that it is so once however often the page draws

/** One stop at a time, its steps in order, the next one open. Works without a line and says so. */
export function TripScreen({ trip, base, pace }: { trip: Trip; base: Base | null; pace: Pace | null }) {
  const words = useWords();
  const f = useFormat();
  const { fix } = useWhereabouts();
  const [chosen, setChosen] = useState<number | null>(null);
  const [sheet, setSheet] = useState<"cannot" | "give-back" | null>(null);
  const stop = stopNow(trip, chosen);
  useSelfTold(trip, stop, fix);
  useReopened();
  if (!stop) return <h1 className="pad">{words("trip.over")}</h1>;
  const carried = carriedAt(trip, stop);
  const doors = trip.stops.filter((one) => one.kind === stop.kind && one.state !== "off");
  const place = stop.address;
  const label = place?.name ?? "";
  const first = carried[0];
  const rest = trip.stops.filter((one) => one !== stop && !isOver(one));
  return (
    <div className="trip">
      <TripMap trip={trip} stop={stop} base={base} fix={fix} />
      <div className="sheet">
        <Kept />
        <Troubles />
        <div className="hd3">
          <div>
            <p>
              {words(`stop.${stop.kind}`, { number: doors.indexOf(stop) + 1, of: doors.length })}
              {stop.due_at && <>, {words("stop.by", { time: f.time(stop.due_at) })}</>}
              {stop.kind === "pickup" && stop.ready_at && (
                <>, {words("stop.ready", { time: f.time(stop.ready_at) })}</>
              )}
            </p>
            <h1>{stop.kind === "drop" && first ? (place?.name ?? first.shopper_first_name) : label}</h1>
            {place && (
              <p className="street">
                {[place.line1, place.line2].filter(Boolean).join(", ")}
                <span>
                  {place.city} {place.postcode}
                </span>
              </p>
            )}
          </div>
          {place && stop.kind === "drop" && first && (
            <Reach trip={trip} carried={first} phone={place.phone} />
          )}
          {place && stop.kind !== "drop" && place.phone && (
            <div className="r">
              <a className="rnd" href={`tel:${place.phone}`} aria-label={words("call.shop", { name: label })}>
                <Icon name="phone" />
              </a>
            </div>
          )}
        </div>
        {place?.instructions && <p className="ins">{place.instructions}</p>}
        <Steps key={`${stop.kind} ${stop.position}`} trip={trip} stop={stop} carried={carried} fix={fix} />
        {rest.length > 0 && (
          <details className="then">
            <summary>
              <Icon name={rest[0]?.kind === "drop" ? "home" : "shop"} size="s" />
              {words("then", { what: nameOf(trip, rest[0]), n: rest.length })}
            </summary>
            <ul>
              {rest.map((one) => (
                <li key={one.position}>
                  <span>
                    {nameOf(trip, one)}
                    {one.address && <small>{one.address.line1}</small>}
                  </span>
                  <Button size="shop" onClick={() => setChosen(one.position)}>
                    {words("then.now")}
                  </Button>
                </li>
              ))}
            </ul>
          </details>
        )}
        {trip.offers.map((offer) => (
          <Promised key={offer} offer={offer} />
        ))}
        {pace?.you?.as.includes("driver") && <Wheel pace={pace} />}
        <div className="bot">
          <Button
            size="tall"
            className="no"
            onClick={() => setSheet(stop.kind === "pickup" ? "give-back" : "cannot")}
          >
            {words(stop.kind === "pickup" ? "giveback" : stop.kind === "drop" ? "cannot" : "cannot.return")}
          </Button>
          <SafetyButton />
        </div>
      </div>
      {sheet === "cannot" && first && (
        <CannotDeliver trip={trip} stop={stop} carried={first} onClose={() => setSheet(null)} />
      )}
      {sheet === "give-back" && <GiveBack trip={trip} carried={carried} onClose={() => setSheet(null)} />}
    </div>
  );
}

function nameOf(trip: Trip, stop: Stop | undefined): string {
  if (!stop) return "";
  if (stop.address) return stop.address.name;
  return carriedAt(trip, stop)
    .map((one) => one.shopper_first_name)
    .join(", ");
}

/** What tells itself: setting out when the stop before is done, and being there when the phone surely is. */
function useSelfTold(trip: Trip, stop: Stop | null, fix: Fix | null): void {
  const carried = stop ? carriedAt(trip, stop) : [];
  const state = carried[0]?.state;
  const there = stop?.address && stop.state === "open" ? isAt(fix, stop.address.point) : null;
  const leaving = carried.length > 0 && carried.every((one) => doneAt(one.id).leaving);
  const key = stop && `${trip.id} ${stop.kind} ${stop.position}`;
  useEffect(() => {
    if (!stop || !key || trip.state !== "under_way") return;
    const once = (what: string, act: () => void) => {
      if (told.has(`${key} ${what} ${state}`)) return;
      told.add(`${key} ${what} ${state}`);
      act();
    };
    if (stop.kind === "pickup" && state === "assigned") {
      once("depart", () => void reportOf(trip, "depart_pickup", stop.deliveries));
    } else if (stop.kind === "drop" && state === "picked_up") {
      once("depart", () => void reportOf(trip, "depart_dropoff", stop.deliveries));
    } else if (stop.kind === "return" && state === "attempt_failed" && !leaving) {
      once("depart", () => void reportOf(trip, "depart_return", stop.deliveries));
    } else if (there === true && stop.state === "open") {
      once("arrive", () => {
        note(`${trip.id} ${stop.position}`, { arrived: "location" });
        void reportOf(trip, ARRIVE[stop.kind], stop.deliveries, { note: "by location" });
      });
    }
  }, [trip, stop, key, state, there, leaving]);
}

const ARRIVE = { pickup: "arrive_pickup", drop: "arrive_dropoff", return: "arrive_return" } as const;

/** A hand-over that lacked a proof opens its step again. */
function useReopened(): void {
  const { unheard } = useOutbox();
  useEffect(() => {
    for (const one of unheard) {
      for (const kind of one.missing) {
        for (const delivery of one.deliveries) noteProof(delivery, kind as ProofKind, null);
      }
    }
  }, [unheard]);
}

/** What waits on this phone. */
export function Kept() {
  const words = useWords();
  const { waiting, lostSince } = useOutbox();
  const [slow, setSlow] = useState(false);
  const some = waiting.length > 0;
  useEffect(() => {
    if (!some) {
      setSlow(false);
      return;
    }
    const timer = setTimeout(() => setSlow(true), 2_000);
    return () => clearTimeout(timer);
  }, [some]);
  return (
    <div role="status">
      {some && (slow || lostSince !== null) && (
        <div className="net">
          <Icon name="clock" />
          <p>{words.rich(lostSince === null ? "kept.going" : "kept", { n: waiting.length })}</p>
        </div>
      )}
    </div>
  );
}

/** What was heard and does not count, with what to do. */
export function Troubles() {
  const words = useWords();
  const refused = useRefused();
  const { unheard } = useOutbox();
  return (
    <div role="status">
      {unheard.map((one) => (
        <div className="net e" key={one.reportId}>
          <Icon name="note" />
          <p>
            <b>{words("unheard")}</b> {refused(one)}
          </p>
          <Button size="shop" onClick={() => dismiss(one.reportId)}>
            {words("ok")}
          </Button>
        </div>
      ))}
    </div>
  );
}

/** Call or write; each try is noted, should she not be reached. */
function Reach({ trip, carried, phone }: { trip: Trip; carried: Carried; phone: string }) {
  const words = useWords();
  if (!phone) return null;
  const tried = (reason: "called" | "written") =>
    void reportOf(trip, "contact_tried", [carried.id], { reason });
  return (
    <div className="r">
      <a
        className="rnd"
        href={`tel:${phone}`}
        aria-label={words("call", { name: carried.shopper_first_name })}
        onClick={() => tried("called")}
      >
        <Icon name="phone" />
      </a>
      <a
        className="rnd"
        href={`sms:${phone}`}
        aria-label={words("write", { name: carried.shopper_first_name })}
        onClick={() => tried("written")}
      >
        <Icon name="msg" />
      </a>
    </div>
  );
}

/** What was promised for this trip, one touch away. */
function Promised({ offer }: { offer: string }) {
  const words = useWords();
  const f = useFormat();
  const { data } = useOfferOf(offer);
  if (!data) return null;
  return (
    <details className="then">
      <summary>
        <Icon name="lock" size="s" />
        {words(data.joins ? "promised.joined" : "promised.this", {
          total: f.money(data.total_minor, data.currency),
        })}
      </summary>
      <div className="promised">
        <OfferTerms offer={data} />
      </div>
    </details>
  );
}

function TripMap({ trip, stop, base, fix }: { trip: Trip; stop: Stop; base: Base | null; fix: Fix | null }) {
  const words = useWords();
  const place = stop.address?.point ?? null;
  const scene = useMemo<Scene>(() => {
    const ahead = trip.stops.filter((one) => !isOver(one) && one !== stop && one.address);
    const doors = trip.stops.filter((one) => one.kind === "drop");
    const way = [stop, ...ahead].flatMap((one) => (one.address ? [one.address.point] : []));
    return {
      me: fix && { at: fix, headingDeg: fix.headingDeg },
      lines: [
        ...(fix && place ? [{ from: fix, to: place, style: "now" as const }] : []),
        ...way.slice(1).map((to, number) => ({ from: way[number] ?? to, to, style: "next" as const })),
      ],
      stops: [stop, ...ahead].reverse().flatMap((one) =>
        one.address
          ? [
              {
                at: one.address.point,
                kind: one.kind === "drop" ? ("door" as const) : ("shop" as const),
                number: String(doors.indexOf(one) + 1),
                label: one === stop ? "" : "",
                state: one.kind === "return" ? ("back" as const) : ("onway" as const),
              },
            ]
          : [],
      ),
    };
  }, [trip, stop, fix, place]);
  const show = useMemo(() => [...(place ? [place] : []), ...(fix ? [fix] : [])], [place, fix]);
  return (
    <div className="m">
      <DriveMap
        base={base}
        scene={scene}
        show={show}
        label={words("trip.map")}
        padding={{ top: 56, bottom: 56, left: 50, right: 60 }}
      />
      {place && (
        <a
          className="btn navigate"
          href={navigationTo(place, stop.address?.name ?? "")}
          target="_blank"
          rel="noreferrer"
        >
          <Icon name="nav" />
          {words("navigate")}
        </a>
      )}
    </div>
  );
}
