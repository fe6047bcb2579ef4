import type { MapLibreMap } from "maplibre-gl";
import { badgeImage, doorImage, driverImage, type MarkImage, markImages } from "../../shared/map/marks";
import type { Palette } from "../../shared/map/palette";
import type { Danger, DriverLook } from "../../shared/states";
import type { MarkName } from "../../shared/ui/shapes";
import type { Show } from "../address";
import { marketNow, recentSpeed } from "../market/clock";
import { type Delivery, isOver, type LiveMarket, type Place, type Topic, type Trip } from "../market/live";
import { Doors, Hits, Lines, Marks, type Tint } from "./buffers";
import { type Anchor, LinesLayer, MarksLayer, Sheet } from "./gl";
import { GROUPED_FROM, Groups, groupImage, groupImages } from "./groups";
import { addLabels, layLabels, type Speech } from "./labels";
import { mercatorX, mercatorY } from "./mercator";

export type { Speech } from "./labels";

/** Marks glide fifteen times a second: nobody sees more at their speed, and the map rests in between. */
const FRAME_MS = 66;
const LABELS_EVERY_MS = 1000;
const SUM_EVERY_MS = 1000;
const MOST_PULSES = 20;
const PULSE_MS = 2400;
const DOTS_BELOW_ZOOM = 9.6;
/** From so many marks on, a step does one thing alone, and lays out so many doors at a time. */
const CROWD = 1500;
const HIT_PX = 16;

export type Choice = { kind: "delivery" | "driver"; id: string } | null;
/** What lies under the pointer: a thing that can be opened, or a group that can be looked into. */
export type Under = Choice | { kind: "group"; lng: number; lat: number };
export type Timing = (name: string, ms: number) => void;

/** What a trip looks like, reckoned when something changes and once a second, not in every frame. */
type Sum = { look: DriverLook; danger: Danger };

/**
 * What of a market is drawn above the base: lines of trips, shops, doors, drivers, badges, pulses of offers. Doors
 * and shops are laid out when they change, drivers and lines as they move, at most once for each picture of the map.
 */
export class Scene {
  show: Show = "all";
  found: ReadonlySet<string> | null = null;
  chosen: Choice = null;
  speech: Speech | null = null;
  timing: Timing | null = null;
  onFrame: (() => void) | null = null;
  /** Whether a crowd is shown as groups. */
  grouping = true;

  private anchor: Anchor = { x: 0, y: 0 };
  private layers: { lines: LinesLayer; doors: MarksLayer; movers: MarksLayer } | null = null;
  private buffers: { lines: Lines; movers: Marks } | null = null;
  private palette: Palette | null = null;
  private tints = new Map<string, Tint>();
  private map: MapLibreMap | null = null;
  private doors: Doors | null = null;
  private spare: Doors | null = null;
  private laying: Generator<void, void> | null = null;
  private didSeldom = false;
  private readonly moverHits = new Hits();
  private readonly moverGroups = new Hits();
  private readonly sums = new Map<string, Sum>();
  private stale = true;
  private drawn = true;
  private unsummed = true;
  private summedAt = 0;
  private labelsAt = 0;
  private lastMoveAt = 0;
  private timer: ReturnType<typeof setInterval> | undefined;
  private off: (() => void) | null = null;
  private step10 = 0;
  private readonly still = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(private readonly market: LiveMarket) {}

  /** Puts the layers onto a fresh style. */
  draw(map: MapLibreMap, palette: Palette): void {
    const middle = map.getCenter();
    if (this.map !== map) {
      map.on("render", () => {
        this.drawn = true;
      });
    }
    this.map = map;
    this.palette = palette;
    this.tints.clear();
    this.anchor = { x: mercatorX(middle.lng), y: mercatorY(middle.lat) };
    const sheet = new Sheet([...markImages(palette), ...pulseImages(palette), ...groupImages(palette)]);
    this.buffers = { lines: new Lines(), movers: new Marks(sheet) };
    this.doors = new Doors(sheet);
    this.spare = new Doors(sheet);
    this.laying = null;
    this.layers = {
      lines: new LinesLayer("console-lines", this.anchor),
      doors: new MarksLayer("console-doors", this.anchor, sheet),
      movers: new MarksLayer("console-drivers", this.anchor, sheet),
    };
    for (const layer of Object.values(this.layers)) map.addLayer(layer);
    addLabels(map, palette);
    this.stale = true;
    this.labelsAt = 0;
    this.drawn = true;
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
    this.drawn = true;
    this.step();
  }

