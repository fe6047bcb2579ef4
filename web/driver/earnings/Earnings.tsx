import { useMemo, useState } from "react";
import { useFormat, useLang } from "../../shared/i18n/react";
import { Button } from "../../shared/ui/button";
import { Icon, Mark } from "../../shared/ui/marks";
import { shortHash } from "../../shared/ui/pay";
import { choices } from "../phone/choices";
import { marketNow } from "../phone/clock";
import { useComparison, useEarnings, useTrips } from "../reads";
import type { Trip, Work } from "../types";
import { useWords } from "../words";
import { payLine } from "./payLine";
import { dayOf, mondayOf, plusDays, spanOf, startOf } from "./spans";

const METRES_PER_MILE = 1609.344;
/** As the network reckons when the driver has said nothing else. */
const CAR_PER_MILE_MINOR = 30;

type Parts = { base: number; tips: number; extras: number };
type TripPay = {
  id: string;
  at: string;
  work: Work[];
  promised: number;
  paid: number;
  added: number;
  trip: Trip | null;
};

const TIPS = new Set(["tip", "added_tip", "guarantee"]);
const EXTRAS = new Set(["incentive", "return_leg"]);

function partsOf(work: Work[]): Parts {
  const parts = { base: 0, tips: 0, extras: 0 };
  for (const line of work.flatMap((one) => one.lines)) {
    if (TIPS.has(line.kind)) parts.tips += line.amount_minor;
    else if (EXTRAS.has(line.kind)) parts.extras += line.amount_minor;
    else parts.base += line.amount_minor;
  }
  return parts;
}

/** A week, its days, its trips: every sum opens to its arithmetic; what was added later is its own line. */
export function Earnings() {
  const words = useWords();
  const f = useFormat();
  const { timeZone, lang } = useLang();
  const today = dayOf(marketNow(), timeZone);
  const [back, setBack] = useState(0);
  const [day, setDay] = useState<string | null>(null);
  const monday = plusDays(mondayOf(today), -7 * back);
  const span = useMemo(() => spanOf(monday, 7, timeZone), [monday, timeZone]);
  const { data, asOf, isError, refetch } = useEarnings(span.name, span.since, span.until);
  const { data: trips } = useTrips();
  const { data: compared } = useComparison();
  const currency = data?.totals[0]?.currency ?? "USD";
  const money = (minor: number) => f.money(minor, currency);
  const work = useMemo(() => data?.work ?? [], [data]);
  const paid = useMemo(() => byTrip(work, trips ?? []), [work, trips]);
  const all = partsOf(work);
  const total = all.base + all.tips + all.extras;
  const way = sumBy(paid, metresOf);
  const minutes = Math.round(sumBy(paid, minutesOf));
  const car = Math.round((way / METRES_PER_MILE) * (choices().carPerMileMinor ?? CAR_PER_MILE_MINOR));
  const even = paid.filter((one) => one.paid - one.added === one.promised).length;
  const difference = sumBy(paid, (one) => Math.abs(one.promised - (one.paid - one.added)));
  const ledger = compared?.find((one) => one.week === monday);
  const days = Array.from({ length: 7 }, (_, number) => plusDays(monday, number));
  const noon = (name: string) => startOf(name, timeZone) + 12 * 3_600_000;
  const shown = day ? paid.filter((one) => dayOf(Date.parse(one.at), timeZone) === day) : paid;
  const range = new Intl.DateTimeFormat(f.locale, { day: "numeric", month: "long", timeZone });
  return (
    <div className="earn">
      <div className="wk">
        <button type="button" aria-label={words("week.before")} onClick={() => setBack(back + 1)}>
          <Icon name="left" />
        </button>
        <span lang={lang}>
          {range.formatRange(noon(monday), noon(plusDays(monday, 6))).replace(/\s–\s/, "–")}
        </span>
        <button
          type="button"
          aria-label={words("week.next")}
          disabled={back === 0}
          onClick={() => setBack(back - 1)}
        >
          <Icon name="right" />
        </button>
      </div>
      <div className="top">
        <div>
          <p>{words("earned.week")}</p>
          <h1>{money(total)}</h1>
        </div>
        {paid.length > 0 && (
          <p className="r">
            {words("earned.trips", { n: paid.length, time: f.minutes(minutes) })}
            <br />
            <b>
              {words("earned.net", { net: money(Math.round(((total - car) * 60) / Math.max(minutes, 1))) })}
            </b>
          </p>
        )}
      </div>
      {isError && (
        <div className="net">
          <Icon name="clock" />
          <p>
            {asOf === null ? words("earned.noline") : words("asof", { time: f.moment(asOf, Date.now()) })}
          </p>
          <Button size="shop" onClick={() => void refetch()}>
            {words("again")}
          </Button>
        </div>
      )}
      {paid.length > 0 && (
        <div className={difference === 0 ? "seal" : "seal open"}>
          <Mark name={difference === 0 ? "done" : "wait"} />
          <div>
            {words(difference === 0 ? "even" : "uneven", { n: even, of: paid.length })}
            <small>
              {words("even.more", { difference: money(ledger ? ledger.difference_minor : difference) })}
            </small>
          </div>
        </div>
      )}
      <Bars
        days={days.map((name) => {
          const of = work.filter((one) => dayOf(Date.parse(one.at), timeZone) === name);
          return { name, label: f.weekday(noon(name)), parts: partsOf(of), today: name === today };
        })}
        currency={currency}
        chosen={day}
        onChoose={(name) => setDay(name === day ? null : name)}
      />
      <p className="key">
        <span>
          <i className="base" />
          {words("earned.base", { sum: money(all.base) })}
        </span>
        <span>
          <i className="tip" />
          {words("earned.tips", { sum: money(all.tips) })}
        </span>
        <span>
          <i className="extra" />
          {words("earned.extras", { sum: money(all.extras) })}
        </span>
      </p>
      {data && shown.length === 0 ? (
        <p className="empty">{words(day ? "earned.none.day" : "earned.none")}</p>
      ) : (
        <ul className="trips" aria-label={words("earned.list")}>
          {shown.map((one) => (
            <TripPayLine key={one.id} pay={one} currency={currency} />
          ))}
        </ul>
      )}
    </div>
  );
}

