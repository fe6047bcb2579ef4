import type { Base } from "./base";

type Point = { lat: number; lng: number };

const METRES_A_DEGREE = 111_195;
const NEAR_M = 4_000;

/** The name of the place nearest to a point, by the market's own base map; empty when none is within 4 km. */
export function placeNear(base: Base | null, point: Point): string {
  let best = "";
  let least = NEAR_M;
  const narrow = Math.cos((point.lat * Math.PI) / 180);
  for (const feature of base?.features ?? []) {
    const kind = feature.properties?.kind;
    if ((kind !== "place" && kind !== "zip-label") || feature.geometry.type !== "Point") continue;
    const [lng = 0, lat = 0] = feature.geometry.coordinates;
    const metres = Math.hypot((lng - point.lng) * narrow, lat - point.lat) * METRES_A_DEGREE;
    const far = metres * (kind === "place" ? 1 : 2.5); // names before numbers
    if (far < least) {
      least = far;
      best = String(feature.properties?.name ?? "");
    }
  }
  return best;
}
