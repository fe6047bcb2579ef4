import type { DeliveryState } from "./api/client";
import type { MarkName } from "./ui/shapes";

/** The nine states a person sees; the API's are finer. */
const MARK_OF: Record<DeliveryState, MarkName> = {
  requested: "wait",
  batched: "wait",
  assigned: "tostore",
  enroute_to_pickup: "tostore",
  at_pickup: "atstore",
  picked_up: "onway",
  enroute_to_dropoff: "onway",
  at_dropoff: "atdoor",
  delivered: "done",
  attempt_failed: "back",
  enroute_to_return: "back",
  at_return: "back",
  returned: "back",
  cancelled: "off",
  expired: "off",
};

/** The mark of a delivery's state. `asked`: an offer for it is open. */
export function markOf(state: DeliveryState, asked = false): MarkName {
  return asked && (state === "requested" || state === "batched") ? "offer" : MARK_OF[state];
}

/** The board's columns, in the order a delivery passes them. */
export const COLUMNS: readonly MarkName[] = [
  "wait",
  "offer",
  "tostore",
  "atstore",
  "onway",
  "atdoor",
  "done",
  "back",
  "off",
];

/** How a driver looks on the map. */
export type DriverLook = "free" | "asked" | "tostore" | "goods" | "back" | "paused" | "silent";
/** What is drawn over it when a promise is in danger. */
export type Danger = "none" | "risk" | "late";
/** A fix older than this says that the phone is silent. */
export const SILENT_AFTER_S = 60;
