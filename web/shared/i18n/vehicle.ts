import { useShared } from "./react";

/** A car as its driver wrote it, "blue CR-V", with a common colour in words of the language. */
export function useVehicle(): (told: string | null | undefined) => string {
  const words = useShared();
  return (told) => {
    const [, colour = "", car = ""] = /^(\S+) (.+)$/.exec(told ?? "") ?? [];
    const key = `car.${colour.toLowerCase()}`;
    return car && words.has(key) ? words(key as never, { car }) : (told ?? "");
  };
}
