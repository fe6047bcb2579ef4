import type { Market as Told } from "../../shared/api/client";

/** A market as the console looks at it; its outline is the map's business. */
export type Market = Omit<Told, "outline">;
