import { useQuery } from "@tanstack/react-query";
import { useId, useRef, useState } from "react";
import { api, told } from "../../shared/api/client";
import { useFormat, useShared } from "../../shared/i18n/react";
import { Ask } from "../../shared/ui/dialog";
import { Mark } from "../../shared/ui/marks";
import { keptMinor, useWhole } from "../delivery/whole";
import { marketNow } from "../market/clock";
import { type Delivery, useMarket } from "../market/live";
import { useWords } from "../words";
import { type Act, type Answer, useActs, useRefused } from "./Acting";

const REASONS = ["reason.driver", "reason.shop", "reason.shopper", "reason.closer", "reason.road"] as const;
const WHYS = [
  "changed_mind",
  "ordered_by_mistake",
  "out_of_stock",
  "store_closed",
  "wrong_address",
  "too_late",
  "no_carrier",
  "fraud_suspected",
  "other",
] as const;
const WHYS_WITH_GOODS = ["goods_lost", "goods_damaged", "discarded"] as const;
const PRICED = new Set<Act["what"]>(["unassign", "reassign", "cancel"]);
const WITH_GOODS = new Set([
  "picked_up",
  "enroute_to_dropoff",
  "at_dropoff",
  "attempt_failed",
  "enroute_to_return",
  "at_return",
]);

/** Asks for what an act needs: whom, why, the reason; says before what it costs and whether it can be undone. */
export function ActDialog({ act, onClose }: { act: Act; onClose: () => void }) {
  const words = useWords();
  const f = useFormat();
  const acts = useActs();
  const refused = useRefused();
  const id = useId();
  const one = "one" in act ? act.one : null;
  const [answer, setAnswer] = useState<Answer>({
    reason: "",
    driver: act.what === "assign" ? act.driver : undefined,
    instructions: act.what === "amend" ? act.instructions : "",
    phone: act.what === "amend" ? act.phone : "",
    why: one && WITH_GOODS.has(one.state) ? WHYS_WITH_GOODS[0] : WHYS[0],
  });
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const change = (part: Partial<Answer>) => setAnswer((now) => ({ ...now, ...part }));
  // Taken from the driver who has it: she keeps what she was promised, and that is the price.
  const taken = PRICED.has(act.what) && one?.driver ? one : null;
  const whole = useWhole(taken?.id ?? "");
  const price = !taken
    ? null
    : "priceMinor" in act && typeof act.priceMinor === "number"
      ? act.priceMinor
      : whole.data
        ? keptMinor(whole.data, act.what === "reassign")
        : null;

  const off = acts.cut
    ? words("cut")
    : (act.what === "assign" || act.what === "reassign") && !answer.driver
      ? words("act.driver.first")
      : answer.reason.trim().length < 3
        ? words("act.reason.first")
        : act.what === "amend" && answer.instructions === act.instructions && answer.phone === act.phone
          ? words("act.nothing")
          : null;
  const label = () => {
    if (act.what === "zone")
      return words(act.paused ? "act.zone.pause" : "act.zone.open", { zip: act.postcode });
    if ((act.what === "unassign" || act.what === "reassign" || act.what === "cancel") && price !== null)
      return words(`act.${act.what}.price`, { sum: f.money(price, acts.currency) });
    return words(`act.${act.what}`, { driver: answer.driver?.name ?? words("somebody") });
  };
  const doIt = async () => {
    setBusy(true);
    setSaid("");
    try {
      await acts.run(act, { ...answer, reason: answer.reason.trim() });
      onClose();
    } catch (error) {
      setSaid(refused(error));
      setBusy(false);
    }
  };

  return (
    <Ask
      title={words(`act.title.${act.what}`, {
        name: one?.shopper ?? "",
        shop: one?.pickup.split(",")[0] ?? "",
        zip: act.what === "zone" ? act.postcode : "",
      })}
      action={label()}
      onAct={() => void doIt()}
      busy={busy}
      offBecause={off}
      onClose={onClose}
    >
      <p>{words(`act.lead.${act.what}`)}</p>
      {act.what === "cancel" && taken && <p>{words("act.cancel.kept")}</p>}
      {said && (
        <p className="band e" role="alert">
          <Mark name="late" />
          {said}
        </p>
      )}
      {(act.what === "assign" || act.what === "reassign") && one && (
        <ChooseDriver one={one} chosen={answer.driver?.id ?? ""} onChoose={(driver) => change({ driver })} />
      )}
      {act.what === "provider" && (
        <ChooseProvider value={answer.provider ?? ""} onChoose={(provider) => change({ provider })} />
      )}
      {act.what === "cancel" && one && (
        <div className="field">
          <label htmlFor={`${id}w`}>{words("act.why")}</label>
          <select id={`${id}w`} value={answer.why} onChange={(event) => change({ why: event.target.value })}>
            {(WITH_GOODS.has(one.state) ? WHYS_WITH_GOODS : WHYS).map((why) => (
              <option key={why} value={why}>
                {words(`why.${why}`)}
              </option>
            ))}
          </select>
        </div>
      )}
      {act.what === "amend" && (
        <>
          <div className="field">
            <label htmlFor={`${id}i`}>{words("act.instructions")}</label>
            <textarea
              id={`${id}i`}
              rows={3}
              maxLength={500}
              value={answer.instructions}
              onChange={(event) => change({ instructions: event.target.value })}
            />
          </div>
          <div className="field">
            <label htmlFor={`${id}t`}>{words("act.phone")}</label>
            <input
              id={`${id}t`}
              type="tel"
              value={answer.phone}
              onChange={(event) => change({ phone: event.target.value })}
            />
          </div>
        </>
      )}
      <fieldset className="reasons">
        <legend>{words("act.reason")}</legend>
        <div className="quick">
          {REASONS.map((key) => (
            <button
              key={key}
              type="button"
              className="btn"
              aria-pressed={answer.reason === words(key)}
              onClick={() => change({ reason: words(key) })}
            >
              {words(key)}
            </button>
          ))}
        </div>
        <label className="sr" htmlFor={`${id}r`}>
          {words("act.reason.own")}
        </label>
        <input
          id={`${id}r`}
          value={answer.reason}
          maxLength={300}
          placeholder={words("act.reason.own")}
          onChange={(event) => change({ reason: event.target.value })}
        />
      </fieldset>
    </Ask>
  );
}

