import { useFormat, useShared } from "../i18n/react";

type Props = { choices: readonly number[]; wished: number; onWish: (speed: number) => void };

/** The speeds at which time may run in a demo, one of them chosen. */
export function Speeds({ choices, wished, onWish }: Props) {
  const words = useShared();
  const f = useFormat();
  return (
    <fieldset className="speeds">
      <legend className="sr">{words("pace.choose")}</legend>
      {choices.map((speed) => (
        <button key={speed} type="button" aria-pressed={speed === wished} onClick={() => onWish(speed)}>
          {words("pace.speed", { speed: f.count(speed) })}
        </button>
      ))}
    </fieldset>
  );
}
