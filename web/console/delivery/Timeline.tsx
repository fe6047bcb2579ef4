import { useMemo } from "react";
import type { DeliveryWhole } from "../../shared/api/client";
import { useFormat } from "../../shared/i18n/react";
import { markOf } from "../../shared/states";
import { Mark } from "../../shared/ui/marks";
import { FrozenTerms } from "../../shared/ui/pay";
import type { MarkName } from "../../shared/ui/shapes";
import { type Candidate, LedgerTable, WhyTable } from "../../shared/ui/tables";
import { useWords } from "../words";
import { given } from "./given";
import { Proof } from "./Proof";
import { said } from "./said";
import { Title, type Told } from "./Title";
import { type Facts, termsOf, text } from "./whole";

/** A line with what belongs to it: the messages that told it, its answer, its reason. */
type Item = { key: string; line: Told; messages: Told[]; closed: Told | null };

/** Lines that tell of one moment become one item: a move with its messages, an offer with its answer. */
function itemsOf(lines: Told[]): Item[] {
  const items: Item[] = [];
  for (const [number, line] of lines.entries()) {
    if (line.kind === "webhook") {
      const told = items.findLast(
        (one) => one.line.kind === "event" && one.line.what === text(line.facts, "type"),
      );
      if (told) {
        told.messages.push(line);
        continue;
      }
    }
    if (line.kind === "offer_closed") {
      const shown = items.findLast(
        (one) => one.line.kind === "offer" && one.line.facts.offer === line.facts.offer,
      );
      if (shown) shown.closed = line;
      if (shown) continue;
    }
    items.push({ key: `${line.at} ${line.kind} ${number}`, line, messages: [], closed: null });
  }
  return items.reverse();
}

/** All that happened, newest first. */
export function Timeline({
  whole,
  now,
  currency,
}: {
  whole: DeliveryWhole | undefined;
  now: number;
  currency: string;
}) {
  const words = useWords();
  const f = useFormat();
  const items = useMemo(() => (whole ? itemsOf(whole.timeline) : null), [whole]);
  if (!items || !whole) {
    return (
      <div className="tl" aria-hidden="true">
        <div className="sk w" />
        <div className="sk" />
        <div className="sk w" />
        <div className="sk" />
      </div>
    );
  }
  if (!items.length) return <p className="quiet">{words("timeline.empty")}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className="tl" tabIndex={0} aria-label={words("timeline")}>
      {items.map((item) => (
        <div className="ev" key={item.key}>
          <time dateTime={item.line.at} title={f.moment(item.line.at, now)}>
            {f.time(item.line.at)}
          </time>
          <Spot line={item.line} />
          <div>
            <Body item={item} whole={whole} currency={currency} />
          </div>
        </div>
      ))}
    </section>
  );
}

function Spot({ line }: { line: Told }) {
  const name = spotOf(line);
  return name ? <Mark name={name} /> : <span className="dot" />;
}

function spotOf(line: Told): MarkName | null {
  if (line.kind === "event") {
    const after = text(line.facts, "after");
    return line.facts.before === line.facts.after && line.what !== "delivery.created"
      ? null
      : markOf(after as Parameters<typeof markOf>[0]);
  }
  if (line.kind === "offer") return "offer";
  if (line.kind === "proof") return line.facts.ok === false ? "late" : "done";
  if (line.kind === "override") return "risk";
  return null;
}

function Body({ item, whole, currency }: { item: Item; whole: DeliveryWhole; currency: string }) {
  switch (item.line.kind) {
    case "event":
      return <Move item={item} whole={whole} />;
    case "offer":
      return <Shown item={item} whole={whole} />;
    case "offer_closed":
      return <Answered line={item.line} whole={whole} />;
    case "reason":
      return <Why line={item.line} />;
    case "money":
      return <Money line={item.line} whole={whole} currency={currency} />;
    case "proof":
      return <Proof line={item.line} delivery={whole.delivery.id} />;
    case "provider":
      return <Courier line={item.line} currency={currency} />;
    case "webhook":
      return <Messages lines={[item.line]} />;
    case "message":
      return <Texted line={item.line} />;
    case "override":
      return <ByHand line={item.line} who={whole.people[item.line.who] ?? ""} />;
  }
}

const nameOf = (whole: DeliveryWhole, who: string): string => whole.people[who.replace(/^driver:/, "")] ?? "";

function Move({ item, whole }: { item: Item; whole: DeliveryWhole }) {
  const words = useWords();
  const f = useFormat();
  const { line, messages } = item;
  const key = `event.${line.what}`;
  const name = nameOf(whole, line.who);
  const device = text(line.facts, "device_at");
  const late = device ? (Date.parse(line.at) - Date.parse(device)) / 1000 : 0;
  const why = reasonOf(line, words);
  return (
    <>
      <Title note={name}>{words.has(key) ? words(key as never) : line.what}</Title>
      {why && <p>{why}</p>}
      {device && late >= 30 && <p>{words("event.late", { time: f.seconds(device), age: f.age(late) })}</p>}
      {messages.length > 0 && <Messages lines={messages} />}
    </>
  );
}

