import type { GeoJSONSource, MapLibreMap } from "maplibre-gl";
import type { Palette } from "../../shared/map/palette";
import { marketNow } from "../market/clock";
import type { LiveMarket } from "../market/live";
import type { Choice } from "./scene";

const LABELS = "console-labels";
const COVERED = "console-covered";
const MOST_LABELS = 40;
/** More names than this would be written over each other: then those give way that would. The chosen one's never do. */
const MOST_ALWAYS = 10;
/** So near to one that is written, another would be written over it. */
const WIDE_PX = 110;
const HIGH_PX = 15;
/** With more marks than this the ground is full anyway, and laying out what they cover would take time from them. */
const MOST_COVERING = 300;
const MARK_PX = 16;

/** Texts that stand on the map, made by who knows the language. */
export type Speech = {
  asked: (name: string, seconds: number) => string;
  silent: (name: string, ageS: number) => string;
  age: (ageS: number) => string;
};

/**
 * The layers of names beside marks: those that must be read, those that give way to others, and one that draws nothing
 * and keeps the names of the ground from standing under marks.
 */
export function addLabels(map: MapLibreMap, palette: Palette): void {
  const none: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };
  map.addSource(COVERED, { type: "geojson", data: none });
  if (!map.hasImage("nothing")) {
    map.addImage("nothing", { width: MARK_PX, height: MARK_PX, data: new Uint8Array(MARK_PX * MARK_PX * 4) });
  }
  map.addLayer({
    id: COVERED,
    type: "symbol",
    source: COVERED,
    layout: { "icon-image": "nothing", "icon-allow-overlap": true, "icon-padding": 0 },
  });
  map.addSource(LABELS, { type: "geojson", data: none });
  for (const always of [false, true]) {
    map.addLayer({
      id: always ? `${LABELS}-always` : LABELS,
      type: "symbol",
      source: LABELS,
      filter: ["==", ["get", "always"], always],
      layout: {
        "text-field": ["get", "text"],
        "text-font": ["Figtree Variable", "sans-serif"],
        "text-size": 11,
        "text-offset": ["get", "offset"],
        "text-anchor": "top",
        "text-allow-overlap": always,
        "text-padding": 1,
        "symbol-sort-key": ["get", "rank"],
      },
      paint: {
        "text-color": ["match", ["get", "tone"], "late", palette.late, "quiet", palette.ink2, palette.ink],
        "text-halo-color": palette.halo,
        "text-halo-width": 1.6,
      },
    });
  }
}

/** Tells the ground where marks stand: what they would cover of its names is not written. */
function layCovered(map: MapLibreMap, market: LiveMarket): void {
  const covering: [number, number][] = [];
  for (const one of market.stores.values()) covering.push([one.lng, one.lat]);
  for (const one of market.places.values()) covering.push([one.lng, one.lat]);
  for (const one of market.deliveries.values()) if (!one.over) covering.push([one.lng, one.lat]);
  const features: GeoJSON.Feature[] = (covering.length > MOST_COVERING ? [] : covering).map(
    (coordinates) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates },
      properties: {},
    }),
  );
  (map.getSource(COVERED) as GeoJSONSource | undefined)?.setData({ type: "FeatureCollection", features });
}

/** Says who is being asked and how long, who is silent, and the chosen trip's shop and doors in order. */
export function layLabels(
  map: MapLibreMap,
  market: LiveMarket,
  speech: Speech,
  chosen: Choice,
  driver: string,
): void {
  const source = map.getSource(LABELS) as GeoJSONSource | undefined;
  if (!source) return;
  const now = marketNow();
  const features: GeoJSON.Feature[] = [];
  const say = (
    lng: number,
    lat: number,
    text: string,
    rank: number,
    tone: string,
    offset: [number, number],
  ) =>
    features.push({
      type: "Feature",
      geometry: { type: "Point", coordinates: [lng, lat] },
      properties: { text, rank, tone, offset },
    });
  for (const place of market.places.values()) {
    if (place.driver === driver) continue; // she has her own tag
    const look = market.lookOf(place.driver, now);
    if (!look) continue;
    const name = market.drivers.get(place.driver)?.name.split(" ")[0] ?? "";
    const ageS = (now - place.atMs) / 1000;
    if (look === "asked") {
      const offer = market.asked.get(place.driver);
      const left = offer ? Math.max(0, Math.round((Date.parse(offer.expires_at) - now) / 1000)) : 0;
      say(place.lng, place.lat, speech.asked(name, left), 2, "ink", [0, 1.25]);
    } else if (look === "silent") {
      say(place.lng, place.lat, speech.silent(name, ageS), 3, "late", [0, 1.4]);
    }
    if (features.length >= MOST_LABELS) break;
  }
  const trip = market.tripOf.get(driver);
  const one = chosen?.kind === "delivery" ? market.deliveries.get(chosen.id) : undefined;
  if (one) {
    const store = market.stores.get(one.store);
    if (store) say(store.lng, store.lat, store.name.split(",")[0] ?? "", 1, "ink", [0, 1]);
  }
  if (trip && map.getZoom() > 9) {
    let number = 0;
    for (const stop of trip.stops) {
      if (stop.kind !== "drop" || stop.state === "off") continue;
      number += 1;
      if (stop.state === "open" || stop.state === "reached") {
        say(stop.lng, stop.lat, String(number), 0, "ink", [0, -2.4]);
      }
    }
  }
  const few = features.length <= MOST_ALWAYS;
  const written: { x: number; y: number }[] = [];
  for (const { geometry, properties } of features) {
    if (geometry.type !== "Point" || !properties) continue;
    const { x, y } = map.project(geometry.coordinates as [number, number]);
    const free =
      few && !written.some((one) => Math.abs(one.x - x) < WIDE_PX && Math.abs(one.y - y) < HIGH_PX);
    properties.always = properties.rank < 2 || free;
    if (properties.always) written.push({ x, y });
  }
  source.setData({ type: "FeatureCollection", features });
  layCovered(map, market);
}
