import type { Format } from "../../shared/format";
import { useFormat } from "../../shared/i18n/react";
import { useWords } from "../words";

type Facts = Record<string, unknown>;
const MOST = 6;
const SWITCHES = new Set(["mixing", "trips_grow"]); // knobs that are yes (1) or no (0)

/** Nested facts as one list of names and values: `terms.base_minor` is told as `base_minor`. */
function flat(facts: Facts, within = ""): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [name, value] of Object.entries(facts)) {
    const path = within ? `${within}.${name}` : name;
    if (value && typeof value === "object" && !Array.isArray(value)) {
      for (const [inner, one] of flat(value as Facts, name === "terms" ? within : path))
        found.set(inner, one);
    } else found.set(path, value);
  }
  return found;
}

/** What changed, from and to, in words and figures of this language. */
export function Difference({
  before,
  after,
  currency,
  now,
}: {
  before: Facts;
  after: Facts;
  currency: string;
  now: number;
}) {
  const words = useWords();
  const f = useFormat();
  if (!Object.keys(before).length || !Object.keys(after).length) return null;
  const [was, is] = [flat(before), flat(after)];
  const changed = [...new Set([...was.keys(), ...is.keys()])].filter(
    (name) => JSON.stringify(was.get(name)) !== JSON.stringify(is.get(name)),
  );
  const label = (path: string): string => {
    const parts = path.split(".");
    const last = parts.at(-1) ?? path;
    const told = [`field.${last}`, `knob.${last}`].find((key) => words.has(key));
    const text = told ? words(told as never) : last;
    const level = parts.length > 1 ? `levels.${parts[0]}` : "";
    return words.has(level) ? `${words(level as never)}, ${text}` : text;
  };
  const told = (path: string, value: unknown): string => {
    const name = path.split(".").at(-1) ?? path;
    if (value === undefined || value === null) return words("none");
    if (typeof value === "boolean" || SWITCHES.has(name)) return words(value ? "yes" : "no");
    if (Array.isArray(value)) {
      const parts = value.map((one) => (name.endsWith("_s") ? f.minutes(Number(one) / 60) : String(one)));
      return parts.length ? new Intl.ListFormat(f.locale).format(parts) : words("none");
    }
    if (name === "stage")
      return words.has(`stage.${value}`) ? words(`stage.${value}` as never) : String(value);
    if (name === "valid_from") return f.moment(String(value), now);
    return typeof value === "number" ? figure(name, value, f, currency) : String(value);
  };
  return (
    <ul className="diff">
      {changed.slice(0, MOST).map((path) => (
        <li key={path}>
          {label(path)}: <del>{told(path, was.get(path))}</del> → <ins>{told(path, is.get(path))}</ins>
        </li>
      ))}
      {changed.length > MOST && <li>{words("diff.more", { n: changed.length - MOST })}</li>}
    </ul>
  );
}

function figure(name: string, value: number, f: Format, currency: string): string {
  if (name.endsWith("_minor")) return f.money(value, currency);
  if (name.endsWith("_m")) return f.distance(value);
  if (name.endsWith("_s")) return value % 60 ? f.age(value) : f.minutes(value / 60);
  if (name.endsWith("_min") && !name.startsWith("iterations")) return f.minutes(value);
  return new Intl.NumberFormat(f.locale, { maximumFractionDigits: 3 }).format(value);
}
