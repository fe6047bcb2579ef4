import type { Danger, DriverLook } from "../states";
import { MARKS, type MarkName } from "../ui/shapes";
import type { Palette } from "./palette";

/**
 * Marks of the map as images, drawn on a canvas from the same shapes as everywhere: shape and colour together,
 * readable in grey. Names: `driver-<look>[-<danger>]`, `door-<state>[-<danger>]`, `shop`, `shop-open`.
 */
export type MarkImage = { name: string; data: ImageData; pixelRatio: number };

const ARROW = "M0-9.5 6.8 7.3 0 3.7-6.8 7.3z";
const ARROW_HALF = "M0-9.5 0 3.7-6.8 7.3z";
const ARROW_ON_LAMP = "M0-8 5.6 6 0 3-5.6 6z";
const DOOR = "M-5.6 7.6V-1a5.6 5.6 0 0 1 11.2 0V7.6z";
const SHOP =
  "M-5 .2V6H5V.2M-6-.4-4.3-5H4.3L6-.4A2.1 2.1 0 0 1 2-.2a2 2 0 0 1-4 0A2.1 2.1 0 0 1-6-.4zM-1.4 6V2.4H1.6V6";
const TRIANGLE = "M0-5.2 5.2 4H-5.2z";
const OCTAGON = "M-2.1-5h4.2L5-2.1v4.2L2.1 5h-4.2L-5 2.1v-4.2z";

export const DRIVER_LOOKS: readonly DriverLook[] = [
  "free",
  "asked",
  "tostore",
  "goods",
  "back",
  "paused",
  "silent",
];
export const DOOR_STATES: readonly MarkName[] = [
  "wait",
  "offer",
  "tostore",
  "atstore",
  "onway",
  "atdoor",
  "done",
  "back",
  "off",
];
const DANGERS: readonly Danger[] = ["none", "risk", "late"];

/** The image of a driver's arrow; it turns with the heading, its badge does not. */
export const driverImage = (look: DriverLook) => `driver-${look}`;
export const badgeImage = (danger: Exclude<Danger, "none">) => `badge-${danger}`;
export const doorImage = (state: MarkName, danger: Danger = "none") =>
  danger === "none" ? `door-${state}` : `door-${state}-${danger}`;

/** Every mark for one palette; a few milliseconds. Draw them again when light and dark change. */
export function markImages(p: Palette, pixelRatio = Math.min(devicePixelRatio || 1, 3)): MarkImage[] {
  const made: MarkImage[] = [];
  const draw = (name: string, size: number, paint: (c: OffscreenCanvasRenderingContext2D) => void) => {
    const side = Math.ceil(size * pixelRatio);
    const context = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
    if (!context) return;
    context.scale(side / size, side / size);
    context.translate(size / 2, size / 2);
    context.lineJoin = "round";
    context.lineCap = "round";
    paint(context);
    made.push({ name, data: context.getImageData(0, 0, side, side), pixelRatio });
  };
  for (const look of DRIVER_LOOKS) draw(driverImage(look), 36, (c) => driver(c, p, look));
  for (const danger of ["risk", "late"] as const) draw(badgeImage(danger), 16, (c) => badge(c, p, danger));
  for (const state of DOOR_STATES) {
    for (const danger of DANGERS) {
      draw(doorImage(state, danger), 26, (c) => {
        door(c, p, state, danger);
        if (danger !== "none") {
          c.translate(6, -7);
          c.scale(0.8, 0.8);
          badge(c, p, danger);
        }
      });
    }
  }
  draw("shop", 24, (c) => shop(c, p, false));
  draw("shop-open", 24, (c) => shop(c, p, true));
  draw("selected", 44, (c) => {
    c.beginPath();
    c.arc(0, 0, 17, 0, 7);
    c.fillStyle = p.halo;
    c.globalAlpha = 0.9;
    c.fill();
    c.globalAlpha = 1;
    c.strokeStyle = p.ink;
    c.lineWidth = 2.2;
    c.stroke();
  });
  for (const state of DOOR_STATES) {
    draw(`dot-${state}`, 10, (c) => {
      c.beginPath();
      c.arc(0, 0, 3.4, 0, 7);
      c.fillStyle = p[state];
      c.fill();
      c.strokeStyle = p.edge;
      c.lineWidth = 1.2;
      c.stroke();
    });
  }
  return made;
}

type C = OffscreenCanvasRenderingContext2D;

