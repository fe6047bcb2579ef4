/** Line icons on a grid of 24, drawn for this project: stroke only, one weight. Words stand beside them in navigation. */
export const ICONS = {
  bag: '<path d="M5 8h14l1 12H4zM8.5 10.5V7a3.5 3.5 0 0 1 7 0v3.5"/>',
  board: '<rect x="3.5" y="4" width="4.6" height="16" rx="1.5"/><rect x="9.7" y="4" width="4.6" height="11" rx="1.5"/><rect x="15.9" y="4" width="4.6" height="7" rx="1.5"/>',
  box: '<path d="M12 3.5 20 7.7v8.6l-8 4.2-8-4.2V7.7zM4.2 7.9 12 12l7.8-4.1M12 12v8.3M8 5.7l7.9 4.2"/>',
  cam: '<path d="M4 7.5h3.5L9.3 5h5.4l1.8 2.5H20v11.5H4z"/><circle cx="12" cy="13" r="3.5"/>',
  car: '<path d="M4 16.5v-3.3l2-5.3A2 2 0 0 1 7.9 6.5h8.2A2 2 0 0 1 18 7.9l2 5.3v3.3zM4 13h16M6 16.5v2M18 16.5v2M7.3 14.8h1M15.7 14.8h1"/>',
  check: '<path d="m5 12.5 4.5 4.5L19 7"/>',
  clock: '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>',
  down: '<path d="m6 9.5 6 6 6-6"/>',
  gear: '<path d="M4 7h9M18 7h2M4 17h2M11 17h9"/><circle cx="15.5" cy="7" r="2.3"/><circle cx="8.5" cy="17" r="2.3"/>',
  heart: '<path d="M12 20S4 15 4 9.3A4.3 4.3 0 0 1 12 7a4.3 4.3 0 0 1 8 2.3C20 15 12 20 12 20z"/>',
  help: '<circle cx="12" cy="12" r="8.5"/><path d="M9.7 9.5a2.4 2.4 0 1 1 3.3 2.3c-.7.3-1 .8-1 1.5v.4M12 16.7v.1"/>',
  home: '<path d="M6 20.5V10.5a6 6 0 0 1 12 0v10M3.5 20.5h17M14.5 14v.1"/>',
  layers: '<path d="m12 4 8.5 4.5L12 13 3.5 8.5zM4 12.5 12 17l8-4.5M4 16.3 12 20.8l8-4.5"/>',
  left: '<path d="m14.5 6-6 6 6 6"/>',
  lock: '<rect x="5" y="10.5" width="14" height="10" rx="2.5"/><path d="M8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5"/>',
  map: '<path d="M9 4 3.5 6.3v13.5L9 17.5l6 2.5 5.5-2.3V4.2L15 6.5zM9 4v13.5M15 6.5V20"/>',
  minus: '<path d="M5 12h14"/>',
  money: '<path d="M12 3.5v17M8 20.5h8M5 7.5l7-2 7 2M5 7.5l-2.5 6a2.7 2.7 0 0 0 5 0zM19 7.5l-2.5 6a2.7 2.7 0 0 0 5 0z"/>',
  more: '<circle cx="6" cy="12" r="1"/><circle cx="12" cy="12" r="1"/><circle cx="18" cy="12" r="1"/>',
  msg: '<path d="M4 5.5h16v11H10l-4.5 3.5v-3.5H4z"/>',
  nav: '<path d="M12 3.5 19 20l-7-3.5L5 20z"/>',
  note: '<path d="M5 4h14v11l-5 5H5zM14 20v-5h5M8.5 8.5h7M8.5 12h4"/>',
  pause: '<path d="M9 6v12M15 6v12"/>',
  phone: '<path d="M6.5 3.5h3l1.5 4.5-2 1.5a12 12 0 0 0 5.5 5.5l1.5-2 4.5 1.5v3a2 2 0 0 1-2.2 2A17 17 0 0 1 4.5 5.7a2 2 0 0 1 2-2.2z"/>',
  pin: '<circle cx="5" cy="7" r=".9"/><circle cx="12" cy="7" r=".9"/><circle cx="19" cy="7" r=".9"/><circle cx="5" cy="12" r=".9"/><circle cx="12" cy="12" r=".9"/><circle cx="19" cy="12" r=".9"/><circle cx="5" cy="17" r=".9"/><circle cx="12" cy="17" r=".9"/><circle cx="19" cy="17" r=".9"/>',
  plan: '<path d="M4 20V10M10 20V4M16 20v-7M21 20H3M19 7.5 16 10"/>',
  plus: '<path d="M12 5v14M5 12h14"/>',
  right: '<path d="m9.5 6 6 6-6 6"/>',
  road: '<path d="M8 4 4 20M16 4l4 16M12 5v3M12 11v3M12 17v3"/>',
  scan: '<path d="M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M8 9v6M11 9v6M13.5 9v6M16 9v6"/>',
  search: '<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>',
  shield: '<path d="M12 3.5 19 6v6c0 4.5-3 7.3-7 8.5-4-1.2-7-4-7-8.5V6z"/><path d="M12 8.5v4M12 15.5v.1"/>',
  shop: '<path d="M5 11v9h14v-9M3.5 10 5.5 4h13l2 6a2.8 2.8 0 0 1-5.600.2 2.9 2.9 0 0 1-5.8 0A2.8 2.8 0 0 1 3.5 10zM10 20v-5h4v5"/>',
  signal: '<path d="M4 19v-3M9.3 19v-6.5M14.7 19V9M20 19V5"/>',
  slot: '<rect x="3.5" y="5" width="17" height="15" rx="2.5"/><path d="M3.5 10h17M8 3v4M16 3v4M8 14h3.5"/>',
  sound: '<path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a7.5 7.5 0 0 1 0 11"/>',
  sun: '<circle cx="12" cy="12" r="4"/><path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M18.4 5.6 17 7M7 17l-1.4 1.4"/>',
  swap: '<path d="M7 4v15M7 4 3.5 7.5M7 4l3.5 3.5M17 20V5M17 20l-3.5-3.5M17 20l3.5-3.5"/>',
  undo: '<path d="M8 5 4 9l4 4M4.5 9H14a5 5 0 0 1 0 10H9"/>',
  weight: '<path d="M7 9h10l3 11H4z"/><circle cx="12" cy="6" r="2.5"/>',
  x: '<path d="m6 6 12 12M18 6 6 18"/>',
} as const;

