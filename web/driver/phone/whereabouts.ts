import { useEffect, useSyncExternalStore } from "react";
import { api, told } from "../../shared/api/client";
import type { Point } from "../types";
import { marketIso, marketNow } from "./clock";

/** A position of this phone; `at` in the market's time. */
export type Fix = Point & {
  at: number;
  accuracyM: number | null;
  headingDeg: number | null;
  speedMps: number | null;
  /** When this page heard of it, by performance.now: what is old decides nothing. */
  heardAt: number;
};
export type Whereabouts = {
  fix: Fix | null;
  /** Why there is none: not allowed, or not known at this moment. */
  trouble: "denied" | "unknown" | null;
};

type Sent = {
  lat: number;
  lng: number;
  device_at: string;
  accuracy_m: number | null;
  heading_deg: number | null;
  speed_mps: number | null;
};

const SEND_EVERY_MS = 5_000;
/** More than the network takes at once is thinned: old positions tell least. */
const MOST_KEPT = 100;
const MOST_ACCURACY_M = 5_000;
const FASTEST_MPS = 70;

let state: Whereabouts = { fix: null, trouble: null };
let unsent: Sent[] = [];
let silent = false;
const hearers = new Set<() => void>();

function set(next: Whereabouts): void {
  state = next;
  for (const hear of hearers) hear();
}

export const whereabouts = (): Whereabouts => state;
export const useWhereabouts = (): Whereabouts =>
  useSyncExternalStore((hear) => {
    hearers.add(hear);
    return () => hearers.delete(hear);
  }, whereabouts);

function heard(position: GeolocationPosition): void {
  const { latitude, longitude, accuracy, heading, speed } = position.coords;
  const fix: Fix = {
    lat: latitude,
    lng: longitude,
    at: marketNow(),
    accuracyM: accuracy,
    headingDeg: heading !== null && Number.isFinite(heading) ? heading : null,
    speedMps: speed !== null && Number.isFinite(speed) ? speed : null,
    heardAt: performance.now(),
  };
  set({ fix, trouble: null });
  unsent.push({
    lat: latitude,
    lng: longitude,
    device_at: marketIso(),
    accuracy_m: accuracy <= MOST_ACCURACY_M ? Math.round(accuracy) : null,
    heading_deg: fix.headingDeg === null ? null : Math.round(fix.headingDeg) % 360,
    speed_mps: fix.speedMps === null ? null : Math.min(Math.max(0, fix.speedMps), FASTEST_MPS),
  });
  if (unsent.length > MOST_KEPT) {
    // every second one of the older half goes: the way stays visible
    const half = Math.floor(unsent.length / 2);
    unsent = [...unsent.slice(0, half).filter((_, number) => number % 2 === 0), ...unsent.slice(half)];
  }
}

/** Tells what is still untold, then nothing more: for signing out, after which nobody would believe it. */
export async function fallSilent(): Promise<void> {
  await sendFixes();
  silent = true;
  unsent = [];
}

async function sendFixes(): Promise<void> {
  if (silent || !unsent.length) return;
  const batch = unsent.slice(0, MOST_KEPT);
  try {
    await told(api.POST("/driver/v1/fixes", { body: { fixes: batch } }));
    unsent = unsent.filter((one) => !batch.includes(one));
  } catch {
    // no line: they stay, thinned
  }
}

/**
 * Follows where this phone is, and tells the network in batches, while `wanted`. In a demo the car is not this phone:
 * then the network is asked where it is.
 */
export function useFollowing(wanted: boolean, demo: boolean | null): void {
  useEffect(() => {
    silent = false;
    if (!wanted || demo === null) return;
    if (demo) {
      let over = false;
      const look = async () => {
        try {
          const { position } = await told(api.GET("/driver/v1/position"));
          if (over || !position) return;
          const { lat, lng, at, accuracy_m, heading_deg, speed_mps } = position;
          const fix = { lat, lng, at: Date.parse(at), accuracyM: accuracy_m, headingDeg: heading_deg };
          set({ fix: { ...fix, speedMps: speed_mps, heardAt: performance.now() }, trouble: null });
        } catch {
          // asked again in a moment
        }
      };
      void look();
      const timer = setInterval(look, 2_000);
      return () => {
        over = true;
        clearInterval(timer);
      };
    }
    if (!("geolocation" in navigator)) {
      set({ ...state, trouble: "unknown" });
      return;
    }
    const watch = navigator.geolocation.watchPosition(
      heard,
      (error) => set({ ...state, trouble: error.code === error.PERMISSION_DENIED ? "denied" : "unknown" }),
      { enableHighAccuracy: true, maximumAge: 2_000, timeout: 30_000 },
    );
    const timer = setInterval(() => void sendFixes(), SEND_EVERY_MS);
    return () => {
      navigator.geolocation.clearWatch(watch);
      clearInterval(timer);
      void sendFixes();
    };
  }, [wanted, demo]);
}

const EARTH_M = 6_371_000;

/** Metres between two places on the ground. */
export function metresBetween(a: Point, b: Point): number {
  const rad = Math.PI / 180;
  const x = (b.lng - a.lng) * rad * Math.cos(((a.lat + b.lat) / 2) * rad);
  const y = (b.lat - a.lat) * rad;
  return Math.hypot(x, y) * EARTH_M;
}

export const AT_THE_STOP_M = 120;
/** Positions vaguer than this decide nothing. */
const SURE_M = 150;
const OLD_MS = 90_000;

/** Whether the phone is surely at a place; null when it does not know. */
export function isAt(fix: Fix | null, place: Point): boolean | null {
  if (!fix || performance.now() - fix.heardAt > OLD_MS || (fix.accuracyM ?? 0) > SURE_M) return null;
  return metresBetween(fix, place) <= AT_THE_STOP_M;
}
