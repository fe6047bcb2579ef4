import type { UseQueryResult } from "@tanstack/react-query";
import { Refusal } from "../../shared/api/client";
import { useFormat } from "../../shared/i18n/react";
import { Mark } from "../../shared/ui/marks";
import { useMarketNow } from "../reads";
import type { Quote } from "../types";
import { useWords } from "../words";

/** The quote: what it costs as arithmetic, and what is promised for it. */
export function Price({ quote, tipMinor }: { quote: UseQueryResult<Quote>; tipMinor: number }) {
  const words = useWords();
  const f = useFormat();
  const now = useMarketNow();
  if (quote.isError) {
    return (
      <p className="band e" role="alert">
        <Mark name="late" />
        {reasonOf(quote.error, words)}
      </p>
    );
  }
  const told = quote.data;
  if (!told) return <p className="price dim">{words(quote.isFetching ? "price.asking" : "price.none")}</p>;
  const { price } = told;
  return (
    <div className={quote.isFetching ? "price old" : "price"} aria-live="polite">
      <p className="promise">
        <b>
          {told.window
            ? words("price.window", { range: f.span(told.window.start, told.window.end, now) })
            : words("price.by", { time: f.moment(told.due_at, now) })}
        </b>{" "}
        <span className="dim">{f.distance(told.way.metres)}</span>
      </p>
      <dl>
        {price.lines.map((line) => (
          <div key={line.kind}>
            <dt>{words(`line.${line.kind}`)}</dt>
            <dd>{f.money(line.amount_minor, price.currency)}</dd>
          </div>
        ))}
        <div className="sum">
          <dt>{words("price.fee")}</dt>
          <dd>{f.money(price.total_minor, price.currency)}</dd>
        </div>
        {tipMinor > 0 && (
          <>
            <div>
              <dt>{words("price.tip")}</dt>
              <dd>{f.money(tipMinor, price.currency)}</dd>
            </div>
            <div className="sum">
              <dt>{words("price.together")}</dt>
              <dd>{f.money(price.total_minor + tipMinor, price.currency)}</dd>
            </div>
          </>
        )}
      </dl>
    </div>
  );
}

/** Why the network said no, in the reader's language. */
export function reasonOf(error: unknown, words: ReturnType<typeof useWords>): string {
  if (!(error instanceof Refusal)) return words("refused.other");
  if (error.code === "unreachable") return words("refused.unreachable");
  const why = reasonsIn(error.facts)[0];
  if (why && words.has(`why.${why}`)) return words(`why.${why}` as never);
  if (words.has(`refused.${error.code}`)) return words(`refused.${error.code}` as never);
  return words("refused.other");
}

function reasonsIn(facts: Record<string, unknown>): string[] {
  const told = facts.reasons;
  if (!Array.isArray(told)) return [];
  return told.flatMap((one) =>
    typeof one === "object" && one !== null && "code" in one && typeof one.code === "string"
      ? [one.code]
      : [],
  );
}
