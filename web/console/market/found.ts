import { useMemo } from "react";
import { useAddress } from "../address";
import type { Delivery, LiveMarket } from "./live";

/** What a person's words find: names, shop, street, driver, id. */
export function matches(market: LiveMarket, one: Delivery, words: string[]): boolean {
  const driver = one.driver ? (market.drivers.get(one.driver)?.name ?? "") : "";
  const text =
    `${one.shopper} ${one.pickup} ${one.dropoff} ${one.external_id} ${one.id} ${driver}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Deliveries that fit the search of the address; null when nothing is searched for. */
export function useFound(market: LiveMarket): Delivery[] | null {
  const { find } = useAddress();
  const version = market.version(["deliveries", "drivers"]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the market's version stands for what is in it
  return useMemo(() => {
    const words = find.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return null;
    return [...market.deliveries.values()].filter((one) => matches(market, one, words));
  }, [market, find, version]);
}
