import { useId } from "react";
import { useFormat } from "../../shared/i18n/react";
import { useWindows } from "../reads";
import type { OfferedWindow } from "../types";
import { useWords } from "../words";

const SHOWN = 4;

type Props = {
  store: string;
  postcode: string;
  window: OfferedWindow | null;
  onWindow: (window: OfferedWindow | null) => void;
};

/** When: as soon as it is ready, or one of the windows on offer for that door. */
export function WhenChoice({ store, postcode, window, onWindow }: Props) {
  const words = useWords();
  const f = useFormat();
  const id = useId();
  const { data } = useWindows(store, postcode);
  const windows = data?.windows.slice(0, SHOWN) ?? [];
  const now = data?.express_due_at ?? undefined;
  const chosen =
    window && !windows.some((one) => one.start === window.start) ? [window, ...windows] : windows;
  return (
    <fieldset className="choice when">
      <legend>{words("when.title")}</legend>
      <div className="cards">
        <label className="card">
          <input type="radio" name={`${id}w`} checked={window === null} onChange={() => onWindow(null)} />
          <span>
            <b>{words("when.express")}</b>
            <small>
              {data?.express_due_at ? words("when.by", { time: f.time(data.express_due_at) }) : ""}
            </small>
          </span>
        </label>
        {chosen.map((one) => (
          <label key={one.start} className="card">
            <input
              type="radio"
              name={`${id}w`}
              checked={window?.start === one.start && window.end === one.end}
              onChange={() => onWindow(one)}
            />
            <span>
              <b>{f.range(one.start, one.end)}</b>
              <small>
                {now && !f.sameDay(one.start, now)
                  ? f.weekday(one.start)
                  : words(`when.${one.service_level}`)}
              </small>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
