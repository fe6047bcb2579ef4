import "../shared/tokens.css";
import "./track.css";
import { follow } from "../shared/follow";
import type { MapState, Shown } from "./map";
import { morph } from "./morph";

/** What the server tells with each change; the first one stands in the page. */
type State = { at: string; speed: number; over: boolean; map: MapState | null };
type Told = { parts: Record<string, string>; age: string; state: State };

const AGED_AFTER_S = 60;
const ALOUD_EVERY_MS = 60_000;

const main = document.querySelector("main");
const place = document.getElementById("map");
const aloud = document.getElementById("aloud");
const link = location.pathname;
const language = document.documentElement.lang;

let state = JSON.parse(document.getElementById("state")?.textContent ?? "null") as State;
let heardAt = performance.now();
let shown: Shown | null = null;
let opening = false;

/** The market's time now, from the last that was told and the speed it runs at. */
const now = () => Date.parse(state.at) + (performance.now() - heardAt) * state.speed;

function age(seconds: number): string {
  const s = Math.max(1, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  return s < 3600 ? `${Math.floor(s / 60)} min` : `${Math.floor(s / 3600)} h`;
}

function grow(): void {
  for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-since]")) {
    const text = age((now() - Date.parse(time.dataset.since ?? "")) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
  if (state.map) shown?.aged((now() - Date.parse(state.map.since)) / 1000 > AGED_AFTER_S);
}

function take(told: Told): void {
  state = told.state;
  heardAt = performance.now();
  for (const [name, html] of Object.entries(told.parts)) {
    const part = document.querySelector(`[data-part="${name}"]`);
    if (part) morph(part, html);
  }
  const label = place?.querySelector(".ts");
  if (label) morph(label, told.age);
  dress();
  grow();
  void chart();
  speak();
}

/** The map appears with the car and goes with it. */
async function chart(): Promise<void> {
  if (!place || !main) return;
  const canvas = place.querySelector<HTMLElement>(".canvas");
  place.hidden = !state.map;
  main.classList.toggle("mapped", Boolean(state.map));
  if (!state.map) {
    shown?.close();
    shown = null;
    return;
  }
  if (shown) {
    shown.move(state.map);
  } else if (!opening && canvas) {
    opening = true;
    try {
      const { show } = await import("./map");
      shown = await show(canvas, state.map);
      if (state.map) shown.move(state.map);
      grow();
    } catch {
      place.remove(); // no WebGL: the words tell it all
      main.classList.remove("mapped");
    } finally {
      opening = false;
    }
  }
}

/** Says the sentence and the range aloud when they change, at most once a minute. */
let spoken = told();
let spokenAt = 0;
let waiting: ReturnType<typeof setTimeout> | undefined;
function told(): string {
  const eta = document.querySelector('[data-part="eta"]');
  return [eta?.querySelector("h1")?.textContent, eta?.querySelector(".t")?.textContent]
    .filter(Boolean)
    .join(", ");
}
function speak(): void {
  if (!aloud || told() === spoken) return;
  clearTimeout(waiting);
  waiting = setTimeout(
    () => {
      spoken = told();
      spokenAt = Date.now();
      aloud.textContent = spoken;
    },
    Math.max(0, spokenAt + ALOUD_EVERY_MS - Date.now()),
  );
}

const money = (sum: number, currency: string): string =>
  new Intl.NumberFormat(`${language}-US`, {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
  }).format(sum);

/** What a script can add to the forms: the sum in the button. They work without. */
function dress(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-give]")) {
    const go = form.querySelector<HTMLButtonElement>("button.go");
    const chosen = form.querySelector<HTMLInputElement>("[name=amount]:checked");
    if (!go || !chosen) continue;
    let sum = chosen.dataset.sum ?? "";
    if (chosen.value === "other") {
      const typed = Number(form.querySelector<HTMLInputElement>("[name=other]")?.value || Number.NaN);
      sum = Number.isFinite(typed) ? money(typed, form.dataset.currency ?? "USD") : "";
    }
    if (sum) go.textContent = (form.dataset.give ?? "").replace("{sum}", sum);
  }
}
document.addEventListener("input", dress);

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.dataset.part) return;
  event.preventDefault();
  void send(form);
});

async function send(form: HTMLFormElement): Promise<void> {
  const button = form.querySelector<HTMLButtonElement>("button");
  if (!button || button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)])),
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(20_000),
    });
    const body = (await answer.json()) as Partial<Told>;
    if (!body.parts || !body.state) throw new Error(String(answer.status));
    const details = form.closest("details");
    if (answer.ok) {
      form.reset();
      if (details) details.open = false;
    }
    take(body as Told);
    if (answer.ok) details?.querySelector("summary")?.focus();
  } catch {
    form.submit(); // the browser's own way: it says what is wrong with the line, and loses nothing
  } finally {
    button.removeAttribute("aria-busy");
  }
}

function line(lost: boolean): void {
  const words = document.querySelector<HTMLElement>(".lost");
  if (words) words.hidden = !lost;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const details of document.querySelectorAll<HTMLDetailsElement>("details[open]")) {
    if (details.contains(document.activeElement)) {
      details.open = false;
      details.querySelector("summary")?.focus();
    }
  }
});

setInterval(grow, 1000);
const bar = document.getElementById("visit");
if (bar) void import("./visit").then(({ visit }) => visit(bar));
dress();
// Words first: the map and the line start when the page has been painted.
requestAnimationFrame(() => setTimeout(begin));

function begin(): void {
  void chart();
  follow(`${link}/stream?lang=${language}`, {
    onFrame: ({ event, data }) => {
      if (event === "parts") take(data as Told);
      else if (event === "gone") location.reload();
    },
    onLine: (stand) => {
      if (stand.state === "lost" && stand.tries > 1) line(true);
      else if (stand.state === "live") line(false);
      else if (stand.state === "ended" && stand.status === 410) location.reload();
    },
  });
}
