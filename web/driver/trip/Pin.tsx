import { useId, useState } from "react";
import { useWords } from "../words";

/** Four digits, large enough to read with one eye on the door. Sends itself with the fourth. */
export function Pin({ busy, wrong, onPin }: { busy: boolean; wrong: boolean; onPin: (pin: string) => void }) {
  const words = useWords();
  const id = useId();
  const [digits, setDigits] = useState("");
  return (
    <div className="pin">
      <label className="sr" htmlFor={id}>
        {words("pin.label")}
      </label>
      <div className="pinb">
        {[0, 1, 2, 3].map((place) => (
          <b key={place} className={place === Math.min(digits.length, 3) ? "cur" : ""} aria-hidden="true">
            {digits[place] ?? ""}
          </b>
        ))}
        <input
          id={id}
          inputMode="numeric"
          autoComplete="off"
          pattern="[0-9]{4}"
          maxLength={4}
          value={digits}
          aria-invalid={wrong || undefined}
          readOnly={busy}
          onChange={(event) => {
            const next = event.target.value.replace(/\D/g, "").slice(0, 4);
            setDigits(next);
            if (next.length === 4) {
              onPin(next);
              setTimeout(() => setDigits(""), 400);
            }
          }}
        />
      </div>
    </div>
  );
}
