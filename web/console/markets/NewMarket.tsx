import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { api, Refusal, told } from "../../shared/api/client";
import { Button } from "../../shared/ui/button";
import { Mark } from "../../shared/ui/marks";
import { useRefused } from "../acts/Acting";
import { go } from "../address";
import { useWords } from "../words";

/** What a market can be made of: two metros whose ZIPs come along, any other metro, or ZIPs one by one. */
const PLACES = ["nashville", "new-orleans", "metro", "zips"] as const;
type Place = (typeof PLACES)[number];
const BUILT_IN = { nashville: "34980", "new-orleans": "35380" } as const;
const STAGES = ["planned", "pilot", "open"] as const;
type Stage = (typeof STAGES)[number];
const MOST_ZIPS = 2000;

/** The area as the API takes it; null while what was typed cannot be meant. */
function areaOf(place: Place, cbsa: string, zips: string): { cbsa: string } | { postcodes: string[] } | null {
  if (place === "metro") return /^\d{5}$/.test(cbsa.trim()) ? { cbsa: cbsa.trim() } : null;
  if (place !== "zips") return { cbsa: BUILT_IN[place] };
  const postcodes = [...new Set(zips.split(/[\s,;]+/).filter(Boolean))];
  const good = postcodes.length > 0 && postcodes.length <= MOST_ZIPS;
  return good && postcodes.every((one) => /^\d{5}$/.test(one)) ? { postcodes } : null;
}

/** Makes a market of a place and goes there. Name and time zone follow from the place; the name may be another. */
export function NewMarket({ first = false }: { first?: boolean }) {
  const words = useWords();
  const refused = useRefused();
  const queries = useQueryClient();
  const id = useId();
  const [place, setPlace] = useState<Place>("nashville");
  const [cbsa, setCbsa] = useState("");
  const [zips, setZips] = useState("");
  const [name, setName] = useState("");
  const [stage, setStage] = useState<Stage>("pilot");
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const area = areaOf(place, cbsa, zips);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (!area || busy) return;
    setBusy(true);
    setSaid("");
    try {
      const body = { ...area, stage, name: name.trim() || null };
      const made = await told(api.POST("/staff/v1/markets", { body }));
      await queries.invalidateQueries({ queryKey: ["markets"], exact: true });
      go({ room: "live", market: made.slug, open: "" });
    } catch (error) {
      const unknown = error instanceof Refusal && error.code === "unknown_places";
      setSaid(unknown ? error.detail : refused(error));
      setBusy(false);
    }
  };
  return (
    <form className="new-market" onSubmit={(event) => void send(event)} noValidate>
      {said && (
        <p className="band e" role="alert">
          <Mark name="late" />
          {said}
        </p>
      )}
      <fieldset>
        <legend>{words("new.where")}</legend>
        {PLACES.map((one) => (
          <label className="check" key={one}>
            <input type="radio" name={id} checked={place === one} onChange={() => setPlace(one)} />
            {words(`new.where.${one}`)}
          </label>
        ))}
      </fieldset>
      {place === "metro" && (
        <div className="field">
          <label htmlFor={`${id}m`}>{words("new.cbsa")}</label>
          <input
            id={`${id}m`}
            inputMode="numeric"
            maxLength={5}
            autoComplete="off"
            aria-describedby={`${id}c`}
            value={cbsa}
            onChange={(event) => setCbsa(event.target.value)}
          />
          <small id={`${id}c`}>{words("new.cbsa.is")}</small>
        </div>
      )}
      {place === "zips" && (
        <div className="field">
          <label htmlFor={`${id}z`}>{words("new.zips")}</label>
          <textarea
            id={`${id}z`}
            rows={3}
            aria-describedby={`${id}y`}
            value={zips}
            onChange={(event) => setZips(event.target.value)}
          />
          <small id={`${id}y`}>{words("new.zips.is")}</small>
        </div>
      )}
      <div className="field">
        <label htmlFor={`${id}n`}>{words("new.name")}</label>
        <input
          id={`${id}n`}
          maxLength={80}
          autoComplete="off"
          aria-describedby={`${id}o`}
          placeholder={place in BUILT_IN ? words(`new.where.${place}`) : undefined}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <small id={`${id}o`}>{words("new.name.is")}</small>
      </div>
      <div className="field">
        <label htmlFor={`${id}s`}>{words("market.stage")}</label>
        <select
          id={`${id}s`}
          aria-describedby={`${id}t`}
          value={stage}
          onChange={(event) => setStage(event.target.value as Stage)}
        >
          {STAGES.map((one) => (
            <option key={one} value={one}>
              {words(`stage.${one}`)}
            </option>
          ))}
        </select>
        <small id={`${id}t`}>{words(`stage.lead.${stage}`)}</small>
      </div>
      <Button
        kind={first ? "door" : "plain"}
        type="submit"
        busy={busy}
        offBecause={area ? null : words(place === "zips" ? "new.zips.first" : "new.cbsa.first")}
      >
        {words(first ? "new.go.first" : "new.go")}
      </Button>
    </form>
  );
}
