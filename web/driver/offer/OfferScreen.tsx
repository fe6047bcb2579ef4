import { useEffect, useMemo, useRef, useState } from "react";
import { useFormat } from "../../shared/i18n/react";
import type { Base } from "../../shared/map/base";
import { Button } from "../../shared/ui/button";
import { Countdown } from "../../shared/ui/countdown";
import { Icon } from "../../shared/ui/marks";
import { SplitBar, shortHash } from "../../shared/ui/pay";
import { DriveMap, type Scene } from "../map/DriveMap";
import { useChoices } from "../phone/choices";
import { type Fix, useWhereabouts } from "../phone/whereabouts";
import type { Offer } from "../types";
import { useWords } from "../words";
import type { Offers } from "./useOffers";

const METRES_PER_MILE = 1609.344;

/** What stays per hour after the car: by the driver's own cost of a mile, else as the network reckons. */
export function useNet(offer: Offer): { perHourMinor: number; carMinor: number; perMileMinor: number } {
  const { carPerMileMinor } = useChoices();
  if (carPerMileMinor === null) {
    return {
      perHourMinor: offer.net_per_hour_minor,
      carMinor: offer.car_minor,
      perMileMinor: offer.car_per_mile_minor,
    };
  }
  const way = (offer.approach_m ?? 0) + offer.distance_m;
  const minutes = (offer.approach_minutes ?? 0) + offer.minutes;
  const carMinor = Math.round((way * carPerMileMinor) / METRES_PER_MILE);
  return {
    perHourMinor: Math.round(((offer.total_minor - carMinor) * 60) / Math.max(minutes, 1)),
    carMinor,
    perMileMinor: carPerMileMinor,
  };
}

/** Everything that decides, on one screen; both answers the same size; a timer that never turns red. */
export function OfferScreen({
  offers,
  base,
  onBack,
}: {
  offers: Offers;
  base: Base | null;
  onBack?: () => void;
}) {
  const words = useWords();
  const f = useFormat();
  const { light } = useChoices();
  const { fix } = useWhereabouts();
  const [picked, setPicked] = useState("");
  const shown = offers.shown.find((one) => one.offer.id === picked) ?? offers.shown[0];
  const heading = useRef<HTMLHeadingElement>(null);
  const id = shown?.offer.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new offer takes the focus once
  useEffect(() => heading.current?.focus({ preventScroll: true }), [id]);
  if (!shown) return null;
  const { offer } = shown;
  const busy = offers.answering?.id === offer.id ? offers.answering : null;
  return (
    <section className={light ? "offer lit" : "offer"} aria-label={words("offer.title")}>
      <OfferMap offer={offer} base={base} fix={fix} />
      <div className="sheet">
        {offers.shown.length > 1 && (
          <div className="several">
            <p>{words("offer.several", { n: offers.shown.length })}</p>
            <div className="row">
              {offers.shown.map((one) => (
                <button
                  key={one.offer.id}
                  type="button"
                  aria-pressed={one.offer.id === offer.id}
                  onClick={() => setPicked(one.offer.id)}
                >
                  {f.money(one.offer.total_minor, one.offer.currency)}
                </button>
              ))}
            </div>
          </div>
        )}
        <OfferTerms offer={offer}>
          <Countdown key={offer.id} endsAt={shown.endsAt} wholeS={shown.wholeS} />
        </OfferTerms>
        <h2 className="sr" ref={heading} tabIndex={-1}>
          {words(offer.joins ? "offer.joins.spoken" : "offer.spoken", {
            total: f.money(offer.total_minor, offer.currency),
            distance: f.distance(offer.distance_m),
            minutes: f.minutes(offer.minutes),
          })}
        </h2>
        {busy?.kept && <p className="note">{words("offer.kept")}</p>}
        <div className="two">
          <Button size="tall" busy={busy?.yes === false} onClick={() => offers.answer(offer.id, false)}>
            {words("offer.no")}
          </Button>
          <Button
            kind="door"
            size="tall"
            busy={busy?.yes === true}
            onClick={() => offers.answer(offer.id, true)}
          >
            {words("offer.yes")}
          </Button>
        </div>
        <p className="calm">{words(calmOf(offer))}</p>
        {onBack && (
          <Button kind="quiet" size="shop" className="wide" onClick={onBack}>
            {words("offer.back")}
          </Button>
        )}
      </div>
    </section>
  );
}

function calmOf(offer: Offer) {
  if (offer.joins) return "offer.calm.joins";
  return offer.mode === "broadcast" ? "offer.calm.several" : "offer.calm";
}

