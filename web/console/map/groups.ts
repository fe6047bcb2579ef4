import type { MarkImage } from "../../shared/map/marks";
import type { Palette } from "../../shared/map/palette";

/** From so many marks on, calm doors and free drivers stand together where they are close. */
export const GROUPED_FROM = 400;
const CELL_PX = 54;
const ALONE = 2;
const EXACT = 60;
const ROUND = [60, 80, 100, 150, 200, 300, 500, 1000, 2000] as const;

type Group = { x: number; y: number; count: number };

/** Marks by cells of the view, so that a crowd reads as figures. */
export class Groups {
  private readonly cells = new Map<number, Group>();
  private readonly side: number;
  private readonly xs: number[] = [];
  private readonly ys: number[] = [];
  private readonly images: string[] = [];
  private readonly ids: string[] = [];
  private readonly cellOf: number[] = [];

  /** `world`: pixels of the whole world at this zoom. */
  constructor(world: number) {
    this.side = CELL_PX / world;
  }

  add(x: number, y: number, image: string, id: string): void {
    const key = Math.floor(x / this.side) * 4_194_304 + Math.floor(y / this.side);
    const group = this.cells.get(key);
    if (group) {
      group.x += x;
      group.y += y;
      group.count += 1;
    } else this.cells.set(key, { x, y, count: 1 });
    this.xs.push(x);
    this.ys.push(y);
    this.images.push(image);
    this.ids.push(id);
    this.cellOf.push(key);
  }

  /** Tells each mark that stands alone, then each group in its middle. */
  each(
    one: (x: number, y: number, image: string, id: string) => void,
    many: (x: number, y: number, count: number) => void,
  ): void {
    for (const [number, key] of this.cellOf.entries()) {
      const group = this.cells.get(key);
      if (group && group.count <= ALONE) {
        one(this.xs[number] ?? 0, this.ys[number] ?? 0, this.images[number] ?? "", this.ids[number] ?? "");
      }
    }
    for (const group of this.cells.values()) {
      if (group.count > ALONE) many(group.x / group.count, group.y / group.count, group.count);
    }
  }
}

/** The image of a group: its count, from sixty on rounded down with a plus. */
export function groupImage(kind: "door" | "free", count: number): string {
  if (count < EXACT) return `group-${kind}-${count}`;
  let least: number = ROUND[0];
  for (const one of ROUND) if (one <= count) least = one;
  return `group-${kind}-${least}+`;
}

/** Discs with figures: of doors filled, of free drivers hollow. */
export function groupImages(p: Palette, pixelRatio = Math.min(devicePixelRatio || 1, 3)): MarkImage[] {
  const made: MarkImage[] = [];
  const texts = [
    ...Array.from({ length: EXACT - ALONE - 1 }, (_, number) => String(number + ALONE + 1)),
    ...ROUND.map((one) => `${one}+`),
  ];
  for (const kind of ["door", "free"] as const) {
    for (const text of texts) {
      const size = text.length > 3 ? 36 : text.length > 2 ? 32 : 27;
      const side = Math.ceil(size * pixelRatio);
      const c = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
      if (!c) continue;
      c.scale(side / size, side / size);
      c.beginPath();
      c.arc(size / 2, size / 2, size / 2 - 1.5, 0, 7);
      c.fillStyle = kind === "door" ? p.ink2 : p.halo;
      c.fill();
      c.lineWidth = 1.6;
      c.strokeStyle = kind === "door" ? p.edge : p.ink2;
      c.stroke();
      c.fillStyle = kind === "door" ? p.halo : p.ink;
      c.font = `600 ${text.length > 4 ? 10 : 11}px "Figtree Variable", sans-serif`;
      c.textAlign = "center";
      c.textBaseline = "middle";
      c.fillText(text, size / 2, size / 2 + 0.5);
      made.push({ name: `group-${kind}-${text}`, data: c.getImageData(0, 0, side, side), pixelRatio });
    }
  }
  return made;
}