function driver(c: C, p: Palette, look: DriverLook): void {
  const arrow = new Path2D(ARROW);
  c.lineWidth = 1.8;
  switch (look) {
    case "free":
      outlined(c, arrow, p.halo, p.ink2);
      break;
    case "asked":
      disc(c, 11, p.lamp);
      c.fillStyle = p.onLamp;
      c.fill(new Path2D(ARROW_ON_LAMP));
      break;
    case "tostore":
      outlined(c, arrow, p.halo, p.tostore);
      c.fillStyle = p.tostore;
      c.fill(new Path2D(ARROW_HALF));
      break;
    case "goods":
    case "back":
      c.strokeStyle = p.edge;
      c.lineWidth = 2.6;
      c.stroke(arrow);
      c.fillStyle = look === "back" ? p.back : p.onway;
      c.fill(arrow);
      break;
    case "paused":
      c.beginPath();
      c.arc(0, 0, 8, 0, 7);
      c.fillStyle = p.halo;
      c.fill();
      c.strokeStyle = p.ink3;
      c.lineWidth = 1.6;
      c.stroke();
      c.stroke(new Path2D("M-2.5-3.5v7M2.5-3.5v7"));
      break;
    case "silent":
      c.beginPath();
      c.arc(0, 0, 14, 0, 7);
      c.globalAlpha = 0.14;
      c.fillStyle = p.late;
      c.fill();
      c.globalAlpha = 1;
      c.setLineDash([3.4, 3]);
      c.strokeStyle = p.late;
      c.lineWidth = 1.6;
      c.stroke();
      c.setLineDash([]);
      c.lineWidth = 1.8;
      outlined(c, arrow, p.halo, p.late);
      break;
  }
}

function door(c: C, p: Palette, state: MarkName, danger: Danger): void {
  const shape = new Path2D(DOOR);
  const colour = danger === "none" ? p[state] : p[danger];
  const hollow = state === "wait" || state === "offer" || state === "off";
  c.strokeStyle = p.edge;
  c.lineWidth = 2.4;
  c.stroke(shape);
  if (hollow) {
    c.lineWidth = 1.8;
    outlined(c, shape, p.halo, colour);
  } else {
    c.fillStyle = colour;
    c.fill(shape);
  }
  if (state === "offer") disc(c, 2.6, p.lamp);
  else if (state === "off") {
    c.strokeStyle = colour;
    c.lineWidth = 1.6;
    c.stroke(new Path2D("M-5.6 7.6 5.6-5"));
  } else if (state === "done") {
    c.strokeStyle = p.edge;
    c.lineWidth = 1.7;
    c.stroke(new Path2D("m-2.8 1.6 2 2 3.6-4.2"));
  } else if (state === "tostore") {
    c.save();
    c.clip(shape);
    c.fillStyle = p.halo;
    c.globalAlpha = 0.85;
    c.fillRect(0, -8, 8, 18);
    c.restore();
    c.strokeStyle = colour;
    c.lineWidth = 1.4;
    c.stroke(shape);
  } else if (state === "back") {
    c.strokeStyle = p.edge;
    c.lineWidth = 1.5;
    c.stroke(new Path2D("M-.6-2.6-2.8-.4-.6 1.8M-2.4-.4H1a2.2 2.2 0 0 1 0 4.4H-.6"));
  } else if (state === "atstore") {
    c.fillStyle = p.edge;
    c.fillRect(-2.4, 0, 4.8, 4.8);
  } else if (state !== "wait") {
    disc(c, 1.1, p.edge, 2.4, 2);
  }
}

function shop(c: C, p: Palette, open: boolean): void {
  c.beginPath();
  c.roundRect(-9, -9, 18, 18, 5);
  c.fillStyle = open ? p.door : p.halo;
  c.fill();
  c.strokeStyle = open ? p.edge : p.ink2;
  c.lineWidth = 1.4;
  c.stroke();
  c.strokeStyle = open ? p.onDoor : p.ink2;
  c.lineWidth = 1.2;
  c.stroke(new Path2D(SHOP));
}

function badge(c: C, p: Palette, danger: Exclude<Danger, "none">): void {
  const shape = new Path2D(danger === "risk" ? TRIANGLE : OCTAGON);
  c.strokeStyle = p.edge;
  c.lineWidth = 2.4;
  c.stroke(shape);
  c.fillStyle = p[danger];
  c.fill(shape);
  c.strokeStyle = p.edge;
  c.lineWidth = 1.3;
  c.stroke(new Path2D(danger === "risk" ? "M0-1.7v2.4M0 2.5v.1" : "M0-2.6v2.9M0 2.4v.1"));
}

function outlined(c: C, shape: Path2D, fill: string, stroke: string): void {
  c.fillStyle = fill;
  c.fill(shape);
  c.strokeStyle = stroke;
  c.stroke(shape);
}

function disc(c: C, radius: number, fill: string, x = 0, y = 0): void {
  c.beginPath();
  c.arc(x, y, radius, 0, 7);
  c.fillStyle = fill;
  c.fill();
}

/** A mark of the legend as an image address: the same drawing as on the map. */
export function markPreview(p: Palette, name: string): string {
  const found = markImages(p, 2).find((image) => image.name === name);
  if (!found) return "";
  const canvas = document.createElement("canvas");
  canvas.width = found.data.width;
  canvas.height = found.data.height;
  canvas.getContext("2d", { willReadFrequently: true })?.putImageData(found.data, 0, 0);
  return canvas.toDataURL();
}

/** Shapes by name, for SVG twins of the map's marks. */
export const SHAPES = { ARROW, DOOR, SHOP, TRIANGLE, OCTAGON, MARKS } as const;
