import { useQueryClient } from "@tanstack/react-query";
import { Refusal } from "../../shared/api/client";
import { useFormat, useShared } from "../../shared/i18n/react";
import { useVehicle } from "../../shared/i18n/vehicle";
import { Button } from "../../shared/ui/button";
import { Chip, Icon, Mark } from "../../shared/ui/marks";
import { phoneOf, useActs } from "../acts/Acting";
import { go } from "../address";
import { priceOf } from "../exceptions/Queue";
import { useNow } from "../market/clock";
import { type Delivery, isOver, useMarket } from "../market/live";
import type { Market } from "../market/market";
import { useWords } from "../words";
import { Timeline } from "./Timeline";
import { useWhole, wholeOf } from "./whole";

const WAITING = new Set(["requested", "batched"]);
const CARRIED = new Set(["assigned", "enroute_to_pickup", "at_pickup"]);

/** One delivery: the answer first, then what can be done, then all that happened. */
export function DeliveryDrawer({ id, market, onClose }: { id: string; market: Market; onClose: () => void }) {
  const words = useWords();
  const vehicle = useVehicle();
  const shared = useShared();
  const f = useFormat();
  const now = useNow(5_000);
  const live = useMarket("deliveries", "offers", "concerns", "drivers");
  const asked = useWhole(id);
  const whole = asked.data;
  const seen = live.deliveries.get(id);
  const one: Delivery | undefined =
    seen && whole && seen.version < whole.delivery.version ? whole.delivery : (seen ?? whole?.delivery);

  if (!one) {
    const gone = asked.error instanceof Refusal && asked.error.status === 404;
    return (
      <>
        <header className="dh">
          <div className="top">
            <span className="code">{id}</span>
            <span className="sp" />
            <Close onClose={onClose} />
          </div>
          <h2>
            {gone
              ? words("delivery.unknown")
              : asked.isError
                ? shared("refused.unreachable")
                : words("delivery.loading")}
          </h2>
        </header>
        {!asked.isError && (
          <div className="tl" aria-hidden="true">
            <div className="sk w" />
            <div className="sk" />
            <div className="sk w" />
          </div>
        )}
      </>
    );
  }

  const danger = live.dangerOf(one, now);
  const mark = live.markOf(one);
  return (
    <>
      <header className="dh">
        <div className="top">
          {danger === "none" ? (
            <Chip name={mark}>{shared(mark === "offer" ? "state.asked" : `state.${one.state}`)}</Chip>
          ) : (
            <Chip name={danger}>{shared(`promise.${danger}`)}</Chip>
          )}
          <span className="code" title={one.id}>
            {one.id.slice(0, 4)}…{one.id.slice(-6)}
          </span>
          <span className="sp" />
          <Close onClose={onClose} />
        </div>
        <h2 aria-live="polite">
          <Sentence one={one} from={whole?.expected_from ?? null} to={whole?.expected_to ?? null} now={now} />
        </h2>
        <div className="who">
          <p>
            <b>{one.pickup}</b>
            {whole ? whole.pickup.address : " "}
            <br />
            {whole &&
              words("delivery.goods", {
                n: whole.items,
                count: f.count(whole.items),
                weight: f.weight(whole.weight_g),
              })}
          </p>
          <p>
            <b>{whole?.dropoff.name ?? one.shopper}</b>
            {one.dropoff}
            <br />
            {whole && <a href={`tel:${whole.dropoff.phone}`}>{phoneOf(whole.dropoff.phone)}</a>}
          </p>
        </div>
        {whole?.dropoff.instructions && (
          <p className="note">
            <Icon name="note" size="s" />
            {whole.dropoff.instructions}
          </p>
        )}
        {one.driver && (
          <p className="carrier">
            <Icon name="car" size="s" />
            <button type="button" className="as-link" onClick={() => go({ open: one.driver ?? "" })}>
              {live.drivers.get(one.driver)?.name ?? whole?.people[one.driver] ?? words("a.driver")}
            </button>
            <span>{vehicle(live.drivers.get(one.driver)?.vehicle)}</span>
          </p>
        )}
        <Doing one={one} id={id} market={market} />
      </header>
      {asked.isError && whole && (
        <p className="band e">
          <Mark name="late" />
          {shared("asof", { time: f.time(asked.dataUpdatedAt) })}
        </p>
      )}
      <Timeline whole={whole} now={now} currency={market.currency} />
    </>
  );
}

export function Close({ onClose }: { onClose: () => void }) {
  const shared = useShared();
  return (
    <button type="button" className="icb" aria-label={shared("close")} onClick={onClose}>
      <Icon name="x" />
    </button>
  );
}

