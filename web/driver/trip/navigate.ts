import type { Point } from "../types";

/** An address that the phone's own navigation takes: geo: on Android (RFC 5870), Apple's maps, else a map's directions. */
export function navigationTo(place: Point, label: string): string {
  const where = `${place.lat.toFixed(6)},${place.lng.toFixed(6)}`;
  const agent = navigator.userAgent;
  if (/Android/.test(agent)) return `geo:${where}?q=${where}(${encodeURIComponent(label)})`;
  if (/iPhone|iPad|Macintosh.*Mobile/.test(agent)) return `https://maps.apple.com/?daddr=${where}&dirflg=d`;
  return `https://www.openstreetmap.org/directions?to=${encodeURIComponent(where)}`;
}
