import { useId, useState } from "react";
import { api, Refusal, told } from "../../shared/api/client";
import { useShared } from "../../shared/i18n/react";
import { useVehicle } from "../../shared/i18n/vehicle";
import { Button } from "../../shared/ui/button";
import { Ask } from "../../shared/ui/dialog";
import { Preferences } from "../../shared/ui/preferences";
import { chime, wakeSound } from "../phone/attention";
import { choose, useChoices } from "../phone/choices";
import { forgetEverything } from "../phone/keep";
import { useOutbox } from "../phone/outbox";
import { fallSilent } from "../phone/whereabouts";
import type { Me } from "../types";
import { useWords } from "../words";
import { Longer } from "./Longer";
import { WakeUp } from "./WakeUp";

const SWITCHES = ["sound", "vibration", "light", "awake"] as const;

/** How this phone makes itself known, what a mile costs, language and light. */
export function Settings({ me, onOut }: { me: Me; onOut: () => void }) {
  const words = useWords();
  const vehicle = useVehicle();
  const chosen = useChoices();
  const id = useId();
  const car = me.vehicle;
  return (
    <div className="pad page">
      <h1>{words("settings")}</h1>
      <p className="dim">
        {[`${me.first_name} ${me.last_name}`, vehicle([car.colour, car.make].filter(Boolean).join(" "))]
          .filter(Boolean)
          .join(" · ")}
      </p>
      <section className="group">
        <h2>{words("settings.offers")}</h2>
        {SWITCHES.map((name) => (
          <div className="line" key={name}>
            <div>
              <b id={`${id}${name}`}>{words(`settings.${name}`)}</b>
              <p>{words(`settings.${name}.more`)}</p>
            </div>
            <button
              type="button"
              role="switch"
              className="sw small plain"
              aria-checked={chosen[name]}
              aria-labelledby={`${id}${name}`}
              onClick={() => {
                choose({ [name]: !chosen[name] });
                if (name === "sound" && !chosen.sound) {
                  wakeSound();
                  setTimeout(chime, 100);
                }
              }}
            />
          </div>
        ))}
        <WakeUp />
        <Longer me={me} />
      </section>
      <section className="group">
        <h2>{words("settings.car")}</h2>
        <label htmlFor={`${id}mile`}>{words("settings.mile")}</label>
        <input
          id={`${id}mile`}
          inputMode="numeric"
          placeholder={words("settings.mile.ours")}
          value={chosen.carPerMileMinor ?? ""}
          onChange={(event) => {
            const digits = event.target.value.replace(/\D/g, "").slice(0, 3);
            choose({ carPerMileMinor: digits === "" ? null : Number(digits) });
          }}
        />
        <p className="dim">{words("settings.mile.more")}</p>
      </section>
      <section className="group">
        <h2>{words("settings.page")}</h2>
        <Preferences />
      </section>
      <SignOut onOut={onOut} />
    </div>
  );
}

function SignOut({ onOut }: { onOut: () => void }) {
  const words = useWords();
  const shared = useShared();
  const { waiting } = useOutbox();
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");
  const out = async () => {
    setBusy(true);
    try {
      await fallSilent();
      await told(api.DELETE("/driver/v1/session"));
      await forgetEverything();
      onOut();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      setWrong(shared("refused.unreachable"));
      setBusy(false);
    }
  };
  return (
    <>
      <Button size="tall" className="wide" onClick={() => setAsking(true)}>
        {words("signout")}
      </Button>
      {asking && (
        <Ask
          title={words("signout.title")}
          action={words("signout")}
          busy={busy}
          offBecause={waiting.length ? words("signout.waiting", { n: waiting.length }) : null}
          onAct={() => void out()}
          onClose={() => setAsking(false)}
        >
          <p>{wrong || words("signout.more")}</p>
        </Ask>
      )}
    </>
  );
}
