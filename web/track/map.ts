import { type GeoJSONSource, Marker } from "maplibre-gl";
import type { Base } from "../shared/map/base";
import { openMap } from "../shared/map/open";

/** What the shopper may see of the way: the shop, her door, and roughly where the car is. */
export type MapState = {
  base: string;
  shop: [number, number];
  door: [number, number];
  car: [number, number];
  since: string;
  within_m: number;
  words: { shop: string; door: string; car: string; in: string; out: string };
};

export type Shown = { move: (state: MapState) => void; aged: (old: boolean) => void; close: () => void };

const CAR =
  '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 16.5v-3.3l2-5.3A2 2 0 0 1 7.9 6.5h8.2A2 2 0 0 1 18 7.9l2 5.3v3.3zM4 13h16M6 16.5v2M18 16.5v2M7.3 14.8h1M15.7 14.8h1"/></svg>';
const NOTHING: Base = { type: "FeatureCollection", features: [] };
const LONGEST_GLIDE_MS = 5_000;

/** Shows the map. Rejects where the device cannot draw one. */
export async function show(container: HTMLElement, first: MapState): Promise<Shown> {
  const wide = matchMedia("(min-width: 900px)").matches;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let state = first;
  let at = first.car;
  let gliding = 0;
  const base = await fetch(first.base)
    .then((answer) => (answer.ok ? (answer.json() as Promise<Base>) : NOTHING))
    .catch(() => NOTHING);
  const opened = await openMap(container, {
    base,
    label: container.parentElement?.getAttribute("aria-label") ?? "",
    marks: false,
    interactive: wide,
    options: { bounds: around(first, at), fitBoundsOptions: { padding: room(container), maxZoom: 15.5 } },
    draw: (map) => {
      map.setLayoutProperty("zip-label", "visibility", "none");
      const brand = getComputedStyle(container).getPropertyValue("--brand").trim();
      map.addSource("blur", { type: "geojson", data: circle(at, state.within_m) });
      map.addSource("way", { type: "geojson", data: way(at, state.door) });
      map.addLayer({
        id: "blur",
        type: "fill",
        source: "blur",
        paint: { "fill-color": brand, "fill-opacity": 0.16 },
      });
      map.addLayer({
        id: "way",
        type: "line",
        source: "way",
        layout: { "line-cap": "round" },
        paint: { "line-color": brand, "line-width": 4, "line-dasharray": [0.1, 1.9], "line-opacity": 0.85 },
      });
    },
  });
  const { map } = opened;
  const pin = (shape: string, text: string, where: [number, number], inside = "") => {
    const element = document.createElement("div");
    element.className = "pinned";
    const mark = document.createElement("i");
    mark.className = shape;
    if (shape === "car") mark.innerHTML = CAR;
    else mark.textContent = inside;
    mark.style.fontStyle = "normal";
    element.append(mark);
    if (text) {
      const words = document.createElement("span");
      words.textContent = text;
      element.append(words);
    }
    return new Marker({
      element,
      anchor: shape === "door" ? "top" : "center",
      offset: shape === "door" ? [0, -16] : [0, 0],
    })
      .setLngLat(where)
      .addTo(map);
  };
  pin("shop", "", first.shop, first.words.shop.slice(0, 1).toUpperCase());
  pin("door", first.words.door, first.door);
  const car = pin("car", "", at);
  if (wide)
    container.parentElement?.append(
      zoomButtons(
        first,
        () => map.zoomIn(),
        () => map.zoomOut(),
      ),
    );

  let touched = false;
  map.on("dragstart", () => {
    touched = true;
  });
  const put = (where: [number, number]) => {
    at = where;
    car.setLngLat(where);
    map.getSource<GeoJSONSource>("blur")?.setData(circle(where, state.within_m));
    map.getSource<GeoJSONSource>("way")?.setData(way(where, state.door));
  };
  return {
    move: (next) => {
      const moved = next.car[0] !== state.car[0] || next.car[1] !== state.car[1];
      const apart = Math.abs(Date.parse(next.since) - Date.parse(state.since));
      state = next;
      cancelAnimationFrame(gliding);
      if (!moved || still) {
        put(next.car);
      } else {
        // From where it is to where it was seen, for no longer than between the two fixes: no movement is invented.
        const from = at;
        const began = performance.now();
        const lasts = Math.min(Math.max(apart, 300), LONGEST_GLIDE_MS);
        const step = () => {
          const part = Math.min(1, (performance.now() - began) / lasts);
          put([from[0] + (next.car[0] - from[0]) * part, from[1] + (next.car[1] - from[1]) * part]);
          if (part < 1) gliding = requestAnimationFrame(step);
        };
        step();
      }
      if (moved && !touched) {
        map.fitBounds(around(next, next.car), { padding: room(container), maxZoom: 15.5, animate: !still });
      }
    },
    aged: (old) => car.getElement().querySelector(".car")?.classList.toggle("old", old),
    close: () => {
      cancelAnimationFrame(gliding);
      container.parentElement?.querySelector(".zoom")?.remove();
      opened.close();
    },
  };
}

/** Car and door, and the shop while the car is still nearer to it: only this leg. */
function around(state: MapState, car: [number, number]): [[number, number], [number, number]] {
  const points = [car, state.door];
  if (apart(car, state.shop) < apart(car, state.door)) points.push(state.shop);
  const lngs = points.map((p) => p[0]);
  const lats = points.map((p) => p[1]);
  return [
    [Math.min(...lngs), Math.min(...lats)],
    [Math.max(...lngs), Math.max(...lats)],
  ];
}

const apart = (a: [number, number], b: [number, number]) =>
  Math.hypot((a[0] - b[0]) * Math.cos((a[1] * Math.PI) / 180), a[1] - b[1]);

const room = (container: HTMLElement) => {
  const tall = container.clientHeight > 400;
  return { top: tall ? 90 : 72, bottom: tall ? 190 : 52, left: tall ? 90 : 56, right: tall ? 90 : 56 };
};

function circle([lng, lat]: [number, number], radiusM: number): GeoJSON.Feature {
  const ring = Array.from({ length: 49 }, (_, step) => {
    const turn = (step / 48) * 2 * Math.PI;
    const north = (radiusM * Math.cos(turn)) / 111_195;
    const east = (radiusM * Math.sin(turn)) / (111_195 * Math.cos((lat * Math.PI) / 180));
    return [lng + east, lat + north];
  });
  return { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } };
}

/** As the crow flies, and drawn so: dots, not a road. */
function way(from: [number, number], to: [number, number]): GeoJSON.Feature {
  return { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: [from, to] } };
}

function zoomButtons(state: MapState, closer: () => void, away: () => void): HTMLElement {
  const box = document.createElement("div");
  box.className = "zoom";
  for (const [sign, words, act] of [
    ["+", state.words.in, closer],
    ["−", state.words.out, away],
  ] as const) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = sign;
    button.setAttribute("aria-label", words);
    button.addEventListener("click", act);
    box.append(button);
  }
  return box;
}
