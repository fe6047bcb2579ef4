import { useQuery } from "@tanstack/react-query";
import { api, told } from "../../shared/api/client";
import type { Base } from "../../shared/map/base";

/** The market's own base map, read once. */
export const useBase = (marketId: string) =>
  useQuery({
    queryKey: ["base", marketId],
    queryFn: async () =>
      (await told(
        api.GET("/staff/v1/markets/{market_id}/base", { params: { path: { market_id: marketId } } }),
      )) as unknown as Base,
    staleTime: Number.POSITIVE_INFINITY,
  });