/** Why it happened, as it was given: a reason that is chosen from a list in words, one that was written as written. */
function reasonOf(line: Told, words: ReturnType<typeof useWords>): string {
  const facts = ["why", "reason", "how", "note"].map((name) => text(line.facts, name)).filter(Boolean);
  const told = facts.map((one) => {
    const key = ["why", "how"].map((kind) => `${kind}.${one}`).find((each) => words.has(each));
    return key ? words(key as never) : given(one, words);
  });
  return [...new Set(told)].join(". ");
}

type Attempt = {
  number: number;
  at_wall: string;
  status: number | null;
  latency_ms: number | null;
  error: string;
};

/** How the shop's software was told: each attempt, when one wants to know. */
function Messages({ lines }: { lines: Told[] }) {
  const words = useWords();
  const attempts = lines.flatMap((line) => (line.facts.attempts as Attempt[] | undefined) ?? []);
  const taken = lines.every((line) => line.what === "webhook.taken");
  return (
    <details className="told">
      <summary>
        {words(taken ? "webhook.taken" : attempts.length ? "webhook.trying" : "webhook.waiting", {
          n: attempts.length,
        })}
      </summary>
      <ul>
        {attempts.map((one) => (
          <li key={`${one.number} ${one.at_wall}`} className="num">
            {words("webhook.attempt", {
              number: one.number,
              status: one.status ?? one.error,
              ms: one.latency_ms ?? 0,
            })}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** What the shopper was told by text, and whether it reached her phone. */
function Texted({ line }: { line: Told }) {
  const words = useWords();
  const state = text(line.facts, "state");
  const key = `text.${state}`;
  const why = text(line.facts, "why");
  return (
    <>
      <Title note={words.has(key) ? words(key as never, { end: text(line.facts, "phone_end") }) : state}>
        {words("text.title")}
      </Title>
      <p>
        {text(line.facts, "text").replace(/:$/, ": …") /* the link is the shopper's alone */}
        {why && ` (${why})`}
      </p>
    </>
  );
}

function Shown({ item, whole }: { item: Item; whole: DeliveryWhole }) {
  const words = useWords();
  const f = useFormat();
  const { line, closed } = item;
  const terms = termsOf(line.facts);
  const drivers = (line.facts.drivers as string[] | undefined) ?? [];
  const names = drivers.map((one) => nameOf(whole, one)).filter(Boolean);
  const after = closed ? f.age((Date.parse(closed.at) - Date.parse(line.at)) / 1000) : "";
  const end = closed ? `offer.end.${closed.what.replace("offer.", "")}` : "offer.end.open";
  return (
    <>
      <Title note={words.has(end) ? words(end as never, { age: after }) : ""}>
        {drivers.length > 1
          ? words("offer.many", { n: drivers.length, count: f.count(drivers.length) })
          : words("offer.one", { name: names[0] ?? words("a.driver") })}
      </Title>
      {terms && terms.pickups.length > 1 && (
        <p>
          {words("offer.through", {
            shops: new Intl.ListFormat(f.locale).format(terms.pickups.map((one) => one.name)),
          })}
        </p>
      )}
      {terms && (
        <div className="box">
          <FrozenTerms
            terms={{
              pay: {
                baseMinor: terms.base_minor,
                tipMinor: terms.tip_minor,
                extraMinor: terms.incentive_minor,
                currency: terms.currency,
              },
              distanceM: terms.distance_m,
              minutes: terms.minutes,
              doors: terms.drops.length,
              items: terms.drops.reduce((sum, one) => sum + one.items, 0),
              weightG: terms.drops.reduce((sum, one) => sum + one.weight_g, 0),
              net: null,
              frozenAt: terms.shown_at,
              hash: text(line.facts, "terms_hash"),
            }}
          />
        </div>
      )}
    </>
  );
}

function Answered({ line, whole }: { line: Told; whole: DeliveryWhole }) {
  const words = useWords();
  const name = nameOf(whole, text(line.facts, "accepted_by")) || words("a.driver");
  return <Title>{words("offer.accepted", { name })}</Title>;
}

type KeptOut = { driver: string; name: string; constraint: string };

/** Who could not take it: the nearest by name with what keeps each, the others counted by what keeps them. */
function keptOut(
  facts: Facts,
  words: ReturnType<typeof useWords>,
  f: ReturnType<typeof useFormat>,
): Candidate[] {
  const named = (facts.kept_out as KeptOut[] | undefined) ?? [];
  const counts = Object.entries((facts.excluded as Record<string, number> | undefined) ?? {});
  const left = counts.map(([constraint, n]) => ({
    constraint,
    n: n - named.filter((one) => one.constraint === constraint).length,
  }));
  const why = (constraint: string, n: number): string => {
    const key = `constraint.${constraint}`;
    return words.has(key) ? words(key as never, { n }) : constraint;
  };
  return [
    ...named.map((one) => ({
      id: one.driver,
      name: one.name || words("a.driver"),
      why: why(one.constraint, 1),
      cost: null,
      won: false,
    })),
    ...left
      .filter((one) => one.n > 0)
      .sort((a, b) => b.n - a.n)
      .map(({ constraint, n }) => ({
        id: constraint,
        name: words(named.length ? "why.drivers_more" : "why.drivers", { n, count: f.count(n) }),
        why: why(constraint, n),
        cost: null,
        won: false,
        n,
      })),
  ];
}

type Rival = { name: string; driver: string; extra_cost: number; pickup_s: number };

/** Why it went to whom it did: who else was looked at, and whom what excluded. */
function Why({ line }: { line: Told }) {
  const words = useWords();
  const f = useFormat();
  const facts: Facts = line.facts;
  const sentence = text(facts, "sentence");
  const rivals = (facts.rivals as Rival[] | undefined) ?? [];
  const excluded = (facts.excluded as Record<string, number> | undefined) ?? {};
  const cost = typeof facts.cost === "number" ? facts.cost : null;
  const pickup = typeof facts.pickup_s === "number" ? facts.pickup_s : null;
  const out = Object.values(excluded).reduce((sum, one) => sum + one, 0);
  const [winner = ""] = sentence.split(":");
  const offered = line.what === "offered" && cost !== null;
  const candidates: Candidate[] = [
    ...(offered
      ? [
          {
            id: "won",
            name: winner,
            why: pickup ? words("why.pickup", { time: f.time(pickup * 1000) }) : "",
            cost,
            won: true,
          },
        ]
      : []),
    ...rivals.map((one) => ({
      id: one.driver,
      name: one.name,
      why: words("why.rival", { time: f.time(one.pickup_s * 1000) }),
      cost: cost === null ? one.extra_cost : cost + one.extra_cost,
      won: false,
    })),
    ...keptOut(facts, words, f),
  ];
  const looked = rivals.length + out + (offered ? 1 : 0);
  const key = `reason.kind.${line.what}`;
  return (
    <>
      <Title note={looked ? words("why.looked", { n: looked, count: f.count(looked) }) : ""}>
        {offered
          ? words("why.title", { name: winner })
          : words.has(key)
            ? words(key as never)
            : words("why.plain")}
      </Title>
      <p>{said(sentence, words)}</p>
      {candidates.length > 0 && (
        <div className="box">
          <WhyTable candidates={candidates} most={6} />
        </div>
      )}
    </>
  );
}

type Entry = { account: string; amount_minor: number; currency: string };

function Money({ line, whole, currency }: { line: Told; whole: DeliveryWhole; currency: string }) {
  const words = useWords();
  const entries = (line.facts.entries as Entry[] | undefined) ?? [];
  const driver = whole.delivery.driver ? (whole.people[whole.delivery.driver] ?? "") : "";
  const shop = whole.delivery.pickup.split(",")[0] ?? "";
  const account = (name: string): string => {
    const plain = name.replace(/^(merchant|driver|provider):[^:]+:/, "$1:");
    const key = `account.${plain}`;
    return words.has(key) ? words(key as never, { shop, driver: driver || words("a.driver") }) : plain;
  };
  const key = `money.${line.what.replace("ledger.", "")}`;
  const state = text(line.facts, "state");
  return (
    <>
      <Title note={state === "pending" ? words("money.pending") : text(line.facts, "memo")}>
        {words.has(key) ? words(key as never) : words("money")}
      </Title>
      <div className="box">
        <LedgerTable
          currency={entries[0]?.currency ?? currency}
          lines={entries.map((one, number) => ({
            id: `${one.account} ${number}`,
            account: account(one.account),
            outMinor: one.amount_minor > 0 ? one.amount_minor : 0,
            inMinor: one.amount_minor < 0 ? -one.amount_minor : 0,
          }))}
        />
      </div>
    </>
  );
}

function Courier({ line, currency }: { line: Told; currency: string }) {
  const words = useWords();
  const f = useFormat();
  const key = `courier.${line.what.replace("provider.", "")}`;
  const fee = typeof line.facts.fee_minor === "number" ? line.facts.fee_minor : 0;
  const given = text(line.facts, "refusal") || text(line.facts, "why");
  // A code, then the company's own words: these are said in ours where we know the code, else as they came.
  const [, code = "", told = given] = /^([a-z_]+): (.+)$/.exec(given) ?? [];
  const why = words.has(`refused_by.${code}`) ? words(`refused_by.${code}` as never) : said(told, words);
  return (
    <>
      <Title note={fee ? f.money(fee, currency) : ""}>
        {words.has(key) ? words(key as never) : line.what}
      </Title>
      {why && <p>{why}</p>}
    </>
  );
}

/** A decision by hand: who, what, and the reason that was written down. */
function ByHand({ line, who }: { line: Told; who: string }) {
  const words = useWords();
  const key = `hand.${line.what}`;
  return (
    <>
      <Title note={who || words("the.network")}>{words.has(key) ? words(key as never) : line.what}</Title>
      <p>{words("hand.reason", { reason: given(text(line.facts, "reason"), words) })}</p>
    </>
  );
}
