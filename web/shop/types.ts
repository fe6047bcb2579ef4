import type { components } from "../shared/api/client";

type Schemas = components["schemas"];

export type Delivery = Schemas["doorstep__features__deliveries__answers__DeliveryTold"];
export type Store = Schemas["Store"];
export type Quote = Schemas["Quote"];
export type QuoteAsked = Schemas["QuoteAsked"];
export type DeliveryAsked = Schemas["DeliveryAsked"];
export type Windows = Schemas["Windows"];
export type OfferedWindow = Schemas["OfferedWindow"];
export type Session = Schemas["MerchantSession"];
export type Pace = Schemas["Pace"];
