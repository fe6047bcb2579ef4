import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, told } from "../../shared/api/client";

type Pace = { market: number; here: number; speed: number };

/** Market time as this page reckons it between two looks at the server's clock. */
let at: Pace = { market: Date.now(), here: performance.now(), speed: 1 };

/** How it goes on from a turn that the server has announced: time slows down just when somebody comes in. */
let turn: Pace | null = null;

const reckoned = (pace: Pace, here: number): number => pace.market + (here - pace.here) * pace.speed;

/** Who wants to know when that time is set anew. */
const moved = new Set<() => void>();

let fast = { speed: 1, until: 0 };
const keepFast = (next: number, here: number): void => {
  if (next < at.speed) fast = { speed: at.speed, until: here + 120_000 };
};

/** Market time now, as this page reckons it. */
export function marketNow(): number {
  const here = performance.now();
  if (turn && here >= turn.here) {
    keepFast(turn.speed, here);
    at = turn;
    turn = null;
  }
  return reckoned(at, here);
}

/** The highest speed of the last two minutes: fixes that phones sent at it are as far apart in the market's time. */
export const recentSpeed = (): number =>
  Math.max(1, at.speed, performance.now() < fast.until ? fast.speed : 1);

/** Keeps the market's clock right: a look now and then, and at once when the speed is changed. */
export function useClock(): { speed: number; demo: boolean } {
  const queries = useQueryClient();
  const asked = useQuery({
    queryKey: ["clock"],
    queryFn: async () => {
      const before = performance.now();
      const clock = await told(api.GET("/public/v1/clock"));
      const after = performance.now();
      keepFast(clock.speed, after);
      const thought = marketNow();
      at = { market: Date.parse(clock.market_time), here: (before + after) / 2, speed: clock.speed };
      turn = null;
      if (clock.turn) {
        const here = at.here + clock.turn.in_real_s * 1000;
        turn = { market: reckoned(at, here), here, speed: clock.turn.speed };
        const turned = () => void queries.invalidateQueries({ queryKey: ["clock"] });
        setTimeout(turned, clock.turn.in_real_s * 1000 + 100);
      }
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
