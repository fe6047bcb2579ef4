import "./maplibre.css";
import { MapLibreMap, type MapOptions, setWorkerCount, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { onTheme } from "../theme";
import { type Base, boundsOf, styleOf } from "./base";
import { markImages } from "./marks";
import { type Palette, paletteOf } from "./palette";
import { type Streets, streetsOf } from "./streets";

setWorkerUrl(workerUrl);
setWorkerCount(1);

export type { Base, MapLibreMap, Palette };

export type Opened = {
  map: MapLibreMap;
  palette: () => Palette;
  /** The street map below everything, where the operator has one. */
  streets: Streets | null;
  close: () => void;
};

export type OpenOptions = {
  base: Base;
  /** Draws what lies above the base. Called when the style is ready, and again after light and dark change. */
  draw: (map: MapLibreMap, palette: Palette) => void;
  /** What the map shows, for who hears it. */
  label?: string;
  interactive?: boolean;
  marks?: boolean;
  options?: Partial<MapOptions>;
};

/**
 * A map on `container`: upright, flat, its base drawn from `base`, its colours from the tokens. Rejects where the
 * device has no WebGL, and when the page has moved on meanwhile. Sources and layers that `draw` adds must be added by it alone: a change of theme starts
 * the style anew.
 */
export async function openMap(container: HTMLElement, wanted: OpenOptions): Promise<Opened> {
  const { base, draw, label, interactive = true, marks = true, options } = wanted;
  const [streets] = await Promise.all([
    streetsOf(),
    document.fonts.load('500 12px "Figtree Variable"').catch(() => undefined),
  ]);
  if (!container.isConnected) throw new Error("the page has moved on"); // it has no colours any more
  let palette = paletteOf(container);
  const map = new MapLibreMap({
    container,
    style: styleOf(base, palette, streets),
    bounds: boundsOf(base),
    fitBoundsOptions: { padding: 24 },
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxPitch: 0,
    minZoom: 7,
    maxZoom: 17,
    fadeDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200,
    interactive,
    ...(label ? { locale: { "Map.Title": label } } : {}),
    ...options,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  const ready = () => {
    if (marks) {
      for (const { name, data, pixelRatio } of markImages(palette)) {
        if (map.hasImage(name)) map.removeImage(name);
        map.addImage(name, data, { pixelRatio });
      }
    }
    draw(map, palette);
  };
  await new Promise<void>((resolve, reject) => {
    map.once("style.load", () => resolve());
    map.once("error", ({ error }) => reject(error));
  });
  ready();
  const off = onTheme(() => {
    palette = paletteOf(container);
    map.once("style.load", ready);
    map.setStyle(styleOf(base, palette, streets), { diff: false });
  });
  return {
    map,
    palette: () => palette,
    streets,
    close: () => {
      off();
      map.remove();
    },
  };
}