const EARTH_M = 6_371_000;
const farM = (aLat: number, aLng: number, bLat: number, bLng: number): number => {
  const rad = Math.PI / 180;
  const x = (bLng - aLng) * rad * Math.cos(((aLat + bLat) / 2) * rad);
  return EARTH_M * Math.hypot(x, (bLat - aLat) * rad);
};

type Candidate = { id: string; far: number; look: string | null };

/**
 * Who stands where in the list: the nearest to the shop first, who is free before who is not. Who has been given her place
 * keeps it, or names would move under the pointer; who is only heard of now comes behind, and last who is nowhere yet.
 */
function inPlace(before: readonly string[], all: readonly Candidate[]): string[] {
  const given = new Set(before);
  const heard = all.filter((driver) => Number.isFinite(driver.far) && !given.has(driver.id));
  heard.sort((a, b) => Number(a.look !== "free") - Number(b.look !== "free") || a.far - b.far);
  return [...before, ...heard.map((driver) => driver.id)];
}

/** Drivers on duty, as they are told, to choose one. */
function ChooseDriver({
  one,
  chosen,
  onChoose,
}: {
  one: Delivery;
  chosen: string;
  onChoose: (driver: { id: string; name: string }) => void;
}) {
  const words = useWords();
  const shared = useShared();
  const f = useFormat();
  const id = useId();
  const market = useMarket("drivers", "places");
  const [text, setText] = useState("");
  const placed = useRef<string[]>([]);
  const now = marketNow();
  const all = [...market.drivers.values()]
    .filter((driver) => driver.id !== one.driver)
    .map((driver) => {
      const place = market.places.get(driver.id);
      const far = place
        ? farM(place.lat, place.lng, one.pickup_lat, one.pickup_lng)
        : Number.POSITIVE_INFINITY;
      return { ...driver, far, look: market.lookOf(driver.id, now) };
    });
  placed.current = inPlace(placed.current, all);
  const rank = new Map(placed.current.map((driver, number) => [driver, number]));
  const rankOf = (driver: string) => rank.get(driver) ?? rank.size;
  all.sort((a, b) => rankOf(a.id) - rankOf(b.id));
  const wanted = text.toLowerCase();
  const shown = all.filter((driver) => driver.name.toLowerCase().includes(wanted)).slice(0, 7);
  return (
    <fieldset className="choose">
      <legend>{words("act.driver")}</legend>
      <label className="sr" htmlFor={`${id}f`}>
        {words("act.driver.find")}
      </label>
      <input
        id={`${id}f`}
        type="search"
        value={text}
        placeholder={words("act.driver.find")}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="options">
        {shown.map((driver) => (
          <label key={driver.id} className={driver.id === chosen ? "on" : undefined}>
            <input
              type="radio"
              name={`${id}d`}
              checked={driver.id === chosen}
              onChange={() => onChoose({ id: driver.id, name: driver.name })}
            />
            <b>{driver.name}</b>
            <span>{driver.look ? shared(`driver.${driver.look}`) : words("driver.nofix")}</span>
            <span className="num">{Number.isFinite(driver.far) ? f.distance(driver.far) : "–"}</span>
          </label>
        ))}
        {shown.length === 0 && <p className="quiet">{words("act.driver.none")}</p>}
      </div>
    </fieldset>
  );
}

function ChooseProvider({ value, onChoose }: { value: string; onChoose: (provider: string) => void }) {
  const words = useWords();
  const id = useId();
  const asked = useQuery({ queryKey: ["providers"], queryFn: () => told(api.GET("/staff/v1/providers")) });
  return (
    <div className="field">
      <label htmlFor={id}>{words("act.company")}</label>
      <select id={id} value={value} onChange={(event) => onChoose(event.target.value)}>
        <option value="">{words("act.company.best")}</option>
        {asked.data
          ?.filter((one) => one.state === "active")
          .map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
      </select>
    </div>
  );
}
