import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { api, type Change as Line, told } from "../../shared/api/client";
import { useFormat, useShared } from "../../shared/i18n/react";
import { Button } from "../../shared/ui/button";
import { Ask } from "../../shared/ui/dialog";
import { Icon } from "../../shared/ui/marks";
import { useRefused } from "../acts/Acting";
import { given } from "../delivery/given";
import { useNow } from "../market/clock";
import type { Market } from "../market/market";
import { useWords } from "../words";
import { SET } from "./Change";
import { Difference } from "./Difference";

/** Who changed what, when and why, newest first; what still stands can be taken back. */
export function History({ market, owner }: { market: Market; owner: boolean }) {
  const words = useWords();
  const shared = useShared();
  const f = useFormat();
  const now = useNow(60_000);
  const [undoing, setUndoing] = useState<Line | null>(null);
  const asked = useInfiniteQuery({
    queryKey: ["history", market.id],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      told(
        api.GET("/staff/v1/markets/{market_id}/history", {
          params: { path: { market_id: market.id }, query: { limit: 20, cursor: pageParam || null } },
        }),
      ),
    getNextPageParam: (page) => page.next,
  });
  const lines = asked.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <aside className="history" aria-label={words("history")}>
      <h3>{words("history")}</h3>
      {asked.isError && <p>{shared("refused.unreachable")}</p>}
      <ol>
        {lines.map((one) => (
          <li key={one.seq}>
            <time dateTime={one.at}>{f.moment(one.at, now)}</time>
            <b>{words.has(`history.${one.kind}`) ? words(`history.${one.kind}` as never) : one.kind}</b>
            <span className="dim">
              {words("history.by", { who: one.actor_name || words("the.network") })}
            </span>
            <p>{given(one.reason, words)}</p>
            <Difference before={one.before} after={one.after} currency={market.currency} now={now} />
            {owner && one.undoable && (
              <Button kind="quiet" icon={<Icon name="undo" size="s" />} onClick={() => setUndoing(one)}>
                {words("history.undo")}
              </Button>
            )}
          </li>
        ))}
      </ol>
      {asked.hasNextPage && (
        <Button busy={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
          {words("history.more")}
        </Button>
      )}
      {undoing && <Undo market={market} line={undoing} now={now} onClose={() => setUndoing(null)} />}
    </aside>
  );
}

function Undo({
  market,
  line,
  now,
  onClose,
}: {
  market: Market;
  line: Line;
  now: number;
  onClose: () => void;
}) {
  const words = useWords();
  const refused = useRefused();
  const queries = useQueryClient();
  const id = useId();
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const undo = async () => {
    setBusy(true);
    try {
      await told(
        api.POST("/staff/v1/markets/{market_id}/history/{seq}/undo", {
          params: { path: { market_id: market.id, seq: line.seq } },
          body: { reason: reason.trim() },
        }),
      );
      onClose();
    } catch (error) {
      setSaid(refused(error));
    } finally {
      setBusy(false);
      for (const key of SET) void queries.invalidateQueries({ queryKey: [key] });
    }
  };
  return (
    <Ask
      title={words("history.undo.title", {
        what: words.has(`history.${line.kind}`) ? words(`history.${line.kind}` as never) : line.kind,
      })}
      action={words("history.undo.do")}
      busy={busy}
      offBecause={reason.trim().length < 3 ? words("act.reason.first") : null}
      onAct={() => void undo()}
      onClose={onClose}
    >
      <p>{words("history.undo.lead")}</p>
      <Difference before={line.after} after={line.before} currency={market.currency} now={now} />
      {said && (
        <p className="band e" role="alert">
          {said}
        </p>
      )}
      <div className="field">
        <label htmlFor={id}>{words("act.reason")}</label>
        <input id={id} value={reason} maxLength={300} onChange={(event) => setReason(event.target.value)} />
      </div>
    </Ask>
  );
}
