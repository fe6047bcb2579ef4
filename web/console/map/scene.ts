import type { GeoJSONSource, MapLibreMap } from "maplibre-gl";
import { badgeImage, doorImage, driverImage, type MarkImage, markImages } from "../../shared/map/marks";
import type { Palette } from "../../shared/map/palette";
import type { MarkName } from "../../shared/ui/shapes";
import type { Show } from "../address";
import { marketNow, recentSpeed } from "../market/clock";
import { type Delivery, isOver, type LiveMarket, type Place, type Topic } from "../market/live";
import {
  type Anchor,
  LINE_VALUES,
  LinesLayer,
  MARK_VALUES,
  MarksLayer,
  mercatorX,
  mercatorY,
  Sheet,
} from "./gl";

/** Marks glide fifteen times a second: nobody sees more at their speed, and the map rests in between. */
const FRAME_MS = 66;
const LABELS_EVERY_MS = 1000;
const MOST_LABELS = 40;
const MOST_PULSES = 20;
const PULSE_MS = 2400;
const DOTS_BELOW_ZOOM = 9.6;
const HIT_PX = 16;
const LABELS = "console-labels";

export type Choice = { kind: "delivery" | "driver"; id: string } | null;
/** Texts that stand on the map, made by who knows the language. */
export type Speech = {
  asked: (name: string, seconds: number) => string;
  silent: (name: string, ageS: number) => string;
  age: (ageS: number) => string;
};
export type Timing = (name: string, ms: number) => void;

type Hit = { kind: "delivery" | "driver"; id: string; x: number; y: number };

/**
 * What of a market is drawn above the base: lines of trips, shops, doors, drivers, badges, pulses of offers. Doors
 * and shops are laid out when they change, drivers and lines as they move.
 */
export class Scene {
  show: Show = "all";
  found: ReadonlySet<string> | null = null;
  chosen: Choice = null;
  speech: Speech | null = null;
  timing: Timing | null = null;
  onFrame: (() => void) | null = null;
  readonly hits: Hit[] = [];

  private anchor: Anchor = { x: 0, y: 0 };
  private lines: LinesLayer | null = null;
  private doors: MarksLayer | null = null;
  private movers: MarksLayer | null = null;
  private sheet: Sheet | null = null;
  private palette: Palette | null = null;
  private tints = new Map<string, [number, number, number]>();
  private map: MapLibreMap | null = null;
  private doorValues = new Float32Array(MARK_VALUES * 1024);
  private moverValues = new Float32Array(MARK_VALUES * 512);
  private lineValues = new Float32Array(LINE_VALUES * 512);
  private doorHits: Hit[] = [];
  private moverHits: Hit[] = [];
  private stale = true;
  private labelsAt = 0;
  private timer: ReturnType<typeof setInterval> | undefined;
  private off: (() => void) | null = null;
  private small = false;
  private readonly still = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(private readonly market: LiveMarket) {}

  /** Puts the layers onto a fresh style. */
  draw(map: MapLibreMap, palette: Palette): void {
    const middle = map.getCenter();
    this.map = map;
    this.palette = palette;
    this.tints.clear();
    this.anchor = { x: mercatorX(middle.lng), y: mercatorY(middle.lat) };
    this.sheet = new Sheet([...markImages(palette), ...pulseImages(palette)]);
    this.lines = new LinesLayer("console-lines", this.anchor);
    this.doors = new MarksLayer("console-doors", this.anchor, this.sheet);
    this.movers = new MarksLayer("console-drivers", this.anchor, this.sheet);
    for (const layer of [this.lines, this.doors, this.movers]) map.addLayer(layer);
    map.addSource(LABELS, { type: "geojson", data: { type: "FeatureCollection", features: [] } });
    map.addLayer({
      id: LABELS,
      type: "symbol",
      source: LABELS,
      layout: {
        "text-field": ["get", "text"],
        "text-font": ["Figtree Variable", "sans-serif"],
        "text-size": 11,
        "text-offset": ["get", "offset"],
        "text-anchor": "top",
        "text-allow-overlap": ["get", "always"] as never,
        "text-padding": 1,
        "symbol-sort-key": ["get", "rank"],
      },
      paint: {
        "text-color": ["match", ["get", "tone"], "late", palette.late, "quiet", palette.ink2, palette.ink],
        "text-halo-color": palette.halo,
        "text-halo-width": 1.6,
      },
    });
    this.stale = true;
    this.start();
  }

