import { skipToken, useQuery } from "@tanstack/react-query";
import { api, Refusal, told } from "../shared/api/client";
import type { Pace, QuoteAsked } from "./types";

const SHOWN = 40;

/** The shop's own stores that take orders. */
export const useStores = () =>
  useQuery({
    queryKey: ["stores"],
    queryFn: async () => {
      const page = await told(api.GET("/v1/stores", { params: { query: { limit: 100 } } }));
      return page.items.filter((store) => store.state === "active");
    },
    staleTime: 60_000,
  });

/** The shop's deliveries, newest first, looked at again and again. */
export const useDeliveries = () =>
  useQuery({
    queryKey: ["deliveries"],
    queryFn: async () =>
      (await told(api.GET("/v1/deliveries", { params: { query: { limit: SHOWN } } }))).items,
    refetchInterval: 3_000,
  });

/** What may be promised for a door from a store. */
export const useWindows = (store: string, postcode: string) =>
  useQuery({
    queryKey: ["windows", store, postcode],
    enabled: store !== "" && /^\d{5}/.test(postcode),
    queryFn: () => told(api.GET("/v1/windows", { params: { query: { store, postcode } } })),
    staleTime: 20_000,
    refetchInterval: 30_000,
  });

/** The price of an order as it stands; null asks nothing. */
export const useQuote = (asked: QuoteAsked | null) =>
  useQuery({
    queryKey: ["quote", asked],
    enabled: asked !== null,
    queryFn: () => {
      if (!asked) throw new Error("nothing to ask for");
      return told(api.POST("/v1/quotes", { body: asked }));
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });

/** The market's time as it was last told: by it a day is today. */
export function useMarketNow(): number {
  const { data } = useQuery<Pace | null>({ queryKey: ["pace"], queryFn: skipToken });
  return data ? Date.parse(data.market_time) : Date.now();
}

/** The demo's pace, with a sign of life while the page stands open; null where there is no demo. */
export const usePace = () =>
  useQuery({
    queryKey: ["pace"],
    queryFn: async () => {
      if ((await told(api.GET("/public/v1/clock"))).mode !== "demo") return null;
      try {
        const pace = await told(api.GET("/demo/v1/speed"));
        return pace.you ? await told(api.POST("/demo/v1/here")) : pace;
      } catch (error) {
        if (error instanceof Refusal && !error.passing) return null;
        throw error;
      }
    },
    refetchInterval: ({ state: { data } }) => {
      if (data === null) return false;
      return data?.turning ? data.turning.in_real_s * 1000 + 200 : 5_000;
    },
  });
