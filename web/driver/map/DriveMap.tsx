import type { Feature, FeatureCollection } from "geojson";
import type { GeoJSONSource } from "maplibre-gl";
import { type ReactNode, useCallback, useEffect, useRef } from "react";
import { useShared } from "../../shared/i18n/react";
import type { Base } from "../../shared/map/base";
import { MapView } from "../../shared/map/MapView";
import type { MapLibreMap, Opened, Palette } from "../../shared/map/open";
import type { Point } from "../types";

/** What is drawn above the base. Lines: `now` the present leg, `next` those after it, `there` the way to the shop. */
export type Scene = {
  glows?: { at: Point; offers: number }[];
  lines?: { from: Point; to: Point; style: "now" | "next" | "there" }[];
  stops?: {
    at: Point;
    kind: "shop" | "door" | "back";
    number: string;
    label: string;
    state: "onway" | "done" | "back";
  }[];
  me?: { at: Point; headingDeg: number | null } | null;
};

type Props = {
  base: Base | null;
  scene: Scene;
  label: string;
  /** What must be seen; null: the whole market. */
  show: Point[] | null;
  padding?: { top: number; bottom: number; left: number; right: number };
  interactive?: boolean;
  children?: ReactNode;
};

const at = ({ lng, lat }: Point): [number, number] => [lng, lat];

function collection(scene: Scene): FeatureCollection {
  const features: Feature[] = [];
  for (const { at: place, offers } of scene.glows ?? []) {
    features.push(dot(place, { kind: "glow", offers, name: String(offers) }));
  }
  for (const { from, to, style } of scene.lines ?? []) {
    features.push({
      type: "Feature",
      properties: { kind: style },
      geometry: { type: "LineString", coordinates: [at(from), at(to)] },
    });
  }
  // A name stands on the side that looks inwards: beside a stop at the edge it would be cut off.
  const lngs = (scene.stops ?? []).map((stop) => stop.at.lng);
  const middle = (Math.min(...lngs) + Math.max(...lngs)) / 2;
  for (const stop of scene.stops ?? []) {
    const side = stop.at.lng > middle ? "right" : "left";
    const image = stop.kind === "shop" ? "shop-open" : `plain-door-${stop.state}`;
    features.push(
      dot(stop.at, {
        kind: "stop",
        image,
        side,
        name: stop.kind === "shop" ? "" : stop.number,
        label: stop.label,
      }),
    );
  }
  if (scene.me) features.push(dot(scene.me.at, { kind: "me", heading: scene.me.headingDeg ?? 0 }));
  return { type: "FeatureCollection", features };
}

const dot = (place: Point, properties: Record<string, unknown>): Feature => ({
  type: "Feature",
  properties,
  geometry: { type: "Point", coordinates: at(place) },
});

const TEXT = ["Figtree Variable", "sans-serif"];
const DOOR = "M-9 12V-2a9 9 0 0 1 18 0V12z";
const ARROW = "M0-9.5 6.8 7.3 0 3.7-6.8 7.3z";

function paint(
  map: MapLibreMap,
  name: string,
  size: number,
  draw: (c: OffscreenCanvasRenderingContext2D) => void,
): void {
  const ratio = Math.min(devicePixelRatio || 1, 3);
  const side = Math.ceil(size * ratio);
  const context = new OffscreenCanvas(side, side).getContext("2d");
  if (!context) return;
  context.scale(side / size, side / size);
  context.translate(size / 2, size / 2);
  context.lineJoin = "round";
  draw(context);
  if (map.hasImage(name)) map.removeImage(name);
  map.addImage(name, context.getImageData(0, 0, side, side), { pixelRatio: ratio });
}

function images(map: MapLibreMap, p: Palette): void {
  paint(map, "me", 44, (c) => {
    c.beginPath();
    c.arc(0, 0, 15, 0, 7);
    c.fillStyle = p.halo;
    c.fill();
    c.strokeStyle = p.door;
    c.lineWidth = 2.5;
    c.stroke();
  });
  paint(map, "me-arrow", 24, (c) => {
    c.fillStyle = p.door;
    c.fill(new Path2D(ARROW));
  });
  for (const state of ["onway", "done", "back"] as const) {
    paint(map, `plain-door-${state}`, 32, (c) => {
      const door = new Path2D(DOOR);
      c.strokeStyle = p.edge;
      c.lineWidth = 2.4;
      c.stroke(door);
      c.fillStyle = p[state];
      c.fill(door);
    });
  }
}

