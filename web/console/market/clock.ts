import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, told } from "../../shared/api/client";

/** Market time as this page reckons it between two looks at the server's clock. */
let at = { market: Date.now(), here: performance.now(), speed: 1 };

/** Who wants to know when that time is set anew. */
const moved = new Set<() => void>();

export const marketNow = (): number => at.market + (performance.now() - at.here) * at.speed;
let fast = { speed: 1, until: 0 };

/** The highest speed of the last two minutes: fixes that phones sent at it are as far apart in the market's time. */
export const recentSpeed = (): number =>
  Math.max(1, at.speed, performance.now() < fast.until ? fast.speed : 1);

/** Keeps the market's clock right: a look now and then, and at once when the speed is changed. */
export function useClock(): { speed: number; demo: boolean } {
  const asked = useQuery({
    queryKey: ["clock"],
    queryFn: async () => {
      const before = performance.now();
      const clock = await told(api.GET("/public/v1/clock"));
      const after = performance.now();
      if (clock.speed < at.speed) fast = { speed: at.speed, until: after + 120_000 };
      const thought = marketNow();
      at = { market: Date.parse(clock.market_time), here: (before + after) / 2, speed: clock.speed };
      if (Math.abs(marketNow() - thought) > 2_000) for (const look of moved) look();
      return { speed: clock.speed, demo: clock.mode === "demo" };
    },
    refetchInterval: 10_000,
  });
  return asked.data ?? { speed: 1, demo: false };
}

/** The market's time, anew each `everyMs`, and at once when the server has told a time that is another. */
export function useNow(everyMs = 1000): number {
  const [now, setNow] = useState(marketNow);
  useEffect(() => {
    const look = () => setNow(marketNow());
    const timer = setInterval(look, everyMs);
    moved.add(look);
    return () => {
      clearInterval(timer);
      moved.delete(look);
    };
  }, [everyMs]);
  return now;
}