/** The frozen terms as on the offer; the same in the trip and under earnings. Of what joins a trip, all is on top. */
export function OfferTerms({ offer, children }: { offer: Offer; children?: React.ReactNode }) {
  const words = useWords();
  const f = useFormat();
  const net = useNet(offer);
  const money = (minor: number) => f.money(minor, offer.currency);
  const items = offer.drops.reduce((sum, one) => sum + one.items, 0);
  const weight = offer.drops.reduce((sum, one) => sum + one.weight_g, 0);
  const pounds = f.weight(weight).split(/\s/)[0] ?? "";
  const needs = [...new Set(offer.drops.flatMap((one) => one.requirements))];
  const [amount, unit] = f.distance(offer.distance_m).split(/\s/);
  const more = offer.joins ? ".more" : "";
  return (
    <>
      {offer.joins && (
        <p className="joins">
          <b>{words("offer.joins", { n: offer.drops.length })}</b> {words("offer.joins.more")}
        </p>
      )}
      <div className="o1">
        <div>
          <p className="amt">
            {offer.joins && "+"}
            {money(offer.total_minor)}
          </p>
          <p>
            {words.rich(
              offer.state === "open" && offer.approach_m !== null && !offer.joins
                ? "offer.net"
                : "offer.net.then",
              {
                net: money(net.perHourMinor),
                car: money(net.carMinor),
                mile: money(net.perMileMinor),
              },
            )}
          </p>
        </div>
        {children}
      </div>
      <div className="o2">
        <SplitBar
          pay={{
            baseMinor: offer.base_minor,
            tipMinor: offer.tip_minor,
            extraMinor: offer.incentive_minor,
            currency: offer.currency,
          }}
        />
        <ul>
          <li>
            <b>{money(offer.base_minor)}</b>
            {words("offer.base")}
          </li>
          <li className="tip">
            <b>{money(offer.tip_minor)}</b>
            {words(offer.tip_minor === 0 ? "offer.tip.none" : "offer.tip")}
          </li>
          <li className="extra">
            <b>{money(offer.incentive_minor)}</b>
            {words(offer.incentive_minor ? "offer.extra.risen" : "offer.extra")}
          </li>
        </ul>
      </div>
      <dl className="facts">
        <div>
          <dd>{amount}</dd>
          <dt>{words(`facts.${unit === "mi" ? "miles" : "feet"}${more}`)}</dt>
        </div>
        <div>
          <dd>{f.count(offer.minutes)}</dd>
          <dt>{words(`facts.minutes${more}`)}</dt>
        </div>
        <div>
          <dd>{f.count(offer.drops.length)}</dd>
          <dt>{words(`facts.doors${more}`, { n: offer.drops.length })}</dt>
        </div>
        <div>
          <dd>{f.count(items)}</dd>
          <dt>{words("facts.items", { n: items })}</dt>
        </div>
        <div>
          <dd>{pounds}</dd>
          <dt>{words("facts.pounds", { n: Number(pounds) || 2 })}</dt>
        </div>
      </dl>
      <ul className="stops">
        {offer.pickups.map((pickup, number) => (
          <li key={pickup.deliveries.join(" ")}>
            <Icon name="shop" />
            <div>
              {pickup.name}
              {offer.pickups.length > 1 && <small>{pickup.address.split(",")[0]}</small>}
            </div>
            <span>
              {offer.joins
                ? words("offer.joins.shop", { time: f.time(pickup.ready_at) })
                : number > 0
                  ? words("offer.further", {
                      distance: f.distance(pickup.leg_m),
                      time: f.time(pickup.ready_at),
                    })
                  : words((offer.approach_m ?? 0) < 60 ? "offer.ready" : "offer.away", {
                      distance: f.distance(offer.approach_m ?? 0),
                      minutes: f.minutes(offer.approach_minutes ?? 0),
                      time: f.time(pickup.ready_at),
                    })}
            </span>
          </li>
        ))}
        {doorsOf(offer).map(({ delivery, drop }) => (
          <li key={delivery} className={drop ? undefined : "yours"}>
            <Icon name="home" />
            <div>{drop ? drop.zone : words("offer.joins.yours")}</div>
            {drop && <span>{words("offer.by", { time: f.time(drop.due_at) })}</span>}
          </li>
        ))}
      </ul>
      {needs.length > 0 && (
        <p className="needs">
          {needs.map((need) => {
            const key = `need.${need}`;
            return <span key={need}>{words.has(key) ? words(key) : need}</span>;
          })}
        </p>
      )}
      <p className="frz">
        <Icon name="lock" />
        <span>
          {words("offer.frozen", { time: f.seconds(offer.shown_at) })}{" "}
          <span className="code" title={offer.terms_hash}>
            {shortHash(offer.terms_hash)}
          </span>
        </span>
      </p>
    </>
  );
}

/** The doors in their sequence: of a trip that it joins those that are hers already, too, of which it says no more. */
function doorsOf(offer: Offer): { delivery: string; drop: Offer["drops"][number] | undefined }[] {
  const doors = offer.joins?.doors ?? offer.drops.map((one) => one.delivery);
  return doors.map((delivery) => ({ delivery, drop: offer.drops.find((one) => one.delivery === delivery) }));
}

function OfferMap({ offer, base, fix }: { offer: Offer; base: Base | null; fix: Fix | null }) {
  const words = useWords();
  const scene = useMemo<Scene>(() => {
    const shops = offer.pickups.map((one) => one.point);
    const doors = offer.drops.map((one) => one.near);
    const way = [...shops, ...doors];
    return {
      me: fix && { at: fix, headingDeg: fix.headingDeg },
      lines: [
        ...(fix && shops[0] ? [{ from: fix, to: shops[0], style: "there" as const }] : []),
        ...way.slice(1).map((to, number) => ({ from: way[number] ?? to, to, style: "now" as const })),
      ],
      stops: [
        ...offer.pickups.map((one) => ({
          at: one.point,
          kind: "shop" as const,
          number: "",
          label: one.name,
          state: "onway" as const,
        })),
        ...offer.drops.map((one, number) => ({
          at: one.near,
          kind: "door" as const,
          number: String(number + 1),
          label: one.zone.split(" ").at(-1) ?? "",
          state: "onway" as const,
        })),
      ],
    };
  }, [offer, fix]);
  const show = useMemo(
    () => [
      ...offer.pickups.map((one) => one.point),
      ...offer.drops.map((one) => one.near),
      ...(fix ? [fix] : []),
    ],
    [offer, fix],
  );
  return (
    <div className="m">
      <DriveMap
        base={base}
        scene={scene}
        show={show}
        label={words("offer.map")}
        padding={{ top: 70, bottom: 60, left: 50, right: 90 }}
      />
    </div>
  );
}
