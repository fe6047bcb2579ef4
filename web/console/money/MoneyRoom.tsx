import { useQuery } from "@tanstack/react-query";
import { api, Refusal, told } from "../../shared/api/client";
import { useFormat, useShared } from "../../shared/i18n/react";
import { Mark } from "../../shared/ui/marks";
import type { Market } from "../market/market";
import { useWords } from "../words";

/** What drivers were promised beside what the ledger holds for them, by week. */
export function MoneyRoom({ market }: { market: Market }) {
  const words = useWords();
  const shared = useShared();
  const f = useFormat();
  const asked = useQuery({
    queryKey: ["promised", market.id],
    queryFn: () =>
      told(api.GET("/staff/v1/promised-versus-paid", { params: { query: { market: market.id } } })),
    refetchInterval: 15_000,
  });
  const weeks = [...(asked.data ?? [])].sort((a, b) => b.week.localeCompare(a.week));
  const sum = (of: (one: (typeof weeks)[number]) => number) =>
    weeks.reduce((total, one) => total + of(one), 0);
  const promised = sum((one) => one.promised_minor);
  const paid = sum((one) => one.paid_minor);
  const difference = sum((one) => one.difference_minor);
  const additions = sum((one) => one.additions_minor);
  const refused = asked.error instanceof Refusal && asked.error.status === 403;
  return (
    <>
      <header className="room-head">
        <h2>{words("money.room")}</h2>
      </header>
      <div className="sheet">
        {asked.isError && (
          <p className="band e" role="alert">
            <Mark name="late" />
            {refused ? words("money.refused") : shared("refused.unreachable")}
          </p>
        )}
        {asked.data && weeks.length === 0 && <p className="quiet">{words("money.empty")}</p>}
        {weeks.length > 0 && (
          <>
            <section className={difference === 0 ? "verdict" : "verdict odd"} aria-live="polite">
              <Mark name={difference === 0 ? "done" : "late"} />
              <div>
                <h3>
                  {difference === 0
                    ? words("money.even")
                    : words("money.uneven", { sum: f.money(difference, market.currency) })}
                </h3>
                <p>
                  {words("money.rests", {
                    n: sum((one) => one.deliveries),
                    count: f.count(sum((one) => one.deliveries)),
                  })}
                </p>
              </div>
              <dl className="sum-line">
                <div>
                  <dt>{words("money.promised")}</dt>
                  <dd>{f.money(promised, market.currency)}</dd>
                </div>
                <div className="op" aria-hidden="true">
                  −
                </div>
                <div>
                  <dt>{words("money.paid")}</dt>
                  <dd>{f.money(paid, market.currency)}</dd>
                </div>
                <div className="op" aria-hidden="true">
                  =
                </div>
                <div>
                  <dt>{words("money.difference")}</dt>
                  <dd>{f.money(promised - paid, market.currency)}</dd>
                </div>
                <div className="later">
                  <dt>{words("money.additions")}</dt>
                  <dd>{f.money(additions, market.currency)}</dd>
                </div>
              </dl>
            </section>
            <Bars weeks={weeks.slice(0, 12).reverse()} currency={market.currency} />
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
            <section className="scroll-x" tabIndex={0} aria-label={words("money.room")}>
              <table className="tbl wide">
                <caption className="sr">{words("money.room")}</caption>
                <thead>
                  <tr>
                    <th>{words("money.week")}</th>
                    <th className="fig">{words("money.drivers")}</th>
                    <th className="fig">{words("money.deliveries")}</th>
                    <th className="fig">{words("money.promised")}</th>
                    <th className="fig">{words("money.paid")}</th>
                    <th className="fig">{words("money.difference")}</th>
                    <th className="fig">{words("money.additions")}</th>
                  </tr>
                </thead>
                <tbody>
                  {weeks.map((one) => (
                    <tr key={one.week}>
                      <td>{words("money.weekof", { date: f.date(`${one.week}T12:00:00Z`) })}</td>
                      <td className="fig num">{f.count(one.drivers)}</td>
                      <td className="fig num">{f.count(one.deliveries)}</td>
                      <td className="fig num">{f.money(one.promised_minor, one.currency)}</td>
                      <td className="fig num">{f.money(one.paid_minor, one.currency)}</td>
                      <td className="fig num">
                        {one.difference_minor === 0 ? (
                          <span className="even">
                            <Mark name="done" />
                            {f.money(0, one.currency)}
                          </span>
                        ) : (
                          <span className="odd">
                            <Mark name="late" />
                            {f.money(one.difference_minor, one.currency)}
                          </span>
                        )}
                      </td>
                      <td className="fig num">{f.money(one.additions_minor, one.currency)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
            <p className="dim small">{words("money.note")}</p>
          </>
        )}
      </div>
    </>
  );
}

type Week = { week: string; promised_minor: number; paid_minor: number; additions_minor: number };

/** Two bars a week, the paid one striped, with their values beside them. */
function Bars({ weeks, currency }: { weeks: Week[]; currency: string }) {
  const words = useWords();
  const f = useFormat();
  const most = Math.max(...weeks.map((one) => Math.max(one.promised_minor, one.paid_minor)), 1);
  return (
    <figure className="bars" aria-label={words("money.chart")}>
      {weeks.map((one) => (
        <div key={one.week} className="bar-week">
          <span className="num">{f.date(`${one.week}T12:00:00Z`)}</span>
          <div>
            <i className="promised" style={{ width: `${(one.promised_minor / most) * 100}%` }} />
            <i className="paid" style={{ width: `${(one.paid_minor / most) * 100}%` }} />
          </div>
          <span className="num">{f.money(one.paid_minor, currency)}</span>
        </div>
      ))}
      <figcaption className="dim small">
        <i className="promised" /> {words("money.promised")} <i className="paid" /> {words("money.paid")}
      </figcaption>
    </figure>
  );
}
