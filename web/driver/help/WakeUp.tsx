import { useEffect, useId, useState } from "react";
import { useLang } from "../../shared/i18n/react";
import { canWake, isWoken, letMeSleep, wakeMe } from "../phone/push";
import { useWords } from "../words";

/** Offers while the phone is in a pocket: a switch where the phone can do it, else a line that says it cannot. */
export function WakeUp() {
  const words = useWords();
  const { lang } = useLang();
  const id = useId();
  const [state, setState] = useState<"on" | "off" | "asking" | "cannot" | "unknown">("unknown");
  useEffect(() => {
    if (!canWake()) return setState("cannot");
    isWoken().then(
      (on) => setState(on ? "on" : "off"),
      () => setState("off"),
    );
  }, []);
  const turn = async () => {
    const before = state;
    setState("asking");
    try {
      if (before === "on") {
        await letMeSleep();
        setState("off");
      } else setState((await wakeMe(lang)) ? "on" : "cannot");
    } catch {
      setState(before);
    }
  };
  return (
    <div className="line">
      <div>
        <b id={id}>{words("wake")}</b>
        <p role="status">{words(state === "cannot" ? "wake.cannot" : "wake.more")}</p>
      </div>
      {state !== "cannot" && (
        <button
          type="button"
          role="switch"
          className="sw small plain"
          aria-checked={state === "on"}
          aria-busy={state === "asking" || undefined}
          aria-labelledby={id}
          onClick={() => state !== "asking" && void turn()}
        />
      )}
    </div>
  );
}
