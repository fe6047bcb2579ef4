import { createContext, useContext, useSyncExternalStore } from "react";
import type { components } from "../../shared/api/client";
import { type Danger, type DriverLook, markOf, SILENT_AFTER_S } from "../../shared/states";
import type { Frame } from "../../shared/stream";
import type { MarkName } from "../../shared/ui/shapes";
import { mercatorX, mercatorY } from "../map/mercator";
import { marketNow } from "./clock";

/** What the stream says, by the name of each frame, as the API's document tells it. */
type Frames = { [Name in keyof Told]-?: NonNullable<Told[Name]> };
type Told = components["schemas"]["MarketFrames"];
type ConcernTold = components["schemas"]["ConcernTold"];

export type Delivery = Frames["changed"][number];
/** A delivery with what the map asks for in every frame, reckoned once: its door in Web Mercator, its promise. */
export type Placed = Delivery & { x: number; y: number; dueMs: number; over: boolean };
export type Concern = ConcernTold;
export type Driver = Frames["drivers"]["here"][number];
type TripTold = Frames["trips"]["here"][number];
/** A stop with its place in Web Mercator, reckoned once. */
export type Stop = TripTold["stops"][number] & { x: number; y: number };
export type Trip = Omit<TripTold, "stops"> & { stops: Stop[] };
export type Offer = Frames["offers"]["here"][number];
export type Store = Frames["stores"]["here"][number];
export type Fix = Frames["snapshot"][number];
/** A driver's newest fix and the one before, for gliding from one to the other. */
export type Place = Fix & {
  atMs: number;
  fromLat: number;
  fromLng: number;
  heardAt: number;
  /** Web Mercator of both. */
  x: number;
  y: number;
  fromX: number;
  fromY: number;
};
export type Counts = Frames["counts"];

type Sight<T> = { whole: boolean; here: T[]; gone: string[] };
export type Topic =
  | "deliveries"
  | "drivers"
  | "trips"
  | "offers"
  | "stores"
  | "places"
  | "counts"
  | "concerns";

const TELL_EVERY_MS = 400;
const ENDED = new Set(["delivered", "returned", "cancelled", "expired"]);
const GOODS = new Set(["picked_up", "enroute_to_dropoff", "at_dropoff"]);
const BACK = new Set(["attempt_failed", "enroute_to_return", "at_return"]);
/** Deliveries that ended while we looked are kept for the board, so many at most. */
const KEPT_ENDED = 200;

export const isOver = (one: Delivery): boolean => ENDED.has(one.state);

/**
 * All that the stream has told of one market. Plain maps: the map of the page reads them at its own pace, the rest
 * of the page is told at most every 400 ms.
 */
export class LiveMarket {
  readonly deliveries = new Map<string, Placed>();
  readonly drivers = new Map<string, Driver>();
  readonly trips = new Map<string, Trip>();
  readonly offers = new Map<string, Offer>();
  readonly stores = new Map<string, Store>();
  readonly places = new Map<string, Place>();
  counts: Counts | null = null;
  concerns = new Map<string, Concern>();
  /** Deliveries in an open offer, and drivers who are being asked, with the offer. */
  asked = new Map<string, Offer>();
  /** The trip each driver is on. */
  tripOf = new Map<string, Trip>();
  /** When the last frame came, in this page's own time. */
  heardAt = 0;
  ready = false;

  private versions: Record<Topic, number> = {
    deliveries: 0,
    drivers: 0,
    trips: 0,
    offers: 0,
    stores: 0,
    places: 0,
    counts: 0,
    concerns: 0,
  };
  private hearers = new Set<() => void>();
  private eager = new Set<(topic: Topic) => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Called for each change at once, for the map. */
  onChange(hear: (topic: Topic) => void): () => void {
    this.eager.add(hear);
    return () => this.eager.delete(hear);
  }

  subscribe = (hear: () => void): (() => void) => {
    this.hearers.add(hear);
    return () => this.hearers.delete(hear);
  };