function byTrip(work: Work[], trips: Trip[]): TripPay[] {
  const groups = new Map<string, Work[]>();
  for (const one of work) groups.set(one.trip, [...(groups.get(one.trip) ?? []), one]);
  return [...groups.entries()]
    .map(([id, of]) => ({
      id,
      work: of,
      at:
        of
          .map((one) => one.at)
          .sort()
          .at(-1) ?? "",
      promised: sumBy(of, (one) => one.due_minor),
      paid: sumBy(of, (one) => one.paid_minor),
      added: sumBy(
        of.flatMap((one) => one.lines.filter((line) => !line.promised)),
        (line) => line.amount_minor,
      ),
      trip: trips.find((trip) => trip.id === id) ?? null,
    }))
    .sort((a, b) => b.at.localeCompare(a.at));
}

/** From her yes to the end of the trip, the way to the shop included; as promised when the trip is not at hand. */
function minutesOf({ trip, work }: TripPay): number {
  if (!trip?.ended_at) return work[0]?.arithmetic.trip_minutes ?? 0;
  return (Date.parse(trip.ended_at) - Date.parse(trip.accepted_at)) / 60_000;
}

/** All of its way, to the shop included; as promised when the trip is not at hand. */
const metresOf = ({ trip, work }: TripPay) =>
  trip ? sumBy(trip.stops, (stop) => stop.leg_m) : (work[0]?.arithmetic.trip_distance_m ?? 0);

const sumBy = <T,>(of: readonly T[], value: (one: T) => number) =>
  of.reduce((sum, one) => sum + value(one), 0);

