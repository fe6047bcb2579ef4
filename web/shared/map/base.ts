import type { FeatureCollection } from "geojson";
import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { Palette } from "./palette";
import { type Streets, withStreets } from "./streets";

/** The market's own base map: `GET /public/v1/markets/{id}/base`. Each feature has a `kind`. */
export type Base = FeatureCollection & { name?: string; note?: string; credit?: string };

const KINDS = {
  zip: ["==", ["get", "kind"], "zip"],
  outline: ["==", ["get", "kind"], "outline"],
  green: ["==", ["get", "kind"], "park"],
  airport: ["==", ["get", "kind"], "airport"],
  water: ["==", ["get", "kind"], "water"],
  river: ["==", ["get", "kind"], "river"],
  local: ["==", ["get", "kind"], "local"],
  arterial: ["==", ["get", "kind"], "arterial"],
  motorway: ["==", ["get", "kind"], "motorway"],
  place: ["==", ["get", "kind"], "place"],
  zipLabel: ["==", ["get", "kind"], "zip-label"],
} as const;

const TEXT = ["Figtree Variable", "sans-serif"];
const round = { "line-cap": "round", "line-join": "round" } as const;

/** Line widths grow with the zoom as in the mock-ups: `px` at zoom 12. */
const wide = (px: number): ["interpolate", ["exponential", number], ["zoom"], ...number[]] => [
  "interpolate",
  ["exponential", 1.45],
  ["zoom"],
  8,
  px * 0.42,
  12,
  px,
  16,
  px * 4,
];

/**
 * The base drawn from the market's own data: land, ZIP cells by households, parks, water, roads, labels, in this
 * order. No tiles and no glyphs: labels use the page's own fonts. Everything else is drawn above it.
 */
export function styleOf(base: Base, p: Palette, streets: Streets | null = null): StyleSpecification {
  const layers: LayerSpecification[] = [
    { id: "land", type: "background", paint: { "background-color": p.land } },
    {
      id: "zip",
      type: "fill",
      source: "base",
      filter: KINDS.zip as never,
      paint: {
        "fill-color": ["match", ["get", "step"], 3, p.zip3, 2, p.zip2, p.zip1],
        "fill-antialias": false,
      },
    },
    {
      id: "zip-edge",
      type: "line",
      source: "base",
      filter: KINDS.zip as never,
      layout: round,
      paint: { "line-color": p.zipLine, "line-width": 1, "line-dasharray": [0.1, 4] },
    },
    {
      id: "airport",
      type: "fill",
      source: "base",
      filter: KINDS.airport as never,
      paint: { "fill-color": p.airport },
    },
    {
      id: "park",
      type: "fill",
      source: "base",
      filter: KINDS.green as never,
      paint: { "fill-color": p.park },
    },
    {
      id: "water",
      type: "fill",
      source: "base",
      filter: KINDS.water as never,
      paint: { "fill-color": p.water },
    },
    {
      id: "river",
      type: "line",
      source: "base",
      filter: KINDS.river as never,
      layout: round,
      paint: { "line-color": p.water, "line-width": wide(7) },
    },
    {
      id: "local",
      type: "line",
      source: "base",
      filter: KINDS.local as never,
      minzoom: 13,
      layout: round,
      paint: { "line-color": p.local, "line-width": wide(1) },
    },
    {
      id: "arterial-case",
      type: "line",
      source: "base",
      filter: KINDS.arterial as never,
      layout: round,
      paint: { "line-color": p.arterialCase, "line-width": wide(2.6) },
    },
    {
      id: "arterial",
      type: "line",
      source: "base",
      filter: KINDS.arterial as never,
      layout: round,
      paint: { "line-color": p.arterial, "line-width": wide(1.5) },
    },
    {
      id: "motorway-case",
      type: "line",
      source: "base",
      filter: KINDS.motorway as never,
      layout: round,
      paint: { "line-color": p.motorwayCase, "line-width": wide(4.6) },
    },
    {
      id: "motorway",
      type: "line",
      source: "base",
      filter: KINDS.motorway as never,
      layout: round,
      paint: { "line-color": p.motorway, "line-width": wide(3) },
    },
    {
      id: "zip-label",
      type: "symbol",
      source: "base",
      filter: KINDS.zipLabel as never,
      minzoom: 10.5,
      layout: {
        "text-field": ["get", "name"],
        "text-font": TEXT,
        "text-size": 9.5,
        "text-letter-spacing": 0.06,
        "symbol-sort-key": ["-", 0, ["get", "households"]],
        "text-padding": 14,
      },
      paint: { "text-color": p.zipLabel, "text-halo-color": p.halo, "text-halo-width": 1.5 },
    },
    {
      id: "place",
      type: "symbol",
      source: "base",
      filter: KINDS.place as never,
      minzoom: 9.5,
      layout: { "text-field": ["get", "name"], "text-font": TEXT, "text-size": 11.5, "text-padding": 8 },
      paint: { "text-color": p.label, "text-halo-color": p.halo, "text-halo-width": 1.6 },
    },
  ];
  const own: StyleSpecification = {
    version: 8,
    sources: { base: { type: "geojson", data: base } },
    layers,
  };
  return streets ? withStreets(own, streets, p) : own;
}

/** Where the market lies: `[[west, south], [east, north]]` of its busiest cells, so that the first look is the city. */
export function boundsOf(base: Base, share = 0.8): [[number, number], [number, number]] {
  const points: { at: [number, number]; weight: number }[] = [];
  for (const feature of base.features) {
    if (feature.properties?.kind === "zip-label" && feature.geometry.type === "Point") {
      const [lng = 0, lat = 0] = feature.geometry.coordinates;
      points.push({ at: [lng, lat], weight: Number(feature.properties.households) || 1 });
    }
  }
  if (points.length < 3) return ringBounds(base);
  const total = points.reduce((sum, p) => sum + p.weight, 0);
  const middle = [0, 1].map((axis) => {
    const ordered = [...points].sort((a, b) => (a.at[axis] ?? 0) - (b.at[axis] ?? 0));
    let left = total / 2; // the weighted median
    for (const p of ordered) {
      left -= p.weight;
      if (left <= 0) return p.at[axis];
    }
    return 0;
  }) as [number, number];
  const near = points
    .map((p) => ({ ...p, far: Math.hypot(p.at[0] - middle[0], (p.at[1] - middle[1]) * 1.24) }))
    .sort((a, b) => a.far - b.far);
  let sum = 0;
  const kept: [number, number][] = [];
  for (const p of near) {
    kept.push(p.at);
    sum += p.weight;
    if (sum >= total * share) break;
  }
  return box(kept);
}

function ringBounds(base: Base): [[number, number], [number, number]] {
  const ring = base.features.find((f) => f.properties?.kind === "outline")?.geometry;
  return box(ring?.type === "Polygon" ? ((ring.coordinates[0] ?? []) as [number, number][]) : []);
}

function box(points: [number, number][]): [[number, number], [number, number]] {
  if (!points.length)
    return [
      [-125, 25],
      [-67, 49],
    ]; // a market without an outline: the country
  const lngs = points.map((p) => p[0]);
  const lats = points.map((p) => p[1]);
  return [
    [Math.min(...lngs), Math.min(...lats)],
    [Math.max(...lngs), Math.max(...lats)],
  ];
}
