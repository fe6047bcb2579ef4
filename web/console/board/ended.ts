import { useQuery } from "@tanstack/react-query";
import { api, told } from "../../shared/api/client";
import type { Delivery, LiveMarket } from "../market/live";

/** The newest deliveries that are over: those that ended while we looked, and those from before. */
export function useEnded(market: LiveMarket, marketId: string, limit = 60): Delivery[] {
  const before = useQuery({
    queryKey: ["ended", marketId, limit],
    queryFn: async () =>
      (
        await told(
          api.GET("/staff/v1/deliveries", {
            params: {
              query: { market: marketId, state: ["delivered", "returned", "cancelled", "expired"], limit },
            },
          }),
        )
      ).items,
    refetchInterval: 60_000,
  });
  return (before.data ?? []).filter((one) => !market.deliveries.has(one.id));
}