function Bars({
  days,
  currency,
  chosen,
  onChoose,
}: {
  days: { name: string; label: string; parts: Parts; today: boolean }[];
  currency: string;
  chosen: string | null;
  onChoose: (name: string) => void;
}) {
  const words = useWords();
  const f = useFormat();
  const sum = ({ base, tips, extras }: Parts) => base + tips + extras;
  const most = Math.max(...days.map((day) => sum(day.parts)), 1);
  const px = (minor: number) => `${Math.round((minor / most) * 96)}px`;
  return (
    <div className="bars">
      {days.map(({ name, label, parts, today }) => {
        const total = sum(parts);
        return (
          <button
            key={name}
            type="button"
            className={today ? "on" : ""}
            aria-pressed={chosen === name}
            aria-label={words("earned.day", { day: label, sum: f.money(total, currency) })}
            onClick={() => onChoose(name)}
          >
            <span>
              {total ? f.money(Math.round(total / 100) * 100, currency).replace(/[.,]00$/, "") : ""}
            </span>
            {total ? (
              <>
                <i className="t" style={{ height: px(parts.extras) }} />
                <i className="m2" style={{ height: px(parts.tips) }} />
                <i className="b" style={{ height: px(parts.base) }} />
              </>
            ) : (
              <i className="z" />
            )}
            {label}
          </button>
        );
      })}
    </div>
  );
}

/** One trip: what was promised, what was paid, and every line of it. */
function TripPayLine({ pay, currency }: { pay: TripPay; currency: string }) {
  const words = useWords();
  const f = useFormat();
  const money = (minor: number) => f.money(minor, currency);
  const even = pay.paid - pay.added === pay.promised;
  const [first] = pay.work;
  const shops = pay.trip?.shops.join(", ") ?? "";
  const when = pay.trip ? f.range(pay.trip.accepted_at, pay.trip.ended_at ?? pay.at) : f.time(pay.at);
  return (
    <li>
      <details>
        <summary>
          <div>
            <b>{shops || words("earned.trip")}</b>
            <p>{words("earned.doors", { n: pay.work.length, when })}</p>
          </div>
          <div className="am">
            <b>{money(pay.paid)}</b>
            <p className={even ? "even" : "dim"}>
              <Mark name={even ? "done" : "wait"} />
              {words(even ? (pay.added ? "even.added" : "even.trip") : "uneven.trip")}
            </p>
          </div>
        </summary>
        {first && (
          <dl className="sum">
            <dt className="head">{words("earned.promised")}</dt>
            <dd className="head">{money(sumBy(pay.work, (one) => one.offered_minor))}</dd>
            {first.arithmetic.trip_pay_lines.map((line) => (
              <Line key={line.what} what={payLine(line.what, words, f)} sum={money(line.amount_minor)} />
            ))}
            {pay.work.map((one) => (
              <Line
                key={one.delivery}
                what={words("earned.tipof", { way: f.distance(one.arithmetic.leg_m) })}
                sum={money(one.arithmetic.tip_minor)}
              />
            ))}
            {sumBy(pay.work, (one) => one.arithmetic.incentive_minor) > 0 && (
              <Line
                what={words("earned.incentive")}
                sum={money(sumBy(pay.work, (one) => one.arithmetic.incentive_minor))}
              />
            )}
            <dt className="head">{words("earned.paid")}</dt>
            <dd className="head">{money(pay.paid)}</dd>
            {pay.work.flatMap((one) =>
              one.lines.map((line) => {
                const key = `line.${line.kind}`;
                return (
                  <Line
                    key={`${one.delivery} ${line.kind} ${line.at}`}
                    what={words.has(key) ? words(key, { time: f.time(line.at) }) : line.why}
                    sum={money(line.amount_minor)}
                  />
                );
              }),
            )}
            <dt className="code">{shortHash(first.terms_hash)}</dt>
            <dd />
          </dl>
        )}
      </details>
    </li>
  );
}

function Line({ what, sum }: { what: string; sum: string }) {
  return (
    <>
      <dt>{what}</dt>
      <dd>{sum}</dd>
    </>
  );
}
