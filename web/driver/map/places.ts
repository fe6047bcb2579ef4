import type { Base } from "../../shared/map/base";
import { metresBetween } from "../phone/whereabouts";
import type { Point } from "../types";

/** The name of the place nearest to a point, by the market's own base map; empty when none is within 4 km. */
export function placeNear(base: Base | null, point: Point): string {
  let best = "";
  let least = 4_000;
  for (const feature of base?.features ?? []) {
    const kind = feature.properties?.kind;
    if ((kind !== "place" && kind !== "zip-label") || feature.geometry.type !== "Point") continue;
    const [lng = 0, lat = 0] = feature.geometry.coordinates;
    const far = metresBetween(point, { lat, lng }) * (kind === "place" ? 1 : 2.5); // names before numbers
    if (far < least) {
      least = far;
      best = String(feature.properties?.name ?? "");
    }
  }
  return best;
}
