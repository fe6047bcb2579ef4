import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { api, told } from "../../shared/api/client";
import { useAddress } from "../address";
import type { Delivery, LiveMarket } from "./live";

/** Shorter words fit too much to be asked for beyond what is here. */
const LEAST_LETTERS = 3;
const TYPED_MS = 300;
const MOST = 50;

/** What a person's words find: names, shop, street, driver, id. */
export function matches(market: LiveMarket, one: Delivery, words: string[]): boolean {
  const driver = one.driver ? (market.drivers.get(one.driver)?.name ?? "") : "";
  const text =
    `${one.shopper} ${one.pickup} ${one.dropoff} ${one.external_id} ${one.id} ${driver}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Deliveries of any day that the server finds; what is here already is known better here. */
function useOlder(market: LiveMarket, marketId: string, find: string): Delivery[] {
  const [typed, setTyped] = useState(find);
  useEffect(() => {
    const timer = setTimeout(() => setTyped(find), TYPED_MS);
    return () => clearTimeout(timer);
  }, [find]);
  const asked = useQuery({
    queryKey: ["found", marketId, typed],
    enabled: find !== "" && typed === find && typed.trim().length >= LEAST_LETTERS,
    queryFn: () =>
      told(
        api.GET("/staff/v1/deliveries", {
          params: { query: { market: marketId, search: typed.trim().slice(0, 80), limit: MOST } },
        }),
      ),
    staleTime: 30_000,
  });
  return useMemo(
    () => (asked.data?.items ?? []).filter((one) => !market.deliveries.has(one.id)),
    [asked.data, market],
  );
}

/** Deliveries that fit the search of the address, those that ended long ago after the rest; null when nothing is searched for. */
export function useFound(market: LiveMarket, marketId: string): Delivery[] | null {
  const { find } = useAddress();
  const version = market.version(["deliveries", "drivers"]);
  const older = useOlder(market, marketId, find);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the market's version stands for what is in it
  return useMemo(() => {
    const words = find.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return null;
    const here = [...market.deliveries.values()].filter((one) => matches(market, one, words));
    return [...here, ...older.filter((one) => !market.deliveries.has(one.id))];
  }, [market, find, version, older]);
}
