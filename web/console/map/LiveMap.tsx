import { useEffect, useMemo, useRef, useState } from "react";
import { useFormat, useShared } from "../../shared/i18n/react";
import { MapView } from "../../shared/map/MapView";
import type { Opened } from "../../shared/map/open";
import { Icon, Mark } from "../../shared/ui/marks";
import { go, type Show, useAddress } from "../address";
import { useBase } from "../market/base";
import { marketNow } from "../market/clock";
import { fixAge } from "../market/fix";
import { useFound } from "../market/found";
import { useMarket } from "../market/live";
import { useWords } from "../words";
import { GROUPED_FROM } from "./groups";
import { Legend } from "./Legend";
import { Scene } from "./scene";

declare global {
  interface Window {
    /** Set by who measures: is told how long each piece of our own drawing took. */
    doorstepTiming?: (name: string, ms: number) => void;
  }
}

/** Where this desk's wish about groups is kept. */
const GROUPING = "doorstep-map-group";

/** The live map: who drives where, which doors wait, who is being asked. */
export function LiveMap({ marketId, name }: { marketId: string; name: string }) {
  const words = useWords();
  const shared = useShared();
  const f = useFormat();
  const market = useMarket("deliveries", "offers", "concerns", "drivers", "trips", "stores");
  const { open, show } = useAddress();
  const found = useFound(market, marketId);
  const base = useBase(marketId);
  const scene = useMemo(() => new Scene(market), [market]);
  const opened = useRef<Opened | null>(null);
  const tag = useRef<HTMLDivElement>(null);
  const doorTag = useRef<HTMLDivElement>(null);
  const [ready, setReady] = useState(false);
  const [grouping, setGrouping] = useState(() => localStorage.getItem(GROUPING) !== "off");

  scene.speech = {
    asked: (who, seconds) => words("map.asked", { name: who, left: f.age(seconds) }),
    silent: (who, ageS) => words("map.silent", { name: who, age: f.age(ageS) }),
    age: (ageS) => f.age(ageS),
  };
  scene.timing = window.doorstepTiming ?? null;

  useEffect(() => () => scene.stop(), [scene]);
  useEffect(() => {
    scene.show = show;
    scene.grouping = grouping;
    scene.found = found ? new Set(found.map((one) => one.id)) : null;
    scene.chosen = open.startsWith("drv_")
      ? { kind: "driver", id: open }
      : open.startsWith("dlv_")
        ? { kind: "delivery", id: open }
        : null;
    scene.again();
  }, [scene, show, grouping, found, open]);

  // The first look is where the shops and drivers are, not the whole outline.
  const fitted = useRef(false);
  const storeCount = market.stores.size;
  useEffect(() => {
    const map = opened.current?.map;
    if (!map || !ready || fitted.current || storeCount < 2) return;
    fitted.current = true;
    const points = [...market.stores.values(), ...market.places.values()];
    const lngs = points.map((one) => one.lng).sort((a, b) => a - b);
    const lats = points.map((one) => one.lat).sort((a, b) => a - b);
    const at = (all: number[], share: number) => all[Math.round((all.length - 1) * share)] ?? 0;
    map.fitBounds(
      [
        [at(lngs, 0.02), at(lats, 0.02)],
        [at(lngs, 0.98), at(lats, 0.98)],
      ],
      { padding: { top: 64, bottom: 84, left: 40, right: 48 }, animate: false, maxZoom: 13 },
    );
    scene.again();
  }, [market, scene, ready, storeCount]);

  // The chosen one comes into view when it is outside.
  useEffect(() => {
    const map = opened.current?.map;
    if (!map || !ready || !open) return;
    const one = market.deliveries.get(open);
    const place = market.places.get(one?.driver ?? open);
    const at: [number, number] | null = one ? [one.lng, one.lat] : place ? [place.lng, place.lat] : null;
    if (at && !map.getBounds().contains(at)) map.easeTo({ center: at, duration: 360 });
  }, [open, ready, market]);

  // Tags of the chosen one follow the map without React.
  useEffect(() => {
    const follow = () => {
      const map = opened.current?.map;
      if (!map) return;
      const driver = scene.chosenDriver();
      const at = driver ? scene.placeOf(driver) : null;
      const fix = market.places.get(driver);
      if (tag.current) {
        tag.current.hidden = !at || !fix;
        if (at && fix) {
          tag.current.style.transform = `translate(${Math.round(at.x - 20)}px, ${Math.round(at.y)}px) translate(-100%, -50%)`;
          const age = tag.current.querySelector("span");
          const speed = fix.speed_mps ? f.speed(fix.speed_mps) : "";
          const aged = fixAge((marketNow() - fix.atMs) / 1000, words, f);
          const text = speed ? words("map.fix.speed", { fix: aged, speed }) : aged;
          if (age && age.textContent !== text) age.textContent = text;
        }
      }
      const one = market.deliveries.get(scene.chosen?.id ?? "");
      if (doorTag.current) {
        doorTag.current.hidden = !one;
        if (one) {
          const door = map.project([one.lng, one.lat]);
          doorTag.current.style.transform = `translate(${Math.round(door.x + 14)}px, ${Math.round(door.y)}px) translate(0, -50%)`;
        }
      }
    };
    scene.onFrame = follow;
    const map = opened.current?.map;
    map?.on("move", follow);
    follow();
    return () => {
      scene.onFrame = null;
      map?.off("move", follow);
    };
  });

  const one = market.deliveries.get(open);
  const driver = market.drivers.get(one?.driver ?? open);
  const { risk, late } = market.tally();
  const counts = { risk: risk + late, offers: market.offers.size, free: 0 };
  for (const id of market.drivers.keys()) {
    if (market.places.has(id) && !market.tripOf.has(id) && !market.asked.has(id)) counts.free += 1;
  }
  const filters: { show: Show; mark: "risk" | "offer" | null; count: number | null }[] = [
    { show: "all", mark: null, count: null },
    { show: "risk", mark: "risk", count: counts.risk },
    { show: "offers", mark: "offer", count: counts.offers },
    { show: "free", mark: null, count: counts.free },
  ];

  return (
    <MapView
      base={base.data ?? null}
      label={shared("map.label", { name })}
      draw={(map, palette) => scene.draw(map, palette)}
      onOpen={(made) => {
        opened.current = made;
        const { map } = made;
        map.on("click", (event) => {
          const hit = scene.at(event.point.x, event.point.y);
          if (hit?.kind === "group") map.easeTo({ center: hit, zoom: map.getZoom() + 1.6, duration: 360 });
          else go({ open: hit?.id ?? "" });
        });
        map.on("mousemove", (event) => {
          map.getCanvas().style.cursor = scene.at(event.point.x, event.point.y) ? "pointer" : "";
        });
        setReady(true);
      }}
    >
      <fieldset className="mb filt">
        <legend className="sr">{words("map.show")}</legend>
        {filters.map((one) => (
          <button
            key={one.show}
            type="button"
            aria-pressed={show === one.show}
            onClick={() => go({ show: one.show })}
          >
            {one.mark && <Mark name={one.mark} />}
            {words(`map.show.${one.show}`)}{" "}
            {one.count !== null && market.ready && <i>{f.count(one.count)}</i>}
          </button>
        ))}
        {market.deliveries.size + market.places.size > GROUPED_FROM && (
          <button
            type="button"
            className="group"
            aria-pressed={grouping}
            onClick={() => {
              localStorage.setItem(GROUPING, grouping ? "off" : "on");
              setGrouping(!grouping);
            }}
          >
            <Icon name="layers" size="s" />
            {words("map.group")}
          </button>
        )}
      </fieldset>
      <Legend />
      {market.ready && market.drivers.size === 0 && <p className="mb empty">{words("map.nobody")}</p>}
      <div className="tag" ref={tag} hidden>
        <b>{driver?.name}</b>
        <span />
      </div>
      <div className="tag" ref={doorTag} hidden>
        <b>{one?.shopper}</b>
        {one && <span>{words("map.by", { time: f.moment(one.due_at, marketNow()) })}</span>}
      </div>
    </MapView>
  );
}