  step(): void {
    const { map, buffers, layers } = this;
    // A machine that draws slowly is not given pictures that nobody will see.
    if (!map || !buffers || !layers || !this.drawn || document.visibilityState === "hidden") return;
    const began = performance.now();
    const moving = this.moves(began);
    const due = this.stale || this.laying || this.unsummed || this.labelsAt === 0;
    if (!due && !moving && this.zoomStep() === this.step10) return;
    const crowd = this.market.deliveries.size + this.market.places.size > CROWD;
    // In a crowd what is seldom due takes some milliseconds, and so do those who move: in turn, a step each.
    this.didSeldom = !(crowd && this.didSeldom) && this.seldom(map, began);
    if (!(crowd && this.didSeldom)) {
      this.layMovers(buffers.movers, buffers.lines, began);
      layers.movers.set(buffers.movers.values, buffers.movers.count);
      layers.lines.set(buffers.lines.values, buffers.lines.count);
      this.drawn = false;
      map.triggerRepaint();
    }
    this.timing?.("scene", performance.now() - began);
    this.onFrame?.();
  }

  /** One thing of what is seldom due; whether any was. */
  private seldom(map: MapLibreMap, began: number): boolean {
    const step10 = this.zoomStep();
    if (this.laying || this.stale || step10 !== this.step10) {
      if (!this.laying && this.spare) {
        this.step10 = step10;
        this.stale = false;
        this.laying = this.layDoors(this.spare);
      }
      if (this.laying?.next().done) {
        this.laying = null;
        [this.doors, this.spare] = [this.spare, this.doors];
        if (this.doors) this.layers?.doors.set(this.doors.marks.values, this.doors.marks.count);
        this.unsummed = true;
      }
    } else if (this.unsummed || began - this.summedAt > SUM_EVERY_MS) {
      this.sumUp();
      this.summedAt = began;
      this.unsummed = false;
    } else if (this.speech && began - this.labelsAt > LABELS_EVERY_MS) {
      this.labelsAt = began;
      layLabels(map, this.market, this.speech, this.chosen, this.chosenDriver());
    } else return false;
    return true;
  }

  /** What of the zoom changes how doors are laid out: dots below a step, groups by every half. */
  private zoomStep(): number {
    const zoom = this.map?.getZoom() ?? 10;
    return this.grouped() ? Math.round(zoom * 2) : zoom < DOTS_BELOW_ZOOM ? -1 : -2;
  }

  private small(): boolean {
    return (this.map?.getZoom() ?? 10) < DOTS_BELOW_ZOOM;
  }

  /** Whether there are so many marks that groups say more. */
  grouped(): boolean {
    return this.grouping && this.market.deliveries.size + this.market.places.size > GROUPED_FROM;
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

  private sumUp(): void {
    const { market, sums } = this;
    const now = marketNow();
    market.silentAfterMs = 60_000 * recentSpeed();
    sums.clear();
    for (const [driver, trip] of market.tripOf) {
      sums.set(driver, { look: market.carries(trip), danger: market.dangerOfTrip(trip, now) });
    }
  }

  private tint(name: keyof Palette): Tint {
    const known = this.tints.get(name);
    if (known) return known;
    const text = this.palette?.[name] ?? "#000";
    const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text)?.[1] ?? "000000";
    const whole = hex.length === 3 ? [...hex].map((c) => c + c).join("") : hex;
    const parts = [0, 2, 4].map((from) => Number.parseInt(whole.slice(from, from + 2), 16) / 255);
    const made: Tint = [parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 0];
    this.tints.set(name, made);
    return made;
  }

  private shown(one: Delivery, mark: MarkName, danger: string): boolean {
    if (this.found && !this.found.has(one.id)) return false;
    if (this.show === "risk") return danger !== "none";
    if (this.show === "offers") return mark === "offer";
    return this.show !== "free";
  }

