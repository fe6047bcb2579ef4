import { useId } from "react";
import { useFormat } from "../../shared/i18n/react";
import { useWords } from "../words";
import { PROOFS, type Proof } from "./order";

const TIPS_MINOR = [0, 200, 300, 500, 800];

type Props = {
  proofs: readonly Proof[];
  tipMinor: number;
  onProofs: (proofs: Proof[]) => void;
  onTip: (tipMinor: number) => void;
};

/** How the hand-over goes, and the shopper's tip. Folded: what most orders need is chosen already. */
export function HandOver({ proofs, tipMinor, onProofs, onTip }: Props) {
  const words = useWords();
  const f = useFormat();
  const id = useId();
  const chosen = proofs.map((proof) => words(`proof.${proof}`)).join(", ") || words("proof.none");
  return (
    <details className="hand">
      <summary>
        {words("proof.title")}{" "}
        <span className="dim">{words("proof.sum", { proofs: chosen, tip: f.money(tipMinor) })}</span>
      </summary>
      <div className="ticks">
        {PROOFS.map((proof) => (
          <label key={proof}>
            <input
              type="checkbox"
              checked={proofs.includes(proof)}
              onChange={(event) =>
                onProofs(event.target.checked ? [...proofs, proof] : proofs.filter((one) => one !== proof))
              }
            />
            {words(`proof.${proof}`)}
          </label>
        ))}
      </div>
      <p className="row">
        <label htmlFor={`${id}t`}>{words("tip.title")}</label>
        <select id={`${id}t`} value={tipMinor} onChange={(event) => onTip(Number(event.target.value))}>
          {TIPS_MINOR.map((minor) => (
            <option key={minor} value={minor}>
              {f.money(minor)}
            </option>
          ))}
        </select>
      </p>
    </details>
  );
}
