/**
 * The market's clock on this phone. A phone's own clock may be wrong, and a demo's market may live at another hour:
 * what is reported carries the market's time, reckoned from the last time the server told it.
 */
let base = { market: Date.now(), here: performance.now(), speed: 1 };

/** The server said what time it is there. */
export function setMarketClock(marketTime: string, speed = 1): void {
  base = { market: Date.parse(marketTime), here: performance.now(), speed };
}

export const marketNow = (): number => base.market + (performance.now() - base.here) * base.speed;

export const marketIso = (): string => new Date(marketNow()).toISOString();
