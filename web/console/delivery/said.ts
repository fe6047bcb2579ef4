import type { useWords } from "../words";
import { given } from "./given";

type Key = Extract<Parameters<ReturnType<typeof useWords>>[0], `said.${string}`>;

/**
 * What dispatch writes down as its reason, part by part: each is frozen as it was first written, in English. Names and
 * counts are taken over; which constraint kept how many drivers stands in the table below it.
 */
const PARTS: readonly [RegExp, Key][] = [
  [/^one order$/, "said.one"],
  [/^(?<n>\d+) orders of one store$/, "said.several"],
  [/^(?<n>\d+) orders of (?<stores>\d+) stores$/, "said.mixed"],
  [/^nobody else on duty can take it$/, "said.only"],
  [/^the nearest others who could are taken up by other trips$/, "said.others_busy"],
  [/^as good as the next best$/, "said.as_good"],
  [/^costs (?<n>\d+) minutes? of waiting less than the next best$/, "said.cheaper"],
  [/^picks up sooner and costs (?<n>\d+) minutes? of waiting less than the next best$/, "said.sooner"],
  [/^costs (?<n>\d+) minutes? of waiting more than the next best, who is left for others$/, "said.spares"],
  [/^leaving later would delay the pickup$/, "said.leave"],
  [/^picked up as it was sent$/, "said.as_sent"],
  [/^waiting longer would delay it$/, "said.wait"],
  [/^one more order of the store she is under way to$/, "said.along_one"],
  [/^(?<n>\d+) more orders of the store she is under way to$/, "said.along"],
  [/^asking later would delay the pickup$/, "said.ask"],
  [/^one order of the same store joined on the way$/, "said.joined_one"],
  [/^(?<n>\d+) orders of the same store joined on the way$/, "said.joined"],
  [/^(?<name>.+) is on her way to the store for it$/, "said.coming"],
  [/^joins (?<name>.+) on her way to its store, if nothing better comes up$/, "said.joins"],
  [/^planned with (?<name>.+), her next trip$/, "said.next"],
  [/^planned with (?<name>.+), after (?<n>\d+) earlier trips?$/, "said.after"],
  [/^sent when leaving later would delay the pickup$/, "said.sent_when"],
  [/^no driver is on duty$/, "said.nobody"],
  [/^no driver is on duty yet$/, "said.nobody_yet"],
  [/^no driver can: .+$/, "said.none_can"],
  [/^it takes a driver with the abilities it needs$/, "said.takes_ability"],
  [/^it takes a larger vehicle or a smaller load$/, "said.takes_room"],
  [/^it takes a driver who has not declined it$/, "said.takes_other"],
  [/^it takes a shift that lasts until the pickup$/, "said.takes_shift"],
  [/^it takes a later end of pickup or somebody nearer$/, "said.takes_nearer"],
  [/^it takes a longer ride than its goods or its promise allow$/, "said.takes_ride"],
  [/^all who could are full until their shifts end$/, "said.full"],
  [/^all who could are full until it may no longer be picked up$/, "said.full_late"],
  [/^all who could have as much ahead of them as is planned$/, "said.full_ahead"],
  [/^all who could are full for as long as is planned, or until it is too late$/, "said.full_either"],
  [/^one more driver would take it$/, "said.one_more"],
  [/^somebody could, but (?:it or )?others would wait longer than the coverage price allows$/, "said.dear"],
  [
    /^somebody could, but even with nothing else planned it would cost more than the coverage price allows$/,
    "said.dear_alone",
  ],
  [/^one more driver or a higher price would take it$/, "said.one_more_or_price"],
  [/^a driver nearer or free sooner or a higher price would take it$/, "said.nearer_or_price"],
  [/^a higher price would take it$/, "said.price"],
  [/^a courier company can$/, "said.company_can"],
  [/^somebody could, but a courier company costs less$/, "said.company_less"],
  [/^one more driver or a dearer company would change that$/, "said.one_more_or_company"],
  [/^a driver nearer or free sooner or a dearer company would change that$/, "said.nearer_or_company"],
  [/^a dearer company would change that$/, "said.company"],
  [/^pays (?<amount>.+) more than at first, as it was passed on$/, "said.risen"],
  [/^(?<n>\d+) drivers passed on it$/, "said.passed"],
  [/^the latest departure is near$/, "said.pressing"],
  [/^nobody took the broadcast$/, "said.nobody_took"],
  [/^no driver on duty can take it$/, "said.none_fit"],
  [/^no provider can$/, "said.no_company"],
  [/^waiting for a driver to come free$/, "said.come_free"],
  [/^no carrier was found long after the promise$/, "said.given_up"],
];

/** How a sentence may begin that goes on with why, after a colon; who chose stands beside the line. */
const HEADS: readonly [RegExp, Key][] = [
  [/^asked of (?<n>\d+) drivers at once$/, "said.broadcast"],
  [/^handed to an outside courier$/, "said.handed"],
  [/^.+ chose (?<name>.+)$/, "said.chose"],
  [/^.+ moved the trip to (?<name>.+)$/, "said.moved"],
];

const told = (text: string, shapes: typeof PARTS, words: ReturnType<typeof useWords>): string | null => {
  for (const [shape, key] of shapes) {
    const found = shape.exec(text);
    if (found) return words(key, { ...found.groups, n: Number(found.groups?.n ?? 0) } as never);
  }
  return null;
};

/** A reason of dispatch in this person's language; one that holds anything unknown stays as it was written. */
export function said(sentence: string, words: ReturnType<typeof useWords>): string {
  const [, who = "", what = sentence] = /^(?!no driver can)(?:([^;]{1,80}?): )?(.+)$/.exec(sentence) ?? [];
  const head = told(who, HEADS, words);
  const parts = what.split("; ").map((part) => told(part, PARTS, words));
  const rest = parts.includes(null) ? null : parts.join("; ");
  if (head) return `${head}: ${rest ?? given(what, words)}`;
  return rest === null ? sentence : who ? `${who}: ${rest}` : rest;
}
