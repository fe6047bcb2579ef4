import { useState } from "react";
import { useFormat, useShared } from "../i18n/react";
import { Mark } from "./marks";

/** One candidate of a decision, or `n` of them. `cost` null: excluded, and `why` says by what. */
export type Candidate = {
  id: string;
  name: string;
  why: string;
  cost: number | null;
  won: boolean;
  n?: number;
};

/** Why somebody was chosen: the winner first with an arrow, losers in order, the excluded with their constraint; all on demand. */
export function WhyTable({ candidates, most = 4 }: { candidates: Candidate[]; most?: number }) {
  const words = useShared();
  const { locale } = useFormat();
  const figure = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const rank = (c: Candidate) => (c.won ? -1 : (c.cost ?? Number.POSITIVE_INFINITY));
  const ordered = [...candidates].sort((a, b) => rank(a) - rank(b));
  const [whole, setWhole] = useState(false);
  // One row more says no more than the line that would stand for it.
  const shown = whole || ordered.length <= most + 1 ? ordered : ordered.slice(0, most);
  const rest = ordered.slice(shown.length).reduce((sum, one) => sum + (one.n ?? 1), 0);
  return (
    <table className="tbl">
      <thead className="sr">
        <tr>
          <th>{words("why.who")}</th>
          <th>{words("why.what")}</th>
          <th>{words("why.cost")}</th>
        </tr>
      </thead>
      <tbody>
        {shown.map((c) => (
          <tr key={c.id} className={c.won ? "won" : "lost"}>
            <td>{c.won ? `→ ${c.name}` : c.name}</td>
            <td>{c.cost === null && !c.won ? words("why.out", { why: c.why }) : c.why}</td>
            <td className="fig num">{c.cost === null ? "–" : figure.format(c.cost)}</td>
          </tr>
        ))}
        {rest > 0 && (
          <tr className="lost">
            <td colSpan={3}>
              <button type="button" className="more" onClick={() => setWhole(true)}>
                {words("why.more", { n: rest })}
              </button>
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

/** One line of a booking: what leaves an account (credit) and what enters one (debit). */
export type LedgerLine = { id: string; account: string; outMinor: number; inMinor: number };

/** Entries with their sum line; balanced ones carry the tick. */
export function LedgerTable({ lines, currency }: { lines: LedgerLine[]; currency: string }) {
  const words = useShared();
  const { money } = useFormat();
  const out = lines.reduce((sum, line) => sum + line.outMinor, 0);
  const into = lines.reduce((sum, line) => sum + line.inMinor, 0);
  const even = out === into;
  return (
    <table className="tbl">
      <thead>
        <tr>
          <th>{words("ledger.account")}</th>
          <th className="fig">{words("ledger.out")}</th>
          <th className="fig">{words("ledger.in")}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={line.id}>
            <td>{line.account}</td>
            <td className="fig num">{line.outMinor ? money(line.outMinor, currency) : ""}</td>
            <td className="fig num">{line.inMinor ? money(line.inMinor, currency) : ""}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <td>
            <span className={even ? "even" : "band e"}>
              <Mark name={even ? "done" : "late"} />
              {even ? words("ledger.even") : words("ledger.uneven", { sum: money(out - into, currency) })}
            </span>
          </td>
          <td className="fig num">{money(out, currency)}</td>
          <td className="fig num">{money(into, currency)}</td>
        </tr>
      </tfoot>
    </table>
  );
}
