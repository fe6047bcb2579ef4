import { useId, useState } from "react";
import { Button } from "../../shared/ui/button";
import { useWords } from "../words";
import type { Paper } from "./reporting";

const PAPERS: Paper["paper"][] = ["driver_license", "state_id", "passport", "other"];

/** A look at an identity paper. Nothing is photographed; what is kept is which kind, of age or not, expired or not. */
export function PaperCheck({
  age,
  busy,
  onSeen,
}: {
  age: number;
  busy: boolean;
  onSeen: (paper: Paper) => void;
}) {
  const words = useWords();
  const id = useId();
  const [paper, setPaper] = useState<Paper["paper"]>("driver_license");
  return (
    <div className="paper">
      <label htmlFor={id}>{words("paper.which")}</label>
      <select id={id} value={paper} onChange={(event) => setPaper(event.target.value as Paper["paper"])}>
        {PAPERS.map((one) => (
          <option key={one} value={one}>
            {words(`paper.${one}`)}
          </option>
        ))}
      </select>
      <p className="dim">{words("paper.kept")}</p>
      <div className="stack">
        <Button
          kind="door"
          size="tall"
          busy={busy}
          onClick={() => onSeen({ paper, of_age: true, expired: false })}
        >
          {words("paper.good", { age })}
        </Button>
        <div className="two">
          <Button size="tall" onClick={() => onSeen({ paper, of_age: false, expired: false })}>
            {words("paper.young", { age })}
          </Button>
          <Button size="tall" onClick={() => onSeen({ paper, of_age: true, expired: true })}>
            {words("paper.expired")}
          </Button>
        </div>
      </div>
    </div>
  );
}
