import { useEffect, useRef, useState } from "react";
import { type Frame, follow, type Line } from "./follow";

export { type Frame, follow, type Line };

/** A stream for as long as the component is shown; null follows nothing. Tells where the line stands. */
export function useStream(url: string | null, onFrame: (frame: Frame) => void): Line {
  const [line, setLine] = useState<Line>({ state: "connecting" });
  const latest = useRef(onFrame);
  latest.current = onFrame;
  useEffect(() => {
    if (url === null) return;
    let shown = "";
    return follow(url, {
      onFrame: (frame) => latest.current(frame),
      onLine: (next) => {
        const key = next.state === "lost" ? `lost ${next.tries}` : next.state;
        if (key === shown) return; // heartbeats change nothing
        shown = key;
        setLine(next);
      },
    });
  }, [url]);
  return line;
}