  private start(): void {
    if (this.off) return;
    this.off = this.market.onChange((topic: Topic) => {
      if (topic !== "places" && topic !== "counts") this.stale = true;
    });
    this.timer = setInterval(() => this.step(), FRAME_MS);
    this.step();
  }

  stop(): void {
    clearInterval(this.timer);
    this.off?.();
    this.off = null;
    this.map = null;
  }

  /** Something that is not the market's has changed: a filter, the choice, the language. */
  again(): void {
    this.stale = true;
    this.labelsAt = 0;
    this.step();
  }

  private lastMoveAt = 0;

  step(): void {
    const map = this.map;
    if (!map || document.visibilityState === "hidden") return;
    const began = performance.now();
    const small = map.getZoom() < DOTS_BELOW_ZOOM;
    const moving = this.moves(began);
    if (!this.stale && !moving && small === this.small) return;
    this.small = small;
    if (this.stale) {
      this.layDoors();
      this.stale = false;
    }
    this.layMovers(began);
    if (began - this.labelsAt > LABELS_EVERY_MS) {
      this.labelsAt = began;
      this.layLabels();
    }
    this.timing?.("scene", performance.now() - began);
    map.triggerRepaint();
    this.onFrame?.();
  }

  /** Whether anything glides or pulses now, or a second has passed. */
  private moves(now: number): boolean {
    if (now - this.lastMoveAt > LABELS_EVERY_MS) {
      this.lastMoveAt = now;
      return true;
    }
    if (this.still.matches) return false;
    if (this.market.offers.size > 0) return true;
    return now - this.market.heardAt < 1200;
  }

