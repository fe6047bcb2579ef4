import type { Waiting } from "../phone/outbox";
import type { Carried, Stop, Trip } from "../types";

const OVER = new Set<Stop["state"]>(["done", "failed", "off"]);
export const isOver = (stop: Stop): boolean => OVER.has(stop.state);

/**
 * The trip as it will stand when what waits on this phone has been heard: what a driver sees in a tunnel. It follows
 * the network's own rules; should they differ, the network's answer replaces it.
 */
export function foresee(trip: Trip, waiting: readonly Waiting[]): Trip {
  let seen = trip;
  for (const { trip: of, report, at } of waiting) {
    if (of === trip.id && report)
      seen = after(seen, report.kind, new Set(report.deliveries), report.device_at ?? at);
  }
  return seen;
}

type Kind = NonNullable<Waiting["report"]>["kind"];

function after(trip: Trip, kind: Kind, about: Set<string>, at: string): Trip {
  const stops = (which: Stop["kind"], change: Partial<Stop>) => ({
    ...trip,
    stops: trip.stops.map((stop) =>
      stop.kind === which && !isOver(stop) && stop.deliveries.some((one) => about.has(one))
        ? { ...stop, ...change }
        : stop,
    ),
  });
  const carried = (seen: Trip, state: Carried["state"]) => ({
    ...seen,
    deliveries: seen.deliveries.map((one) => (about.has(one.id) ? { ...one, state } : one)),
  });
  switch (kind) {
    case "depart_pickup":
      return carried(trip, "enroute_to_pickup");
    case "arrive_pickup":
      return carried(stops("pickup", { state: "reached", reached_at: at }), "at_pickup");
    case "picked_up":
      return carried(stops("pickup", { state: "done", done_at: at }), "picked_up");
    case "depart_dropoff":
      return carried(
        again(trip, about, { state: "open", reached_at: null, done_at: null }),
        "enroute_to_dropoff",
      );
    case "arrive_dropoff":
      return carried(stops("drop", { state: "reached", reached_at: at }), "at_dropoff");
    case "handed_over":
      return carried(
        again(stops("drop", { state: "done", done_at: at }), about, { state: "done", done_at: at }),
        "delivered",
      );
    case "attempt_failed":
      return withWayBack(carried(stops("drop", { state: "failed", done_at: at }), "attempt_failed"), about);
    case "depart_return":
      return carried(trip, "enroute_to_return");
    case "arrive_return":
      return carried(stops("return", { state: "reached", reached_at: at }), "at_return");
    case "returned":
      return carried(stops("return", { state: "done", done_at: at }), "returned");
    default:
      return trip;
  }
}

/** A door that had failed is tried again, or its goods were left after all: nothing of it goes back any more. */
function again(trip: Trip, about: Set<string>, change: Partial<Stop>): Trip {
  return {
    ...trip,
    stops: trip.stops.map((stop) => {
      if (!stop.deliveries.some((one) => about.has(one))) return stop;
      if (stop.kind === "drop" && stop.state === "failed") return { ...stop, ...change };
      if (stop.kind !== "return" || isOver(stop)) return stop;
      const deliveries = stop.deliveries.filter((one) => !about.has(one));
      return { ...stop, deliveries, state: deliveries.length ? stop.state : "off" };
    }),
  };
}

/** What could not be handed over goes back to its shop: the stop that the network will add, added here already. */
function withWayBack(trip: Trip, about: Set<string>): Trip {
  const from = trip.stops.find(
    (stop) => stop.kind === "pickup" && stop.deliveries.some((one) => about.has(one)),
  );
  if (!from) return trip;
  const coming = from.deliveries.filter((one) => about.has(one));
  const there = trip.stops.find((stop) => stop.kind === "return" && stop.store === from.store);
  if (there) {
    const deliveries = [...new Set([...there.deliveries, ...coming])];
    return {
      ...trip,
      stops: trip.stops.map((stop) =>
        stop === there ? { ...stop, deliveries, state: "open", done_at: null } : stop,
      ),
    };
  }
  const back: Stop = {
    ...from,
    kind: "return",
    position: trip.stops.length,
    deliveries: coming,
    state: "open",
    due_at: null,
    ready_at: null,
    reached_at: null,
    done_at: null,
  };
  return { ...trip, stops: [...trip.stops, back] };
}

/** The stop to do now: the one chosen if it is still to do, else the first in order. Ways back come last. */
export function stopNow(trip: Trip, chosen: number | null): Stop | null {
  const open = trip.stops.filter((stop) => !isOver(stop));
  const pickups = open.some((stop) => stop.kind === "pickup");
  const picked = open.find((stop) => stop.position === chosen && (stop.kind === "pickup" || !pickups));
  return picked ?? open[0] ?? null;
}

export const carriedAt = (trip: Trip, stop: Stop): Carried[] =>
  trip.deliveries.filter((one) => stop.deliveries.includes(one.id));
