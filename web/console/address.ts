import { useSyncExternalStore } from "react";

/** The rooms of the console; the address says which one is open, what is looked at and what is filtered. */
export const ROOMS = ["live", "board", "table", "money", "market", "audit", "account"] as const;
export type Room = (typeof ROOMS)[number];
export const SHOWS = ["all", "risk", "offers", "free"] as const;
export type Show = (typeof SHOWS)[number];

export type Address = {
  room: Room;
  /** The market's slug; empty: the first one. */
  market: string;
  /** A delivery or driver whose drawer is open. */
  open: string;
  /** Words that are searched for. */
  find: string;
  show: Show;
  /** Columns of the board that are shown; empty: all. */
  states: string;
  /** Filters of the audit: who did it, what, to what, from and until which day of the market. */
  who: string;
  what: string;
  about: string;
  from: string;
  until: string;
};

const FIRST: Address = {
  room: "live",
  market: "",
  open: "",
  find: "",
  show: "all",
  states: "",
  who: "",
  what: "",
  about: "",
  from: "",
  until: "",
};
const PLAIN = ["find", "states", "who", "what", "about", "from", "until"] as const;
const hearers = new Set<() => void>();

function read(): Address {
  const path = location.pathname.replace(/\/+$/, "").split("/").slice(2);
  const query = new URLSearchParams(location.search);
  const room = ROOMS.find((one) => one === path[0]) ?? "live";
  const named = path[0] === "deliveries" || path[0] === "drivers" ? (path[1] ?? "") : "";
  const show = SHOWS.find((one) => one === query.get("show")) ?? "all";
  return {
    room,
    market: query.get("market") ?? "",
    open: query.get("open") ?? named,
    show,
    ...(Object.fromEntries(PLAIN.map((key) => [key, query.get(key) ?? ""])) as Record<
      (typeof PLAIN)[number],
      string
    >),
  };
}

let now = read();

function written(address: Address): string {
  const query = new URLSearchParams();
  for (const key of ["market", "open", "show", ...PLAIN] as const) {
    if (address[key] !== FIRST[key]) query.set(key, address[key]);
  }
  const tail = query.toString();
  return `/console${address.room === "live" ? "" : `/${address.room}`}${tail ? `?${tail}` : ""}`;
}

function tell(): void {
  now = read();
  for (const hear of hearers) hear();
}

addEventListener("popstate", tell);

/** Goes somewhere: a new entry of the history where the room or the drawer changes, else the same one. */
export function go(change: Partial<Address>): void {
  const next = { ...now, ...change };
  const url = written(next);
  if (url === location.pathname + location.search) return;
  const turn = next.room !== now.room || next.open !== now.open || next.market !== now.market;
  history[turn ? "pushState" : "replaceState"](null, "", url);
  tell();
}

/** The address with `change`, for a link. */
export const linkTo = (change: Partial<Address>): string => written({ ...now, ...change });

export const whereNow = (): Address => now;

export function useAddress(): Address {
  return useSyncExternalStore(
    (hear) => {
      hearers.add(hear);
      return () => hearers.delete(hear);
    },
    () => now,
  );
}
