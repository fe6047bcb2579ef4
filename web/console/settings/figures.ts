import type { Format } from "../../shared/format";
import type { Typed } from "../../shared/typed";

/** What a field of the settings holds: how it is typed, and in which unit it is kept. */
export type Kind = "money" | "miles" | "minutes" | "lengths" | "clock";
export type Figure = { name: string; kind: Kind; least: number; most: number };
export type Texts = Record<string, string>;
export type Value = number | number[];
export type Wrong = { what: "figure" | "bounds" | "money"; least: string; most: string };

const METRES_PER_MILE = 1609.344;

export const money = (name: string, most: number): Figure => ({ name, kind: "money", least: 0, most });

/** A kept value as a person would type it. */
export function shown(figure: Figure, value: Value, typed: Typed): string {
  if (Array.isArray(value)) return value.map((one) => typed.write(Math.round(one / 60), 0)).join(", ");
  switch (figure.kind) {
    case "money":
      return typed.write(value, 2, 2);
    case "miles":
      return typed.write(Math.round((value / METRES_PER_MILE) * 100), 2);
    case "clock":
      return `${String(Math.floor(value / 3600)).padStart(2, "0")}:${String(Math.floor(value / 60) % 60).padStart(2, "0")}`;
    default:
      return typed.write(Math.round(value / 60), 0);
  }
}

/** What was typed as it is kept; null when it is no such figure. */
function read(figure: Figure, text: string, typed: Typed): Value | null {
  switch (figure.kind) {
    case "money":
      return typed.read(text, 2);
    case "miles": {
      const hundredths = typed.read(text, 2);
      return hundredths === null ? null : Math.round((hundredths / 100) * METRES_PER_MILE);
    }
    case "minutes": {
      const minutes = typed.read(text, 0);
      return minutes === null ? null : minutes * 60;
    }
    case "clock": {
      const found = /^(\d{1,2}):(\d{2})$/.exec(text.trim());
      return found ? Number(found[1]) * 3600 + Number(found[2]) * 60 : null;
    }
    case "lengths": {
      const all = text
        .split(/[,;]/)
        .filter((one) => one.trim())
        .map((one) => typed.read(one, 0));
      const known = all.filter((one): one is number => one !== null);
      return known.length === all.length && all.length > 0 && all.length <= 6
        ? known.map((one) => one * 60)
        : null;
    }
  }
}

/** A bound as it stands in a sentence. */
function said(figure: Figure, value: number, f: Format, currency: string): string {
  if (figure.kind === "money") return f.money(value, currency);
  if (figure.kind === "miles") return f.distance(value);
  if (figure.kind === "clock") return `${Math.floor(value / 3600)}:00`;
  return f.minutes(value / 60);
}

/**
 * All fields read: `values` as the API keeps them, `wrong` by name. A field nobody touched keeps the very value it had:
 * three miles stay 4,828 m.
 */
export function readAll(
  figures: readonly Figure[],
  texts: Texts,
  kept: Record<string, Value>,
  { typed, f, currency }: { typed: Typed; f: Format; currency: string },
): { values: Record<string, Value>; wrong: Record<string, Wrong> } {
  const values: Record<string, Value> = {};
  const wrong: Record<string, Wrong> = {};
  for (const figure of figures) {
    const text = texts[figure.name];
    const had = kept[figure.name];
    if (text === undefined || (had !== undefined && text === shown(figure, had, typed))) {
      if (had !== undefined) values[figure.name] = had;
      continue;
    }
    const value = read(figure, text, typed);
    const bounds = {
      least: said(figure, figure.least, f, currency),
      most: said(figure, figure.most, f, currency),
    };
    if (value === null) {
      wrong[figure.name] = { what: figure.kind === "money" ? "money" : "figure", ...bounds };
    } else if ([value].flat().some((one) => one < figure.least || one > figure.most)) {
      wrong[figure.name] = { what: "bounds", ...bounds };
    } else values[figure.name] = value;
  }
  return { values, wrong };
}
