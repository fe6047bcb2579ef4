/** The colours that a map needs, read from the tokens as they are at this moment on this element. */
export type Palette = ReturnType<typeof paletteOf>;

const NAMES = {
  land: "--m-land",
  zip1: "--m-zip1",
  zip2: "--m-zip2",
  zip3: "--m-zip3",
  zipLine: "--m-zip-line",
  water: "--m-water",
  park: "--m-park",
  airport: "--m-air",
  arterial: "--m-art",
  arterialCase: "--m-art-c",
  motorway: "--m-mot",
  motorwayCase: "--m-mot-c",
  local: "--m-local",
  label: "--m-label",
  zipLabel: "--m-zlabel",
  halo: "--m-halo",
  edge: "--m-mark-edge",
  ink: "--ink",
  ink2: "--ink-2",
  ink3: "--ink-3",
  surface: "--surface",
  lamp: "--lamp",
  onLamp: "--on-lamp",
  door: "--door",
  onDoor: "--on-door",
  wait: "--st-wait",
  offer: "--st-offer",
  tostore: "--st-tostore",
  atstore: "--st-atstore",
  onway: "--st-onway",
  atdoor: "--st-atdoor",
  done: "--st-done",
  back: "--st-back",
  off: "--st-off",
  risk: "--risk",
  late: "--late",
} as const;

export function paletteOf(element: Element): Record<keyof typeof NAMES, string> {
  const style = getComputedStyle(element);
  const found = Object.entries(NAMES).map(([name, token]) => [name, style.getPropertyValue(token).trim()]);
  return Object.fromEntries(found) as Record<keyof typeof NAMES, string>;
}
