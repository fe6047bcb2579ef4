import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import { api, told } from "../api/client";
import type { Palette } from "./palette";

/** Where the operator's street map is drawn, and how closely: `GET /tiles`. */
export type Streets = { min_zoom: number; max_zoom: number; bounds: [number, number, number, number] };

let asked: Promise<Streets | null> | null = null;

/** The street map, asked for once a page; null where there is none, or no line to ask over. */
export function streetsOf(): Promise<Streets | null> {
  asked ??= told(api.GET("/tiles"))
    .then(({ coverage }) => coverage as Streets | null)
    .catch(() => {
      asked = null; // with a line again, the next map asks anew
      return null;
    });
  return asked;
}

const TEXT = ["Figtree Variable", "sans-serif"];
const round = { "line-cap": "round", "line-join": "round" } as const;
const MOTORWAY = ["motorway", "trunk"];
const ARTERIAL = ["primary", "secondary", "tertiary"];
const LOCAL = ["minor", "service"];
/** Of the market's own base these give way to the tiles. */
const REPLACED = new Set(
  "airport park water river local arterial-case arterial motorway-case motorway place".split(" "),
);

const isOneOf = (field: string, values: string[]) => ["in", ["get", field], ["literal", values]] as never;
const name = ["coalesce", ["get", "name:latin"], ["get", "name"]] as never;
const wide = (px: number) =>
  ["interpolate", ["exponential", 1.45], ["zoom"], 8, px * 0.35, 12, px, 16, px * 5] as never;

/**
 * The market's own base with streets, water and parks of the tiles (OpenMapTiles schema) in the place of its sketch:
 * land and ZIP tint stay below, ZIP labels above. Labels use the page's own fonts.
 */
export function withStreets(own: StyleSpecification, streets: Streets, p: Palette): StyleSpecification {
  const road = (id: string, classes: string[], color: string, px: number, minzoom: number) =>
    ({
      id,
      type: "line",
      source: "streets",
      "source-layer": "transportation",
      filter: isOneOf("class", classes),
      minzoom,
      layout: round,
      paint: { "line-color": color, "line-width": wide(px) },
    }) satisfies LayerSpecification;
  const area = (id: string, layer: string, color: string, filter?: never) =>
    ({
      id,
      type: "fill",
      source: "streets",
      "source-layer": layer,
      ...(filter ? { filter } : {}),
      paint: { "fill-color": color },
    }) satisfies LayerSpecification;
  const drawn: LayerSpecification[] = [
    area("street-aeroway", "aeroway", p.airport),
    area("street-wood", "landcover", p.park, isOneOf("class", ["wood", "grass"])),
    area("street-park", "park", p.park),
    area("street-water", "water", p.water),
    {
      id: "street-waterway",
      type: "line",
      source: "streets",
      "source-layer": "waterway",
      layout: round,
      paint: { "line-color": p.water, "line-width": wide(1.6) },
    },
    {
      ...area("street-building", "building", p.local),
      minzoom: 14,
      paint: { "fill-color": p.local, "fill-opacity": 0.55 },
    },
    road("street-local", LOCAL, p.local, 1, 12),
    road("street-arterial-case", ARTERIAL, p.arterialCase, 2.4, 9),
    road("street-arterial", ARTERIAL, p.arterial, 1.4, 9),
    road("street-motorway-case", MOTORWAY, p.motorwayCase, 4.2, 6),
    road("street-motorway", MOTORWAY, p.motorway, 2.8, 6),
    {
      id: "street-name",
      type: "symbol",
      source: "streets",
      "source-layer": "transportation_name",
      minzoom: 13,
      layout: { "symbol-placement": "line", "text-field": name, "text-font": TEXT, "text-size": 10.5 },
      paint: { "text-color": p.label, "text-halo-color": p.halo, "text-halo-width": 1.4 },
    },
    {
      id: "street-place",
      type: "symbol",
      source: "streets",
      "source-layer": "place",
      minzoom: 8,
      layout: { "text-field": name, "text-font": TEXT, "text-size": 11.5, "text-padding": 8 },
      paint: { "text-color": p.label, "text-halo-color": p.halo, "text-halo-width": 1.6 },
    },
  ];
  const kept = own.layers.filter(({ id }) => !REPLACED.has(id));
  const above = kept.findIndex(({ type }) => type === "symbol");
  const at = above < 0 ? kept.length : above;
  return {
    ...own,
    sources: {
      ...own.sources,
      streets: {
        type: "vector",
        tiles: [`${location.origin}/tiles/{z}/{x}/{y}`],
        minzoom: streets.min_zoom,
        maxzoom: streets.max_zoom,
        bounds: streets.bounds,
      },
    },
    layers: [...kept.slice(0, at), ...drawn, ...kept.slice(at)],
  };
}
