import { useId, useState } from "react";
import { Icon } from "../../shared/ui/marks";
import { useWords } from "../words";
import { type Door, NO_DOOR } from "./order";

type Props = { known: readonly Door[]; door: Door; onDoor: (door: Door) => void };

/** Where to: somebody who ordered lately, or another door. */
export function DoorChoice({ known, door, onDoor }: Props) {
  const words = useWords();
  const id = useId();
  const [another, setAnother] = useState(false);
  const typing = another || known.length === 0;
  return (
    <fieldset className="choice">
      <legend>{words("door.title")}</legend>
      <div className="cards">
        {known.map((one, number) => (
          <label key={`${one.firstName}${one.line1}`} className="card">
            <input
              type="radio"
              name={`${id}door`}
              checked={!typing && one === door}
              onChange={() => {
                setAnother(false);
                onDoor(one);
              }}
              value={number}
            />
            <Icon name="home" size="s" />
            <span>
              <b>{one.firstName}</b>
              <small>{one.line1}</small>
            </span>
          </label>
        ))}
        {known.length > 0 && (
          <label className="card">
            <input
              type="radio"
              name={`${id}door`}
              checked={typing}
              value="another"
              onChange={() => {
                setAnother(true);
                onDoor(NO_DOOR);
              }}
            />
            <Icon name="plus" size="s" />
            <span>
              <b>{words("door.another")}</b>
            </span>
          </label>
        )}
      </div>
      {typing && <Fields door={door} onDoor={onDoor} />}
    </fieldset>
  );
}

const FIELDS = [
  { name: "firstName", auto: "given-name", most: 80, wide: false },
  { name: "phone", auto: "tel", most: 40, wide: false },
  { name: "line1", auto: "address-line1", most: 80, wide: true },
  { name: "city", auto: "address-level2", most: 80, wide: false },
  { name: "state", auto: "address-level1", most: 30, wide: false },
  { name: "postcode", auto: "postal-code", most: 12, wide: false },
  { name: "note", auto: "off", most: 200, wide: true },
] as const;

function Fields({ door, onDoor }: Omit<Props, "known">) {
  const words = useWords();
  const id = useId();
  return (
    <div className="fields">
      {FIELDS.map(({ name, auto, most, wide }) => (
        <p key={name} className={wide ? "wide" : undefined}>
          <label htmlFor={`${id}${name}`}>{words(`door.${name}`)}</label>
          <input
            id={`${id}${name}`}
            autoComplete={auto}
            maxLength={most}
            inputMode={name === "postcode" ? "numeric" : name === "phone" ? "tel" : "text"}
            value={door[name]}
            onChange={(event) => onDoor({ ...door, [name]: event.target.value, point: null })}
          />
        </p>
      ))}
    </div>
  );
}
