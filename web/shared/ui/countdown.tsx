import { useEffect, useState } from "react";
import { useShared } from "../i18n/react";

const ROUND = 2 * Math.PI * 26;

/**
 * A lamp ring with the seconds inside. `endsAt` is on this device's clock (performance.now milliseconds): take it
 * once from the seconds that the server says are left. It never hurries: no red, no shaking.
 */
export function Countdown({ endsAt, wholeS, onEnd }: { endsAt: number; wholeS: number; onEnd?: () => void }) {
  const words = useShared();
  const left = useSecondsLeft(endsAt, onEnd);
  const share = Math.min(1, left / Math.max(wholeS, 1));
  return (
    <div className="count" role="timer" aria-label={words("countdown", { seconds: left })}>
      <svg viewBox="0 0 58 58" aria-hidden="true">
        <circle cx="29" cy="29" r="26" />
        <circle cx="29" cy="29" r="26" strokeDasharray={ROUND} strokeDashoffset={ROUND * (1 - share)} />
      </svg>
      <b aria-hidden="true">{left}</b>
    </div>
  );
}

export function useSecondsLeft(endsAt: number, onEnd?: () => void): number {
  const [left, setLeft] = useState(() => secondsUntil(endsAt));
  useEffect(() => {
    setLeft(secondsUntil(endsAt));
    const timer = setInterval(() => {
      const now = secondsUntil(endsAt);
      setLeft(now);
      if (now === 0) {
        clearInterval(timer);
        onEnd?.();
      }
    }, 250);
    return () => clearInterval(timer);
  }, [endsAt, onEnd]);
  return left;
}

const secondsUntil = (at: number) => Math.max(0, Math.ceil((at - performance.now()) / 1000));
