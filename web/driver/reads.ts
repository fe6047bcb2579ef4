import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { api, Refusal, told } from "../shared/api/client";
import type { Base } from "../shared/map/base";
import { queries } from "../shared/start";
import { setMarketClock } from "./phone/clock";
import { keepCopy, lastCopy } from "./phone/keep";
import type { Current, Earnings, Me, Offer, Pace, Trip, Zones } from "./types";

type Kept<T> = UseQueryResult<T> & { asOf: number | null };

/** A read whose last copy stays on this phone: shown at once, with its time, when there is no line. */
function useKept<T>(name: string, read: () => Promise<T>, everyMs: number | false, enabled = true): Kept<T> {
  const copy = lastCopy<T>(name);
  const query = useQuery<T>({
    queryKey: ["driver", name],
    queryFn: async () => {
      const found = await read();
      keepCopy(name, found);
      return found;
    },
    networkMode: "always",
    refetchInterval: everyMs,
    retry: false,
    enabled,
    ...(copy ? { initialData: copy.told, initialDataUpdatedAt: copy.at } : {}),
  });
  const asOf = query.isError && query.dataUpdatedAt ? query.dataUpdatedAt : null;
  return { ...query, asOf };
}

/** Whether this browser has a session to ask about: a cookie that holds nothing tells. */
export const hasSession = (): boolean => document.cookie.includes("doorstep-driver-here=1");

export const useMe = () =>
  useKept<Me>(
    "me",
    async () => {
      const me = await told(api.GET("/driver/v1/me"));
      setMarketClock(me.now);
      return me;
    },
    8_000,
  );

const CURRENT = ["driver", "current"];
let toldAtMs = Number.NEGATIVE_INFINITY;

export const useCurrent = (enabled: boolean) => useKept<Current>("current", readCurrent, 8_000, enabled);

/** A read that an answer about the trip has overtaken says nothing new: what was told stays. */
async function readCurrent(): Promise<Current> {
  const beganMs = performance.now();
  const found = await told(api.GET("/driver/v1/trips/current"));
  return (beganMs < toldAtMs && queries.getQueryData<Current>(CURRENT)) || found;
}

export const useZones = (enabled: boolean) =>
  useKept<Zones>("zones", () => told(api.GET("/driver/v1/zones")), 20_000, enabled);

export const useTimeZoneOf = (market: string | undefined) =>
  useKept(
    `market ${market}`,
    async () => {
      const found = (await told(api.GET("/public/v1/markets"))).find((one) => one.id === market);
      return { timezone: found?.timezone ?? "", name: found?.name ?? "" };
    },
    false,
    market !== undefined,
  );

export const useBase = (market: string | undefined) =>
  useQuery<Base>({
    queryKey: ["driver", "base", market],
    enabled: market !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    networkMode: "always",
    retry: 3,
    queryFn: async () => {
      const response = await fetch(`/public/v1/markets/${market}/base`);
      if (!response.ok) throw new Refusal(response.status, "unreachable", "", "", "", [], "", {});
      return (await response.json()) as Base;
    },
  });

export const useEarnings = (name: string, since: string, until: string) =>
  useKept<Earnings>(
    `earnings ${name}`,
    () => told(api.GET("/driver/v1/earnings", { params: { query: { since, until } } })),
    30_000,
  );

export const useTrips = () =>
  useKept<Trip[]>(
    "trips",
    async () => (await told(api.GET("/driver/v1/trips", { params: { query: { limit: 100 } } }))).items,
    60_000,
  );

/** The frozen terms a trip rests on. */
export const useOfferOf = (offer: string) =>
  useKept<Offer>(
    `offer ${offer}`,
    () => told(api.GET("/driver/v1/offers/{offer_id}", { params: { path: { offer_id: offer } } })),
    false,
  );

export const useComparison = () =>
  useKept("promised versus paid", () => told(api.GET("/driver/v1/earnings/promised-versus-paid")), 60_000);

/** The demo's pace; null where there is no demo. */
export const usePace = (enabled: boolean) =>
  useQuery<Pace | null>({
    enabled,
    queryKey: ["driver", "pace"],
    networkMode: "always",
    refetchInterval: (query) => (query.state.data === null ? false : 5_000),
    retry: 2,
    queryFn: async () => {
      try {
        return hearPace(await told(api.GET("/demo/v1/speed")));
      } catch (error) {
        if (error instanceof Refusal && !error.passing) return null;
        throw error;
      }
    },
  });

export function hearPace(pace: Pace): Pace {
  setMarketClock(pace.market_time, pace.speed);
  return pace;
}

/** The trip as an answer just told it, at once in every view. */
export function tripTold(trip: Trip): void {
  toldAtMs = performance.now();
  queries.setQueryData<Current>(CURRENT, (known) => {
    const live = trip.state === "under_way" || trip.state === "next";
    const next = known ?? { trip: null, next: null };
    const told: Current =
      trip.state === "next"
        ? { ...next, next: trip }
        : next.trip?.id === trip.id || live
          ? { ...next, trip: live ? trip : null }
          : next;
    keepCopy("current", told);
    return told;
  });
  if (trip.state !== "under_way") void queries.invalidateQueries({ queryKey: CURRENT });
}
