import { useId, useState } from "react";
import { Button } from "../../shared/ui/button";
import { useActs } from "../acts/Acting";
import type { Market } from "../market/market";
import { useWords } from "../words";

/** Postcodes to which nothing new is promised. */
export function Zones({ market }: { market: Market }) {
  const words = useWords();
  const acts = useActs();
  const id = useId();
  const [zip, setZip] = useState("");
  const off = acts.offBecause("zone");
  return (
    <section>
      <h3>{words("zones")}</h3>
      <p className="dim">{words("zones.lead")}</p>
      <ul className="zones">
        {market.paused_zones.map((one) => (
          <li key={one}>
            <span className="code">{one}</span>
            <Button
              offBecause={off}
              reasonBelow={false}
              onClick={() => acts.ask({ what: "zone", postcode: one, paused: false })}
            >
              {words("zones.open")}
            </Button>
          </li>
        ))}
        {market.paused_zones.length === 0 && <li className="dim">{words("zones.none")}</li>}
      </ul>
      <form
        className="why-line"
        onSubmit={(event) => {
          event.preventDefault();
          if (!off && /^\d{5}$/.test(zip)) {
            acts.ask({ what: "zone", postcode: zip, paused: true });
            setZip("");
          }
        }}
      >
        <label className="sr" htmlFor={id}>
          {words("zones.zip")}
        </label>
        <input
          id={id}
          className="code short"
          inputMode="numeric"
          pattern="[0-9]{5}"
          value={zip}
          placeholder={words("zones.zip")}
          onChange={(event) => setZip(event.target.value)}
        />
        <Button
          type="submit"
          reasonBelow={false}
          offBecause={off ?? (/^\d{5}$/.test(zip) ? null : words("zones.zip.first"))}
        >
          {words("zones.pause")}
        </Button>
      </form>
    </section>
  );
}