export type IconName = keyof typeof ICONS;

/** The mark of each state on a grid of 14: told apart by shape alone, the colour only helps. */
export const MARKS = {
  wait: '<circle cx="7" cy="7" r="5" fill="none" stroke="currentColor" stroke-width="2"/>',
  offer: '<circle cx="7" cy="7" r="5.9" fill="none" stroke="currentColor" stroke-width="1.5"/><circle cx="7" cy="7" r="2.9" fill="currentColor"/>',
  tostore: '<circle cx="7" cy="7" r="5.4" fill="none" stroke="currentColor" stroke-width="1.7"/><path d="M7 1.6a5.4 5.4 0 0 0 0 10.8z" fill="currentColor"/>',
  atstore: '<rect x="1.5" y="1.5" width="11" height="11" rx="2" fill="currentColor"/>',
  onway: '<circle cx="7" cy="7" r="6.3" fill="currentColor"/><path d="M5.7 4.2 8.6 7 5.7 9.8" fill="none" stroke="var(--surface)" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"/>',
  atdoor: '<path d="M2.4 13.2V5.6a4.6 4.6 0 0 1 9.2 0v7.6z" fill="currentColor"/><circle cx="9" cy="8.6" r="1" fill="var(--surface)"/>',
  done: '<circle cx="7" cy="7" r="6.3" fill="currentColor"/><path d="m4.2 7.2 2 2 3.6-4.1" fill="none" stroke="var(--surface)" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"/>',
  back: '<circle cx="7" cy="7" r="6.3" fill="currentColor"/><path d="M6 3.8 4 5.8l2 2M4.2 5.8h3.6a2.1 2.1 0 0 1 0 4.2H6" fill="none" stroke="var(--surface)" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round"/>',
  off: '<circle cx="7" cy="7" r="5.2" fill="none" stroke="currentColor" stroke-width="1.6"/><path d="M3.4 10.6l7.2-7.2" stroke="currentColor" stroke-width="1.6"/>',
  risk: '<path d="M7 .9a1.3 1.3 0 0 1 1.1.6l5.2 9.4a1.3 1.3 0 0 1-1.1 2H1.8a1.3 1.3 0 0 1-1.1-2L5.9 1.5A1.3 1.3 0 0 1 7 .9z" fill="currentColor"/><path d="M7 4.7v3.5M7 10.4v.1" stroke="var(--surface)" stroke-width="1.7" stroke-linecap="round"/>',
  late: '<path d="M4.300.5h5.4l3.8 3.8v5.4l-3.8 3.8H4.3L.5 9.7V4.3z" fill="currentColor"/><path d="M7 3.6v4.2M7 10.2v.1" stroke="var(--surface)" stroke-width="1.8" stroke-linecap="round"/>',
} as const;

export type MarkName = keyof typeof MARKS;

/** The logo on a grid of 32: a door on a street with its lamp on. */
export const LOGO =
  '<path d="M9 26V14.5a7 7 0 0 1 14 0V26" fill="none" stroke="currentColor" stroke-width="2.6" stroke-linejoin="round"/><path d="M4.5 27h23" stroke="currentColor" stroke-width="2.8" stroke-linecap="round"/><circle cx="16" cy="15" r="3.1" fill="var(--lamp)"/>';
