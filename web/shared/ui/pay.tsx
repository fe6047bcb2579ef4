import type { ReactNode } from "react";
import { useFormat, useShared } from "../i18n/react";
import { Icon, Mark } from "./marks";

/** Parts of a pay in minor units; they add up to what is paid. */
export type Pay = { baseMinor: number; tipMinor: number; extraMinor: number; currency: string };

/** Money split as a bar: base solid, tip solid, extra striped. The same everywhere. */
export function SplitBar({ pay }: { pay: Pay }) {
  const words = useShared();
  const { money } = useFormat();
  const parts = [
    ["base", pay.baseMinor],
    ["tip", pay.tipMinor],
    ["extra", pay.extraMinor],
  ] as const;
  return (
    <div
      className="split"
      role="img"
      aria-label={words("pay.bar", {
        base: money(pay.baseMinor, pay.currency),
        tip: money(pay.tipMinor, pay.currency),
        extra: money(pay.extraMinor, pay.currency),
      })}
    >
      {parts.map(([name, minor]) =>
        minor > 0 ? <i key={name} className={name} style={{ flexGrow: minor, flexBasis: 0 }} /> : null,
      )}
    </div>
  );
}

/** The parts in words with their sum: money is arithmetic. */
export function PaySum({ pay }: { pay: Pay }) {
  const words = useShared();
  const { money } = useFormat();
  const total = pay.baseMinor + pay.tipMinor + pay.extraMinor;
  const key =
    pay.tipMinor && pay.extraMinor
      ? "pay.sum"
      : pay.tipMinor
        ? "pay.sum.noextra"
        : pay.extraMinor
          ? "pay.sum.notip"
          : "pay.sum.base";
  return (
    <p className="sum">
      {words.rich(key, {
        total: money(total, pay.currency),
        base: money(pay.baseMinor, pay.currency),
        tip: money(pay.tipMinor, pay.currency),
        extra: money(pay.extraMinor, pay.currency),
      })}
    </p>
  );
}

export type Terms = {
  pay: Pay;
  distanceM: number;
  minutes: number;
  doors: number;
  items: number;
  weightG: number;
  /** Dollars an hour after the car, and what the car costs; null when not known. */
  net: { perHourMinor: number; carMinor: number } | null;
  frozenAt: string;
  hash: string;
};

/** Terms of an offer as they were frozen when it was shown: in the driver app, the drawer and the earnings. */
export function FrozenTerms({ terms, children }: { terms: Terms; children?: ReactNode }) {
  const words = useShared();
  const f = useFormat();
  return (
    <div className="terms">
      <SplitBar pay={terms.pay} />
      <PaySum pay={terms.pay} />
      {children}
      <p className="facts">
        <span>
          <b>{f.distance(terms.distanceM)}</b> {words("facts.distance")}
        </span>
        <span>
          <b>{f.minutes(terms.minutes)}</b> {words("facts.minutes")}
        </span>
        <span>
          <b>{f.count(terms.doors)}</b> {words("facts.doors", { n: terms.doors })}
        </span>
        <span>
          <b>{f.count(terms.items)}</b> {words("facts.items", { n: terms.items })}
        </span>
        <span>
          <b>{f.weight(terms.weightG)}</b> {words("facts.weight")}
        </span>
      </p>
      {terms.net && (
        <p className="sum">
          {words("pay.net", {
            net: f.money(terms.net.perHourMinor, terms.pay.currency),
            car: f.money(terms.net.carMinor, terms.pay.currency),
          })}
        </p>
      )}
      <p className="lock">
        <Icon name="lock" size="s" />
        {words("pay.frozen", { time: f.seconds(terms.frozenAt) })}
        <span className="code" title={terms.hash}>
          {shortHash(terms.hash)}
        </span>
      </p>
    </div>
  );
}

/** `9f3c·77a0·e04b`: enough of a hash to compare by eye. */
export function shortHash(hash: string): string {
  const hex = hash.replace(/^sha256[:-]/, "");
  return [hex.slice(0, 4), hex.slice(4, 8), hex.slice(8, 12)].filter(Boolean).join("·");
}

/** `promised $17.40, paid $17.40` with its tick; says so, too, when they are not equal yet. */
export function Even({
  promisedMinor,
  paidMinor,
  currency,
}: {
  promisedMinor: number;
  paidMinor: number;
  currency: string;
}) {
  const words = useShared();
  const { money } = useFormat();
  const even = promisedMinor === paidMinor;
  return (
    <span className={even ? "even" : "dim"}>
      <Mark name={even ? "done" : "wait"} />
      {words(even ? "pay.even" : "pay.uneven", {
        promised: money(promisedMinor, currency),
        paid: money(paidMinor, currency),
      })}
    </span>
  );
}