/** The driver's map: the market's own base, where offers were, her trip, and herself. */
export function DriveMap({ base, scene, label, show, padding, interactive = true, children }: Props) {
  const shared = useShared();
  const opened = useRef<Opened | null>(null);
  const latest = useRef({ scene, show, padding });
  latest.current = { scene, show, padding };

  const fit = useCallback((still: boolean) => {
    const { show: wanted, padding: room } = latest.current;
    const map = opened.current?.map;
    if (!map || !wanted?.length) return;
    const lngs = wanted.map((one) => one.lng);
    const lats = wanted.map((one) => one.lat);
    map.fitBounds(
      [
        [Math.min(...lngs), Math.min(...lats)],
        [Math.max(...lngs), Math.max(...lats)],
      ],
      {
        padding: room ?? { top: 60, bottom: 60, left: 50, right: 50 },
        maxZoom: 13.6,
        animate: !still,
        duration: 400,
      },
    );
  }, []);

  const draw = useCallback((map: MapLibreMap, p: Palette) => {
    images(map, p);
    map.addSource("drive", { type: "geojson", data: collection(latest.current.scene) });
    const of = (kind: string) => ["==", ["get", "kind"], kind] as never;
    const radius = ["interpolate", ["linear"], ["get", "offers"], 1, 44, 8, 74] as never;
    map.addLayer({
      id: "glow",
      type: "circle",
      source: "drive",
      filter: of("glow"),
      paint: { "circle-color": p.lamp, "circle-radius": radius, "circle-blur": 1, "circle-opacity": 0.62 },
    });
    map.addLayer({
      id: "glow-core",
      type: "circle",
      source: "drive",
      filter: of("glow"),
      paint: {
        "circle-color": p.lamp,
        "circle-radius": 11,
        "circle-stroke-width": 2,
        "circle-stroke-color": p.halo,
      },
    });
    map.addLayer({
      id: "glow-count",
      type: "symbol",
      source: "drive",
      filter: of("glow"),
      layout: {
        "text-field": ["get", "name"],
        "text-font": TEXT,
        "text-size": 13,
        "text-allow-overlap": true,
      },
      paint: { "text-color": p.onLamp },
    });
    const line = (id: string, colour: string, width: number, dash?: number[]) =>
      map.addLayer({
        id,
        type: "line",
        source: "drive",
        filter: of(id),
        layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": colour, "line-width": width, ...(dash ? { "line-dasharray": dash } : {}) },
      });
    line("there", p.ink2, 2.6, [0.1, 2.2]);
    line("next", p.onway, 3, [0.1, 2]);
    line("now", p.onway, 4.5);
    map.addLayer({
      id: "stops",
      type: "symbol",
      source: "drive",
      filter: of("stop"),
      layout: {
        "icon-image": ["get", "image"],
        "icon-allow-overlap": true,
        "text-field": ["get", "name"],
        "text-font": TEXT,
        "text-size": 13,
        "text-allow-overlap": true,
      },
      paint: { "text-color": p.edge },
    });
    map.addLayer({
      id: "stop-labels",
      type: "symbol",
      source: "drive",
      filter: of("stop"),
      layout: {
        "text-field": ["get", "label"],
        "text-font": TEXT,
        "text-size": 12.5,
        "text-anchor": ["get", "side"],
        "text-offset": [
          "case",
          ["==", ["get", "side"], "right"],
          ["literal", [-1.3, 0]],
          ["literal", [1.3, 0]],
        ],
        "text-optional": true,
      },
      paint: { "text-color": p.ink, "text-halo-color": p.halo, "text-halo-width": 2 },
    });
    map.addLayer({
      id: "me",
      type: "symbol",
      source: "drive",
      filter: of("me"),
      layout: { "icon-image": "me", "icon-allow-overlap": true },
    });
    map.addLayer({
      id: "me-arrow",
      type: "symbol",
      source: "drive",
      filter: of("me"),
      layout: {
        "icon-image": "me-arrow",
        "icon-allow-overlap": true,
        "icon-rotate": ["get", "heading"],
        "icon-rotation-alignment": "map",
      },
    });
  }, []);

  useEffect(() => {
    const map = opened.current?.map;
    map?.getSource<GeoJSONSource>("drive")?.setData(collection(scene));
  }, [scene]);

  const wanted = show?.map((one) => `${one.lat.toFixed(3)} ${one.lng.toFixed(3)}`).join() ?? "";
  // biome-ignore lint/correctness/useExhaustiveDependencies: what must be seen decides, by value
  useEffect(() => fit(false), [wanted]);

  return (
    <MapView
      base={base}
      draw={draw}
      label={label || shared("map.plain")}
      interactive={interactive}
      onOpen={(made) => {
        opened.current = made;
        fit(true);
      }}
    >
      {children}
    </MapView>
  );
}
