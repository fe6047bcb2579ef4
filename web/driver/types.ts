import type { components, paths } from "../shared/api/client";

type Read<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { "application/json": infer Told } } } };
}
  ? Told
  : never;

export type Trip = Read<"/driver/v1/trips/{trip_id}">;
export type Stop = Trip["stops"][number];
export type Carried = Trip["deliveries"][number];
export type Offer = Read<"/driver/v1/offers/{offer_id}">;
export type Me = Read<"/driver/v1/me">;
export type Current = Read<"/driver/v1/trips/current">;
export type Zones = Read<"/driver/v1/zones">;
export type Earnings = Read<"/driver/v1/earnings">;
export type Work = Earnings["work"][number];
export type Pace = components["schemas"]["Pace"];
export type ProofKind = Carried["proofs"][number];
export type Point = { lat: number; lng: number };