/** What a person would say aloud. */
function Sentence({
  one,
  from,
  to,
  now,
}: {
  one: Delivery;
  from: string | null;
  to: string | null;
  now: number;
}) {
  const words = useWords();
  const f = useFormat();
  const promised = f.moment(one.due_at, now);
  if (one.state === "delivered" && one.ended_at) {
    const over = Math.round((Date.parse(one.ended_at) - Date.parse(one.due_at)) / 60_000);
    return over > 0
      ? words.rich(
          "say.delivered.late",
          { time: f.moment(one.ended_at, now), minutes: f.minutes(over) },
          LATE,
        )
      : words("say.delivered", { time: f.moment(one.ended_at, now), promised });
  }
  if (isOver(one)) return words("say.over", { time: f.moment(one.ended_at ?? one.due_at, now) });
  if (one.state === "attempt_failed" || one.state === "enroute_to_return" || one.state === "at_return") {
    return words("say.back");
  }
  if (!from || !to) return words("say.promised", { promised });
  const fromMs = Math.max(Date.parse(from), now);
  const toMs = Math.max(Date.parse(to), fromMs + 4 * 60_000);
  const range = f.range(Math.floor(fromMs / 60_000) * 60_000, Math.ceil(toMs / 60_000) * 60_000);
  const over = Math.round((toMs - Date.parse(one.due_at)) / 60_000);
  if (now > Date.parse(one.due_at)) {
    return words.rich(
      "say.late",
      { range, promised, minutes: f.minutes((now - Date.parse(one.due_at)) / 60_000) },
      LATE,
    );
  }
  if (over > 0) return words.rich("say.risk", { range, promised, minutes: f.minutes(over) }, EM);
  return words("say.arrives", { range, promised });
}

const EM = { em: (inside: string) => <em>{inside}</em> };
const LATE = { em: (inside: string) => <em className="late">{inside}</em> };

/** What can be done now. The suggested remedy is the one filled button. */
function Doing({ one, id, market }: { one: Delivery; id: string; market: Market }) {
  const words = useWords();
  const f = useFormat();
  const acts = useActs();
  const live = useMarket("concerns", "offers");
  const queries = useQueryClient();
  const concern = live.concerns.get(id);
  const choice = concern?.choices[0];
  const offer = live.asked.get(id);
  const waits = WAITING.has(one.state);
  const carried = CARRIED.has(one.state);
  if (isOver(one)) return null;
  const amend = async () => {
    const { dropoff } = await queries.ensureQueryData(wholeOf(id));
    acts.ask({ what: "amend", one, instructions: dropoff.instructions, phone: dropoff.phone });
  };
  const plain = (what: Parameters<typeof acts.offBecause>[0]) => ({
    offBecause: acts.offBecause(what),
    reasonBelow: false,
  });
  return (
    <div className="act">
      {concern && choice && (
        <Button kind="door" {...plain(choice.remedy)} onClick={() => acts.remedy(concern, choice)}>
          {words("act.remedy", {
            remedy: words(`remedy.${choice.remedy}`, { name: choice.name }),
            price: priceOf(choice, words, f, market.currency),
          })}
        </Button>
      )}
      {waits && choice?.remedy !== "assign" && (
        <Button
          kind={choice ? "plain" : "door"}
          {...plain("assign")}
          shortcut="A"
          data-key="a"
          onClick={() => acts.ask({ what: "assign", one })}
        >
          {words("do.assign")}
        </Button>
      )}
      {waits && choice?.remedy === "assign" && (
        <Button
          {...plain("assign")}
          shortcut="A"
          data-key="a"
          onClick={() => acts.ask({ what: "assign", one })}
        >
          {words("do.assign.other")}
        </Button>
      )}
      {carried && one.trip && (
        <Button
          {...plain("reassign")}
          shortcut="R"
          data-key="r"
          onClick={() => one.trip && acts.ask({ what: "reassign", one, trip: one.trip })}
        >
          {words("do.reassign")}
        </Button>
      )}
      {carried && one.driver && choice?.remedy !== "unassign" && (
        <Button {...plain("unassign")} onClick={() => acts.ask({ what: "unassign", one })}>
          {words("do.unassign")}
        </Button>
      )}
      {waits && offer && (
        <Button
          {...plain("withdraw")}
          onClick={() =>
            acts.ask({
              what: "withdraw",
              offer: offer.id,
              one,
              driver:
                offer.drivers.length === 1 && offer.deliveries.length === 1 ? (offer.drivers[0] ?? "") : "",
            })
          }
        >
          {words("do.withdraw")}
        </Button>
      )}
      {waits && choice?.remedy !== "provider" && (
        <Button {...plain("provider")} onClick={() => acts.ask({ what: "provider", one })}>
          {words("do.provider")}
        </Button>
      )}
      <Button {...plain("amend")} shortcut="E" data-key="e" onClick={() => void amend()}>
        {words("do.amend")}
      </Button>
      <Button
        {...plain("cancel")}
        shortcut="X"
        data-key="x"
        onClick={() => acts.ask({ what: "cancel", one })}
      >
        {words("do.cancel")}
      </Button>
    </div>
  );
}
