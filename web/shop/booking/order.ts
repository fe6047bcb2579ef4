import type { Delivery, DeliveryAsked, OfferedWindow, QuoteAsked } from "../types";

/** A door that goods can go to. `point` is known of doors delivered to before. */
export type Door = {
  firstName: string;
  lastName: string;
  phone: string;
  line1: string;
  line2: string;
  city: string;
  state: string;
  postcode: string;
  note: string;
  point: { lat: number; lng: number } | null;
};

/** What goes into the bag. */
export type Goods = { name: string; items: number; cartMinor: number; weightG: number };

/** What the hand-over asks for. */
export const PROOFS = ["photo", "pin", "signature", "contactless"] as const;
export type Proof = (typeof PROOFS)[number];

export type Order = {
  store: string;
  door: Door;
  goods: Goods;
  /** null: as soon as it is ready. */
  window: OfferedWindow | null;
  proofs: readonly Proof[];
  tipMinor: number;
};

export const NO_DOOR: Door = {
  firstName: "",
  lastName: "",
  phone: "",
  line1: "",
  line2: "",
  city: "",
  state: "",
  postcode: "",
  note: "",
  point: null,
};

const KNOWN = 4;

/** Whether an address is there to ask a price for. */
export const addressed = (door: Door): boolean =>
  Boolean(
    door.line1.trim() && door.city.trim() && door.state.trim().length >= 2 && /^\d{5}/.test(door.postcode),
  );

/** What must still be told before booking: field names in the order they stand. */
export function missing(order: Order): ("address" | "name")[] {
  const open: ("address" | "name")[] = [];
  if (!order.door.firstName.trim()) open.push("name");
  if (!addressed(order.door)) open.push("address");
  return open;
}

const keyOf = (door: Door) => `${door.firstName}|${door.line1}|${door.postcode}`.toLowerCase();

/** Doors delivered to lately, the newest first, each once. */
export function doorsOf(deliveries: readonly Delivery[]): Door[] {
  const found = new Map<string, Door>();
  for (const one of deliveries) {
    const { address, point, phone, instructions } = one.dropoff;
    const door: Door = {
      firstName: one.first_name,
      lastName: one.last_name,
      phone,
      line1: address.line1,
      line2: address.line2 ?? "",
      city: address.city,
      state: address.state,
      postcode: address.postcode,
      note: instructions,
      point: { lat: point.lat, lng: point.lng },
    };
    if (!found.has(keyOf(door))) found.set(keyOf(door), door);
  }
  return [...found.values()].slice(0, KNOWN);
}

/** What was sent lately, the newest first, each once. */
export function goodsOf(deliveries: readonly Delivery[]): Goods[] {
  const found = new Map<string, Goods>();
  for (const { goods } of deliveries) {
    const name = goods.contains.map((part) => part.name).join(", ");
    if (!name || found.has(name)) continue;
    found.set(name, {
      name,
      items: goods.items,
      cartMinor: goods.cart_minor,
      weightG: goods.weight_g,
    });
  }
  return [...found.values()].slice(0, KNOWN);
}

const common = (
  order: Order,
): Pick<QuoteAsked, "store" | "cart_minor" | "requirements" | "service_level" | "window"> => ({
  store: order.store,
  cart_minor: order.goods.cartMinor,
  requirements: [...order.proofs],
  ...(order.window
    ? {
        service_level: order.window.service_level,
        window: { start: order.window.start, end: order.window.end },
      }
    : { service_level: "express" as const }),
});

const address = ({ line1, line2, city, state, postcode }: Door) => ({
  line1: line1.trim(),
  line2: line2.trim(),
  city: city.trim(),
  state: state.trim(),
  postcode: postcode.trim(),
  country: "US",
});

/** What a price is asked for; null while there is no address. */
export function quoteOf(order: Order): QuoteAsked | null {
  if (!order.store || !addressed(order.door)) return null;
  return {
    ...common(order),
    currency: "USD",
    dropoff: { address: address(order.door), point: order.door.point },
  };
}

/** The delivery itself, at the quoted price. */
export function bookingOf(order: Order, quote: string): DeliveryAsked {
  const { door, goods } = order;
  return {
    ...common(order),
    currency: "USD",
    external_id: "",
    quote_id: quote,
    requirements: [...order.proofs],
    service_level: order.window?.service_level ?? "express",
    dropoff: {
      address: address(door),
      point: door.point,
      first_name: door.firstName.trim(),
      last_name: door.lastName.trim(),
      phone: door.phone.trim(),
      instructions: door.note.trim(),
      property_type: "",
    },
    items: goods.items,
    weight_g: goods.weightG,
    contains: goods.name.trim()
      ? [{ name: goods.name.trim().slice(0, 120), quantity: goods.items, code: "" }]
      : [],
    return_policy: "return",
    tip_minor: order.tipMinor,
  };
}
