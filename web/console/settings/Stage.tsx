import { useState } from "react";
import { api, told } from "../../shared/api/client";
import type { Market } from "../market/market";
import { useWords } from "../words";
import { Change } from "./Change";

const STAGES = ["planned", "pilot", "open", "paused", "closed"] as const;

/** How far the market has come. */
export function Stage({ market, owner }: { market: Market; owner: boolean }) {
  const words = useWords();
  const [stage, setStage] = useState<Market["stage"]>(market.stage);
  return (
    <section>
      <h3>{words("market.stage")}</h3>
      <p>
        <b>{words(`stage.${market.stage}`)}</b>{" "}
        <span className="dim">{words(`stage.lead.${market.stage}`)}</span>
      </p>
      {owner && (
        <Change
          label={words("market.stage.set", { stage: words(`stage.${stage}`) })}
          changed={stage !== market.stage}
          onSave={(reason) =>
            told(
              api.POST("/staff/v1/markets/{market_id}/stage", {
                params: { path: { market_id: market.id } },
                body: { stage, reason },
              }),
            )
          }
        >
          <label>
            <span className="sr">{words("market.stage")}</span>
            <select value={stage} onChange={(event) => setStage(event.target.value as Market["stage"])}>
              {STAGES.map((one) => (
                <option key={one} value={one}>
                  {words(`stage.${one}`)}
                </option>
              ))}
            </select>
          </label>
        </Change>
      )}
    </section>
  );
}
