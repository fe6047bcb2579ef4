import type { Trip } from "../market/live";

/** Ways along the roads for the legs of trips. */
export interface Ways {
  /**
   * Points between the start of a leg and its stop, x and y by turns in Web Mercator; null where no way is known. Of the
   * `first` leg only what still lies before the driver at `x`, `y`.
   */
  leg(trip: Trip, number: number, x: number, y: number, first: boolean): ArrayLike<number> | null;
}