  /** Lays out shops and doors, `CROWD` at a time. */
  private *layDoors({ marks: to, hits, groupHits }: Doors): Generator<void, void> {
    const { market, anchor } = this;
    const now = marketNow();
    const small = this.small();
    const groups = this.grouped() ? new Groups(this.worldPx()) : null;
    to.count = 0;
    hits.clear();
    groupHits.clear();
    let seen = 0;
    const chosen = this.chosen?.kind === "delivery" ? this.chosen.id : "";
    const chosenOne = market.deliveries.get(chosen);
    for (const store of market.stores.values()) {
      const x = mercatorX(store.lng) - anchor.x;
      const y = mercatorY(store.lat) - anchor.y;
      to.put(x, y, 0, chosenOne?.store === store.id ? "shop-open" : "shop", small ? 0.6 : 0.85);
    }
    const last: [number, number, string, number][] = [];
    for (const one of market.deliveries.values()) {
      if (++seen % CROWD === 0) yield;
      const isChosen = one.id === chosen;
      if (isOver(one) && !isChosen) continue;
      const mark = market.markOf(one);
      const danger = market.dangerOf(one, now);
      if (!isChosen && !this.shown(one, mark, danger)) continue;
      const x = one.x - anchor.x;
      const y = one.y - anchor.y;
      if (isChosen) last.push([x, y, doorImage(mark, danger), 1.5]);
      else if (danger !== "none") last.push([x, y, doorImage(mark, danger), 1]);
      else if (groups) {
        groups.add(x, y, doorImage(mark), one.id);
        continue;
      } else to.put(x, y, 0, small ? `dot-${mark}` : doorImage(mark));
      hits.add(x, y, one.id);
    }
    groups?.each(
      (x, y, image, id) => {
        to.put(x, y, 0, image);
        hits.add(x, y, id);
      },
      (x, y, count) => {
        to.put(x, y, 0, groupImage("door", count));
        groupHits.add(x, y, "group");
      },
    );
    for (const [x, y, image, size] of last) to.put(x, y, 0, image, size); // what needs somebody stands above
  }

  /** How far a driver has come from the fix before, for as long as that took; then still. */
  private glided(place: Place, now: number): number {
    return this.still.matches ? 1 : Math.min(1, (now - place.heardAt) / 1000);
  }

  private layMovers(to: Marks, lines: Lines, began: number): void {
    const { market, anchor } = this;
    const now = marketNow();
    to.count = 0;
    lines.count = 0;
    this.moverHits.clear();
    this.moverGroups.clear();
    const chosenDriver = this.chosenDriver();
    const dim = this.chosen ? 0.4 : 0.8;
    const small = this.small();
    const world = this.worldPx();
    const groups = this.grouped() ? new Groups(world) : null;
    let pulses = 0;
    for (const place of market.places.values()) {
      if (!market.drivers.has(place.driver)) continue;
      const trip = market.tripOf.get(place.driver);
      const sum = trip && this.sums.get(place.driver);
      const asked = market.asked.has(place.driver);
      const look: DriverLook = !trip
        ? asked
          ? "asked"
          : "free"
        : now - place.atMs > market.silentAfterMs
          ? "silent"
          : (sum?.look ?? "tostore");
      const danger = sum?.danger ?? "none";
      const chosen = place.driver === chosenDriver;
      if (!chosen) {
        if (this.show === "free" && look !== "free") continue;
        if (this.show === "offers" && look !== "asked") continue;
        if (this.show === "risk" && danger === "none") continue;
      }
      const share = this.glided(place, began);
      const x = place.fromX + (place.x - place.fromX) * share - anchor.x;
      const y = place.fromY + (place.y - place.fromY) * share - anchor.y;
      if (groups && look === "free" && !chosen) {
        groups.add(x, y, driverImage(look), place.driver);
        continue;
      }
      if (trip) this.layTrip(lines, x, y, trip, chosen, look === "goods", danger, dim);
      if (asked) {
        this.layAsk(lines, x, y, place.driver);
        if (pulses < MOST_PULSES) {
          pulses += 1;
          to.put(x, y, 0, "pulse", 0.6, 0.9);
          const phase = ((began + pulses * 320) % PULSE_MS) / PULSE_MS;
          if (this.still.matches) to.put(x, y, 0, "pulse", 0.85, 0.5);
          else to.put(x, y, 0, "pulse", 0.6 + phase * 0.6, 0.8 * (1 - phase));
        }
      }
      const turn = look === "asked" ? 0 : ((place.heading_deg ?? 0) * Math.PI) / 180;
      if (chosen) to.put(x, y, 0, "selected");
      to.put(x, y, turn, driverImage(look), chosen ? 1.2 : small ? 0.8 : 1);
      if (danger !== "none") to.put(x + 9 / world, y - 9 / world, 0, badgeImage(danger), 0.8);
      this.moverHits.add(x, y, place.driver);
    }
    groups?.each(
      (x, y, image, id) => {
        to.put(x, y, 0, image);
        this.moverHits.add(x, y, id);
      },
      (x, y, count) => {
        to.put(x, y, 0, groupImage("free", count));
        this.moverGroups.add(x, y, "group");
      },
    );
  }

