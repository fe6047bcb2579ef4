import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, type DeliveryWhole, Refusal, told } from "../../shared/api/client";

/** How one delivery with its timeline is read. */
export const wholeOf = (id: string) =>
  queryOptions({
    queryKey: ["whole", id],
    queryFn: () =>
      told(api.GET("/staff/v1/deliveries/{delivery_id}", { params: { path: { delivery_id: id } } })),
    retry: (count, error) => error instanceof Refusal && error.passing && count < 3,
  });

/** One delivery with its timeline; nothing is asked for an empty id. */
export const useWhole = (id: string) => useQuery({ ...wholeOf(id), enabled: Boolean(id) });

export type TermsDocument = {
  currency: string;
  distance_m: number;
  minutes: number;
  base_minor: number;
  incentive_minor: number;
  tip_minor: number;
  total_minor: number;
  shown_at: string;
  expires_at: string;
  reason: string;
  pickups: { name: string }[];
  drops: {
    items: number;
    weight_g: number;
    due_at: string;
    base_minor: number;
    incentive_minor: number;
    tip_minor: number;
  }[];
};

export type Facts = Record<string, unknown>;
export const text = (facts: Facts, name: string): string =>
  typeof facts[name] === "string" ? facts[name] : "";
export const termsOf = (facts: Facts): TermsDocument | null =>
  facts.terms && typeof facts.terms === "object" ? (facts.terms as TermsDocument) : null;

/** What a driver keeps when it is taken from her before pickup: her part of the accepted offer, or all of it. */
export function keptMinor(whole: DeliveryWhole, trip: boolean): number | null {
  const taken = whole.timeline.filter((line) => line.what === "offer.accepted").at(-1);
  const shown = whole.timeline.find(
    (line) => line.kind === "offer" && taken && line.facts.offer === taken.facts.offer,
  );
  const terms = shown && termsOf(shown.facts);
  if (!terms) return null;
  if (trip) return terms.total_minor;
  const drop =
    terms.drops.length === 1
      ? terms.drops[0]
      : terms.drops.find((one) => Date.parse(one.due_at) === Date.parse(whole.delivery.due_at));
  return drop ? drop.base_minor + drop.incentive_minor + drop.tip_minor : null;
}
