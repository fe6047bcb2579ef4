import { LINE_VALUES, MARK_VALUES, type Sheet } from "./gl";

/** Values of marks, laid out again and again in the same memory. */
export class Marks {
  values = new Float32Array(MARK_VALUES * 512);
  count = 0;

  constructor(private readonly sheet: Sheet) {}

  put(x: number, y: number, turn: number, image: string, size = 1, alpha = 1): void {
    const found = this.sheet.cells.get(image);
    if (!found) return;
    const from = this.count * MARK_VALUES;
    if (from + MARK_VALUES > this.values.length) this.values = wider(this.values);
    const { values } = this;
    values[from] = x;
    values[from + 1] = y;
    values[from + 2] = turn;
    values[from + 3] = found.cell;
    values[from + 4] = size;
    values[from + 5] = alpha;
    values[from + 6] = found.extent;
    this.count += 1;
  }
}

export type Tint = readonly [number, number, number];

/** Values of lines, the same way. */
export class Lines {
  values = new Float32Array(LINE_VALUES * 512);
  count = 0;

  /** `step`: how far apart its dots are, 0 for a solid line. */
  add(
    ax: number,
    ay: number,
    bx: number,
    by: number,
    tint: Tint,
    alpha: number,
    width: number,
    step: number,
  ): void {
    const from = this.count * LINE_VALUES;
    if (from + LINE_VALUES > this.values.length) this.values = wider(this.values);
    const { values } = this;
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
    this.count += 1;
  }
}

function wider(values: Float32Array): Float32Array<ArrayBuffer> {
  const made = new Float32Array(values.length * 2);
  made.set(values);
  return made;
}

/** What can be pointed at: places and ids side by side, without an object for each. */
export class Hits {
  private xs = new Float64Array(512);
  private ys = new Float64Array(512);
  private ids: string[] = [];
  private count = 0;

  clear(): void {
    this.count = 0;
  }

  add(x: number, y: number, id: string): void {
    if (this.count === this.xs.length) {
      const [xs, ys] = [new Float64Array(this.count * 2), new Float64Array(this.count * 2)];
      xs.set(this.xs);
      ys.set(this.ys);
      [this.xs, this.ys] = [xs, ys];
    }
    this.xs[this.count] = x;
    this.ys[this.count] = y;
    this.ids[this.count] = id;
    this.count += 1;
  }

  /** The nearest within `reach`; empty when there is none. */
  near(x: number, y: number, reach: number): string {
    let best = "";
    let nearest = reach * reach;
    for (let number = 0; number < this.count; number++) {
      const far = ((this.xs[number] ?? 0) - x) ** 2 + ((this.ys[number] ?? 0) - y) ** 2;
      if (far < nearest) {
        nearest = far;
        best = this.ids[number] ?? "";
      }
    }
    return best;
  }
}

/** Shops and doors as they are laid out, and what can be pointed at; one is shown while the next is made. */
export class Doors {
  readonly marks: Marks;
  readonly hits = new Hits();
  readonly groupHits = new Hits();

  constructor(sheet: Sheet) {
    this.marks = new Marks(sheet);
  }
}