  version = (topics: readonly Topic[]): number =>
    topics.reduce((sum, topic) => sum + this.versions[topic], 0);

  private changed(topic: Topic): void {
    this.versions[topic] += 1;
    for (const hear of this.eager) hear(topic);
    if (topic === "places") return; // fifty times a minute: who needs places looks by a clock
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      for (const hear of this.hearers) hear();
    }, TELL_EVERY_MS);
  }

  take(frame: Frame): void {
    this.heardAt = performance.now();
    switch (frame.event) {
      case "deliveries":
        this.takeAll(frame.data as Frames["deliveries"]);
        break;
      case "changed":
        for (const one of frame.data as Frames["changed"]) this.deliveries.set(one.id, placed(one));
        this.forgetEnded();
        this.changed("deliveries");
        break;
      case "snapshot":
        this.takePlaces(frame.data as Frames["snapshot"], true);
        break;
      case "positions":
        this.takePlaces(frame.data as Frames["positions"], false);
        break;
      case "counts":
        this.counts = frame.data as Counts;
        this.changed("counts");
        break;
      case "drivers":
        apply(this.drivers, frame.data as Frames["drivers"]);
        this.changed("drivers");
        break;
      case "stores":
        apply(this.stores, frame.data as Frames["stores"]);
        this.changed("stores");
        break;
      case "trips":
        apply(this.trips, withPlaces(frame.data as Frames["trips"]));
        this.tripOf = new Map();
        for (const trip of this.trips.values()) {
          if (trip.state === "under_way" || !this.tripOf.has(trip.driver)) this.tripOf.set(trip.driver, trip);
        }
        this.changed("trips");
        break;
      case "offers":
        apply(this.offers, frame.data as Frames["offers"]);
        this.asked = new Map();
        for (const offer of this.offers.values()) {
          for (const id of offer.deliveries) this.asked.set(id, offer);
          for (const id of offer.drivers) this.asked.set(id, offer);
        }
        this.changed("offers");
        break;
    }
  }

  takeConcerns(concerns: Concern[]): void {
    this.concerns = new Map(concerns.map((one) => [one.delivery.id, one]));
    this.changed("concerns");
  }

  private takeAll(all: Delivery[]): void {
    const open = new Set(all.map((one) => one.id));
    for (const [id, one] of this.deliveries) if (!isOver(one) && !open.has(id)) this.deliveries.delete(id);
    for (const one of all) this.deliveries.set(one.id, placed(one));
    this.ready = true;
    this.changed("deliveries");
  }

  private forgetEnded(): void {
    const ended = [...this.deliveries.values()].filter(isOver);
    if (ended.length <= KEPT_ENDED * 1.5) return;
    ended.sort((a, b) => (a.ended_at ?? "").localeCompare(b.ended_at ?? ""));
    for (const one of ended.slice(0, ended.length - KEPT_ENDED)) this.deliveries.delete(one.id);
  }

  private takePlaces(fixes: Fix[], whole: boolean): void {
    const heardAt = performance.now();
    if (whole) {
      const here = new Set(fixes.map((fix) => fix.driver));
      for (const id of this.places.keys()) if (!here.has(id)) this.places.delete(id);
    }
    for (const fix of fixes) {
      const known = this.places.get(fix.driver);
      const x = mercatorX(fix.lng);
      const y = mercatorY(fix.lat);
      this.places.set(
        fix.driver,
        Object.assign(fix, {
          atMs: Date.parse(fix.at),
          fromLat: known?.lat ?? fix.lat,
          fromLng: known?.lng ?? fix.lng,
          heardAt,
          x,
          y,
          fromX: known?.x ?? x,
          fromY: known?.y ?? y,
        }),
      );
    }
    this.changed("places");
  }

  /** How a driver looks on the map now; null: not drawn. */
  lookOf(id: string, now = marketNow()): DriverLook | null {
    const place = this.places.get(id);
    if (!place || !this.drivers.has(id)) return null;
    const trip = this.tripOf.get(id);
    if (trip && now - place.atMs > this.silentAfterMs) return "silent";
    if (this.asked.has(id) && !trip) return "asked";
    if (!trip) return this.asked.has(id) ? "asked" : "free";
    return this.carries(trip);
  }

  /** What a trip is about now. */
  carries(trip: Trip): "tostore" | "goods" | "back" {
    let goods = false;
    for (const stop of trip.stops) {
      for (const each of stop.deliveries) {
        const state = this.deliveries.get(each)?.state;
        if (!state) continue;
        if (BACK.has(state)) return "back";
        goods ||= GOODS.has(state);
      }
    }
    return goods ? "goods" : "tostore";
  }

  /** The worst danger among a trip's deliveries. */
  dangerOfTrip(trip: Trip, now: number): Danger {
    let worst: Danger = "none";
    for (const stop of trip.stops) {
      for (const each of stop.deliveries) {
        const one = this.deliveries.get(each);
        const danger = one ? this.dangerOf(one, now) : "none";
        if (danger === "late") return "late";
        if (danger === "risk") worst = "risk";
      }
    }
    return worst;
  }

  /** Phones report by real seconds: when business time runs faster, a fix is older in it. */
  silentAfterMs = SILENT_AFTER_S * 1000;

  /** What is in danger: by the queue, and by the clock. */
  dangerOf(one: Delivery | Placed, now = marketNow()): Danger {
    if ("over" in one ? one.over : isOver(one)) return "none";
    if (now > ("dueMs" in one ? one.dueMs : Date.parse(one.due_at))) return "late";
    if (!this.concerns.size) return "none";
    const concern = this.concerns.get(one.id);
    if (!concern) return "none";
    return concern.trouble === "late" || concern.trouble === "silent" ? "late" : "risk";
  }

  /** How many are open, and how many promises in danger; reckoned anew when something changed, and each second. */
  tally(now = marketNow()): { open: number; risk: number; late: number } {
    const key = `${this.version(["deliveries", "concerns"])} ${Math.floor(now / 1000)}`;
    if (key !== this.tallied.key) {
      let open = 0;
      let risk = 0;
      let late = 0;
      for (const one of this.deliveries.values()) {
        if (one.over) continue;
        open += 1;
        const danger = this.dangerOf(one, now);
        if (danger === "late") late += 1;
        else if (danger === "risk") risk += 1;
      }
      this.tallied = { key, open, risk, late };
    }
    return this.tallied;
  }

  private tallied = { key: "", open: 0, risk: 0, late: 0 };

  markOf(one: Delivery): MarkName {
    return markOf(one.state, this.asked.has(one.id));
  }
}

function placed(one: Delivery): Placed {
  return Object.assign(one, {
    x: mercatorX(one.lng),
    y: mercatorY(one.lat),
    dueMs: Date.parse(one.due_at),
    over: isOver(one),
  });
}

/** Every stop with its place on the map; the trips themselves, not copies of them. */
function withPlaces(told: Frames["trips"]): Sight<Trip> {
  for (const trip of told.here)
    for (const stop of trip.stops) Object.assign(stop, { x: mercatorX(stop.lng), y: mercatorY(stop.lat) });
  return told as Sight<Trip>;
}

function apply<T extends { id: string }>(known: Map<string, T>, sight: Sight<T>): void {
  if (sight.whole) known.clear();
  for (const one of sight.here) known.set(one.id, one);
  for (const id of sight.gone) known.delete(id);
}

export const Here = createContext<LiveMarket | null>(null);

/** The market that is looked at; the component is drawn anew when one of `topics` changes. */
export function useMarket(...topics: Topic[]): LiveMarket {
  const market = useContext(Here);
  if (!market) throw new Error("no market is looked at");
  useSyncExternalStore(market.subscribe, () => market.version(topics));
  return market;
}