  private tint(name: keyof Palette): [number, number, number] {
    const known = this.tints.get(name);
    if (known) return known;
    const text = this.palette?.[name] ?? "#000";
    const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text)?.[1] ?? "000000";
    const whole = hex.length === 3 ? [...hex].map((c) => c + c).join("") : hex;
    const parts = [0, 2, 4].map((from) => Number.parseInt(whole.slice(from, from + 2), 16) / 255);
    const made: [number, number, number] = [parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 0];
    this.tints.set(name, made);
    return made;
  }

  private shown(one: Delivery, mark: MarkName, danger: string): boolean {
    if (this.found && !this.found.has(one.id)) return false;
    if (this.show === "risk") return danger !== "none";
    if (this.show === "offers") return mark === "offer";
    return this.show !== "free";
  }

  private layDoors(): void {
    const { market, anchor, sheet } = this;
    if (!sheet) return;
    const now = marketNow();
    const most = market.deliveries.size * 2 + market.stores.size + 4;
    if (this.doorValues.length < most * MARK_VALUES)
      this.doorValues = new Float32Array(most * MARK_VALUES * 1.5);
    const values = this.doorValues;
    let count = 0;
    this.doorHits = [];
    const put = (x: number, y: number, image: string, size = 1, alpha = 1): void => {
      const cell = sheet.cells.get(image);
      if (cell === undefined) return;
      values.set([x, y, 0, cell, size, alpha], count * MARK_VALUES);
      count += 1;
    };
    const chosen = this.chosen?.kind === "delivery" ? this.chosen.id : "";
    const chosenOne = market.deliveries.get(chosen);
    for (const store of market.stores.values()) {
      const x = mercatorX(store.lng) - anchor.x;
      const y = mercatorY(store.lat) - anchor.y;
      put(x, y, chosenOne?.store === store.id ? "shop-open" : "shop", this.small ? 0.6 : 0.85);
    }
    const last: [number, number, string, number][] = [];
    for (const one of market.deliveries.values()) {
      if (isOver(one) && one.id !== chosen) continue;
      const mark = market.markOf(one);
      const danger = market.dangerOf(one, now);
      if (!this.shown(one, mark, danger) && one.id !== chosen) continue;
      const x = mercatorX(one.lng) - anchor.x;
      const y = mercatorY(one.lat) - anchor.y;
      this.doorHits.push({ kind: "delivery", id: one.id, x, y });
      if (one.id === chosen) last.push([x, y, doorImage(mark, danger), 1.5]);
      else if (this.small && danger === "none") put(x, y, `dot-${mark}`);
      else if (danger !== "none") last.push([x, y, doorImage(mark, danger), 1]);
      else put(x, y, doorImage(mark));
    }
    for (const [x, y, image, size] of last) put(x, y, image, size); // what needs somebody stands above the rest
    this.doors?.set(values, count);
  }

  /** Where a driver is drawn: on the way from the fix before, for as long as that took, then still. */
  private whereIs(place: Place, now: number): [number, number] {
    const share = this.still.matches ? 1 : Math.min(1, (now - place.heardAt) / 1000);
    const lng = place.fromLng + (place.lng - place.fromLng) * share;
    const lat = place.fromLat + (place.lat - place.fromLat) * share;
    return [mercatorX(lng) - this.anchor.x, mercatorY(lat) - this.anchor.y];
  }

  private layMovers(began: number): void {
    const { market, sheet } = this;
    if (!sheet) return;
    const now = marketNow();
    market.silentAfterMs = 60_000 * recentSpeed();
    const most = market.places.size * 3 + MOST_PULSES * 2 + 4;
    if (this.moverValues.length < most * MARK_VALUES)
      this.moverValues = new Float32Array(most * MARK_VALUES * 1.5);
    const values = this.moverValues;
    let count = 0;
    const put = (x: number, y: number, turn: number, image: string, size = 1, alpha = 1): void => {
      const cell = sheet.cells.get(image);
      if (cell === undefined) return;
      const from = count * MARK_VALUES;
      values[from] = x;
      values[from + 1] = y;
      values[from + 2] = turn;
      values[from + 3] = cell;
      values[from + 4] = size;
      values[from + 5] = alpha;
      count += 1;
    };
    this.moverHits = [];
    this.lineCount = 0;
    const chosenDriver = this.chosenDriver();
    const dim = this.chosen ? 0.4 : 0.8;
    let pulses = 0;
    for (const place of market.places.values()) {
      const look = market.lookOf(place.driver, now);
      if (!look) continue;
      const asked = look === "asked";
      const chosen = place.driver === chosenDriver;
      if (!chosen && this.show === "free" && look !== "free") continue;
      if (!chosen && this.show === "offers" && !asked) continue;
      const [x, y] = this.whereIs(place, began);
      const trip = market.tripOf.get(place.driver);
      const danger = trip
        ? this.dangerOfTrip(
            trip.stops.flatMap((stop) => stop.deliveries),
            now,
          )
        : "none";
      if (!chosen && this.show === "risk" && danger === "none") continue;
      if (trip) this.layTrip(x, y, place.driver, chosen, look === "goods", danger, dim);
      if (asked || market.asked.has(place.driver)) {
        this.layAsk(x, y, place.driver);
        if (pulses < MOST_PULSES) {
          pulses += 1;
          put(x, y, 0, "pulse", 0.6, 0.9);
          const phase = ((began + pulses * 320) % PULSE_MS) / PULSE_MS;
          if (this.still.matches) put(x, y, 0, "pulse", 0.85, 0.5);
          else put(x, y, 0, "pulse", 0.6 + phase * 0.6, 0.8 * (1 - phase));
        }
      }
      const turn = ((place.heading_deg ?? 0) * Math.PI) / 180;
      if (chosen) put(x, y, 0, "selected");
      put(x, y, asked ? 0 : turn, driverImage(look), chosen ? 1.2 : this.small ? 0.8 : 1);
      if (danger !== "none") put(x + 9 / this.worldPx(), y - 9 / this.worldPx(), 0, badgeImage(danger), 0.8);
      this.moverHits.push({ kind: "driver", id: place.driver, x, y });
    }
    this.movers?.set(values, count);
    this.lines?.set(this.lineValues, this.lineCount);
  }

  private lineCount = 0;

  private worldPx(): number {
    return 512 * 2 ** (this.map?.getZoom() ?? 10);
  }

  private line(
    ax: number,
    ay: number,
    bx: number,
    by: number,
    tint: [number, number, number],
    alpha: number,
    width: number,
    step: number,
  ): void {
    if (this.lineValues.length < (this.lineCount + 1) * LINE_VALUES) {
      const wider = new Float32Array(this.lineValues.length * 2);
      wider.set(this.lineValues);
      this.lineValues = wider;
    }
    const from = this.lineCount * LINE_VALUES;
    const values = this.lineValues;
    values[from] = ax;
    values[from + 1] = ay;
    values[from + 2] = bx;
    values[from + 3] = by;
    values[from + 4] = tint[0];
    values[from + 5] = tint[1];
    values[from + 6] = tint[2];
    values[from + 7] = alpha;
    values[from + 8] = width;
    values[from + 9] = step;
    this.lineCount += 1;
  }

  /** The present leg solid, the next ones dotted; the chosen trip on a wide edge. */
  private layTrip(
    x: number,
    y: number,
    driver: string,
    chosen: boolean,
    goods: boolean,
    danger: string,
    dim: number,
  ): void {
    const trip = this.market.tripOf.get(driver);
    if (!trip) return;
    const tint = this.tint(
      danger === "late" ? "late" : danger === "risk" ? "risk" : goods ? "onway" : "tostore",
    );
    const edge = this.tint("edge");
    let [fromX, fromY] = [x, y];
    let first = true;
    for (const stop of trip.stops) {
      if (stop.state !== "open" && stop.state !== "reached") continue;
      const toX = mercatorX(stop.lng) - this.anchor.x;
      const toY = mercatorY(stop.lat) - this.anchor.y;
      if (chosen) {
        if (first) this.line(fromX, fromY, toX, toY, edge, 1, 8, 0);
        this.line(fromX, fromY, toX, toY, tint, 1, 4.5, first ? 0 : 8);
      } else this.line(fromX, fromY, toX, toY, tint, dim, first ? 2.2 : 1.9, first ? 0 : 5);
      [fromX, fromY] = [toX, toY];
      first = false;
    }
  }

  /** From a driver who is being asked to the shop she is asked about. */
  private layAsk(x: number, y: number, driver: string): void {
    const one = this.market.deliveries.get(this.market.asked.get(driver)?.deliveries[0] ?? "");
    if (!one) return;
    const toX = mercatorX(one.pickup_lng) - this.anchor.x;
    const toY = mercatorY(one.pickup_lat) - this.anchor.y;
    this.line(x, y, toX, toY, this.tint("lamp"), 1, 2.2, 6);
  }

  private dangerOfTrip(ids: string[], now: number): "none" | "risk" | "late" {
    let worst: "none" | "risk" | "late" = "none";
    for (const id of ids) {
      const one = this.market.deliveries.get(id);
      const danger = one ? this.market.dangerOf(one, now) : "none";
      if (danger === "late") return "late";
      if (danger === "risk") worst = "risk";
    }
    return worst;
  }

  chosenDriver(): string {
    if (this.chosen?.kind === "driver") return this.chosen.id;
    if (this.chosen?.kind === "delivery") return this.market.deliveries.get(this.chosen.id)?.driver ?? "";
    return "";
  }

  private layLabels(): void {
    const { market, map, speech } = this;
    const source = map?.getSource(LABELS) as GeoJSONSource | undefined;
    if (!source || !speech) return;
    const now = marketNow();
    const chosen = this.chosenDriver();
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
        properties: { text, rank, tone, offset, always: rank < 2 },
      });
    for (const place of market.places.values()) {
      if (place.driver === chosen) continue; // she has her own tag
      const look = market.lookOf(place.driver, now);
      if (!look) continue;
      const name = market.drivers.get(place.driver)?.name.split(" ")[0] ?? "";
      const ageS = (now - place.atMs) / 1000;
      if (look === "asked") {
        const offer = market.asked.get(place.driver);
        const left = offer ? Math.max(0, Math.round((Date.parse(offer.expires_at) - now) / 1000)) : 0;
        say(place.lng, place.lat, speech.asked(name, left), 0, "ink", [0, 1.25]);
      } else if (look === "silent") {
        say(place.lng, place.lat, speech.silent(name, ageS), 1, "late", [0, 1.4]);
      }
      if (features.length >= MOST_LABELS) break;
    }
    const trip = market.tripOf.get(chosen);
    const one = this.chosen?.kind === "delivery" ? market.deliveries.get(this.chosen.id) : undefined;
    if (one) {
      const store = market.stores.get(one.store);
      if (store) say(store.lng, store.lat, store.name.split(",")[0] ?? "", 1, "ink", [0, 1]);
    }
    if (trip && this.map && this.map.getZoom() > 9) {
      let number = 0;
      for (const stop of trip.stops) {
        if (stop.kind !== "drop" || stop.state === "off") continue;
        number += 1;
        if (stop.state === "open" || stop.state === "reached") {
          say(stop.lng, stop.lat, String(number), 0, "ink", [0, -2.4]);
        }
      }
    }
    source.setData({ type: "FeatureCollection", features });
  }

  /** What is drawn near a point of the view: a driver before a door. */
  at(x: number, y: number): Choice {
    const map = this.map;
    if (!map) return null;
    const place = map.unproject([x, y]);
    const [mx, my] = [mercatorX(place.lng) - this.anchor.x, mercatorY(place.lat) - this.anchor.y];
    const reach = HIT_PX / this.worldPx();
    for (const hits of [this.moverHits, this.doorHits]) {
      let best: Hit | null = null;
      let nearest = reach * reach;
      for (const hit of hits) {
        const far = (hit.x - mx) ** 2 + (hit.y - my) ** 2;
        if (far < nearest) {
          nearest = far;
          best = hit;
        }
      }
      if (best) return { kind: best.kind, id: best.id };
    }
    return null;
  }

  /** Where a driver stands on the view now, in pixels. */
  placeOf(driver: string): { x: number; y: number } | null {
    const place = this.market.places.get(driver);
    if (!place || !this.map) return null;
    const share = this.still.matches ? 1 : Math.min(1, (performance.now() - place.heardAt) / 1000);
    return this.map.project([
      place.fromLng + (place.lng - place.fromLng) * share,
      place.fromLat + (place.lat - place.fromLat) * share,
    ]);
  }
}

/** The ring of an open offer. */
function pulseImages(palette: Palette): MarkImage[] {
  const pixelRatio = Math.min(devicePixelRatio || 1, 3);
  const side = Math.ceil(48 * pixelRatio);
  const context = new OffscreenCanvas(side, side).getContext("2d");
  if (!context) return [];
  context.scale(side / 48, side / 48);
  context.beginPath();
  context.arc(24, 24, 21, 0, 7);
  context.strokeStyle = palette.lamp;
  context.lineWidth = 2;
  context.stroke();
  return [{ name: "pulse", data: context.getImageData(0, 0, side, side), pixelRatio }];
}