  private worldPx(): number {
    return 512 * 2 ** (this.map?.getZoom() ?? 10);
  }

  /** The present leg solid, the next ones dotted; the chosen trip on a wide edge. */
  private layTrip(
    lines: Lines,
    x: number,
    y: number,
    trip: Trip,
    chosen: boolean,
    goods: boolean,
    danger: Danger,
    dim: number,
  ): void {
    const tint = this.tint(
      danger === "late" ? "late" : danger === "risk" ? "risk" : goods ? "onway" : "tostore",
    );
    const { anchor } = this;
    let fromX = x;
    let fromY = y;
    let first = true;
    for (const stop of trip.stops) {
      if (stop.state !== "open" && stop.state !== "reached") continue;
      const toX = stop.x - anchor.x;
      const toY = stop.y - anchor.y;
      const step = first ? 0 : chosen ? 8 : 5;
      const width = chosen ? 4.5 : first ? 2.2 : 1.9;
      if (chosen && first) lines.add(fromX, fromY, toX, toY, this.tint("edge"), 1, 8, 0);
      lines.add(fromX, fromY, toX, toY, tint, chosen ? 1 : dim, width, step);
      fromX = toX;
      fromY = toY;
      first = false;
    }
  }

  /** From a driver who is being asked to the shop she is asked about. */
  private layAsk(lines: Lines, x: number, y: number, driver: string): void {
    const one = this.market.deliveries.get(this.market.asked.get(driver)?.deliveries[0] ?? "");
    if (!one) return;
    const toX = mercatorX(one.pickup_lng) - this.anchor.x;
    const toY = mercatorY(one.pickup_lat) - this.anchor.y;
    lines.add(x, y, toX, toY, this.tint("lamp"), 1, 2.2, 6);
  }

  chosenDriver(): string {
    if (this.chosen?.kind === "driver") return this.chosen.id;
    if (this.chosen?.kind === "delivery") return this.market.deliveries.get(this.chosen.id)?.driver ?? "";
    return "";
  }

  /** What is drawn near a point of the view: a driver before a door before a group. */
  at(x: number, y: number): Under {
    const map = this.map;
    if (!map) return null;
    const place = map.unproject([x, y]);
    const [mx, my] = [mercatorX(place.lng) - this.anchor.x, mercatorY(place.lat) - this.anchor.y];
    const reach = HIT_PX / this.worldPx();
    const driver = this.moverHits.near(mx, my, reach);
    if (driver) return { kind: "driver", id: driver };
    const door = this.doors?.hits.near(mx, my, reach);
    if (door) return { kind: "delivery", id: door };
    if (this.moverGroups.near(mx, my, reach) || this.doors?.groupHits.near(mx, my, reach)) {
      return { kind: "group", lng: place.lng, lat: place.lat };
    }
    return null;
  }

  /** Where a driver stands on the view now, in pixels. */
  placeOf(driver: string): { x: number; y: number } | null {
    const place = this.market.places.get(driver);
    if (!place || !this.map) return null;
    const share = this.glided(place, performance.now());
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
  const context = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
  if (!context) return [];
  context.scale(side / 48, side / 48);
  context.beginPath();
  context.arc(24, 24, 21, 0, 7);
  context.strokeStyle = palette.lamp;
  context.lineWidth = 2;
  context.stroke();
  return [{ name: "pulse", data: context.getImageData(0, 0, side, side), pixelRatio }];
}
