import { type ReactNode, useEffect, useRef, useState } from "react";
import { useShared } from "../i18n/react";
import { Icon } from "../ui/marks";
import type { Base } from "./base";
import type { Opened, OpenOptions } from "./open";

type Props = {
  /** Null while it is on its way: the land is there at once, nothing turns. */
  base: Base | null;
  draw: OpenOptions["draw"];
  onOpen?: (opened: Opened) => void;
  label: string;
  interactive?: boolean;
  options?: OpenOptions["options"];
  children?: ReactNode;
};

/** A map, its library loaded only when one is shown. What it tells must also stand in a list beside it. */
export function MapView({ base, draw, onOpen, label, interactive = true, options, children }: Props) {
  const words = useShared();
  const box = useRef<HTMLDivElement>(null);
  const opened = useRef<Opened | null>(null);
  const latest = useRef({ draw, onOpen, options, label });
  latest.current = { draw, onOpen, options, label };
  const [failed, setFailed] = useState(false);
  const [streets, setStreets] = useState(false);

  useEffect(() => {
    const container = box.current;
    if (!container || !base) return;
    let gone = false;
    void (async () => {
      try {
        const { openMap } = await import("./open");
        if (gone) return;
        const made = await openMap(container, {
          base,
          label: latest.current.label,
          draw: (map, palette) => latest.current.draw(map, palette),
          interactive,
          options: latest.current.options,
        });
        if (gone) {
          made.close();
          return;
        }
        opened.current = made;
        setStreets(made.streets !== null);
        latest.current.onOpen?.(made);
      } catch {
        if (!gone) setFailed(true);
      }
    })();
    return () => {
      gone = true;
      opened.current?.close();
      opened.current = null;
    };
  }, [base, interactive]);

  return (
    <section className="mapbox" aria-label={label}>
      <div className="canvas" ref={box} />
      {failed && <p className="band">{words("map.failed")}</p>}
      {interactive && !failed && (
        <div className="zoom">
          <button type="button" aria-label={words("map.zoomin")} onClick={() => opened.current?.map.zoomIn()}>
            <Icon name="plus" />
          </button>
          <button
            type="button"
            aria-label={words("map.zoomout")}
            onClick={() => opened.current?.map.zoomOut()}
          >
            <Icon name="minus" />
          </button>
        </div>
      )}
      {children}
      <small className="att">{streets ? words("map.streets") : (base?.credit ?? words("map.base"))}</small>
    </section>
  );
}
