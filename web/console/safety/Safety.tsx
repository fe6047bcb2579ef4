import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { api, type SafetyWaiting, told } from "../../shared/api/client";
import { useFormat } from "../../shared/i18n/react";
import { placeNear } from "../../shared/map/places";
import { Button } from "../../shared/ui/button";
import { Ask } from "../../shared/ui/dialog";
import { Icon, Mark } from "../../shared/ui/marks";
import { phoneOf, useActs, useRefused } from "../acts/Acting";
import { go } from "../address";
import { useBase } from "../market/base";
import { useNow } from "../market/clock";
import { useWords } from "../words";

/** The page begins below the band: what calls loudest covers nothing that is needed to answer it. */
function makeRoom(band: HTMLElement | null): (() => void) | undefined {
  if (!band) return undefined;
  const { style } = document.documentElement;
  const watch = new ResizeObserver(() => style.setProperty("--safety", `${band.offsetHeight}px`));
  watch.observe(band);
  return () => {
    watch.disconnect();
    style.removeProperty("--safety");
  };
}

/** Drivers who pressed the safety button: above everything, in every room, until somebody has seen to it. */
export function Safety({ marketId }: { marketId: string }) {
  const words = useWords();
  const [settling, setSettling] = useState<SafetyWaiting | null>(null);
  const asked = useQuery({
    queryKey: ["safety", marketId],
    queryFn: () =>
      told(
        api.GET("/staff/v1/markets/{market_id}/safety-calls", { params: { path: { market_id: marketId } } }),
      ),
    refetchInterval: 4_000,
  });
  const waiting = asked.data ?? [];
  return (
    <>
      {/* Said aloud once for each press, not again with each minute that passes. */}
      <div className="sr" aria-live="assertive">
        {waiting.map((one) => (
          <p key={`${one.driver} ${one.at}`}>{words(`safety.${one.kind}`, { name: one.name })}</p>
        ))}
      </div>
      {waiting.length > 0 && (
        <section className="safety" ref={makeRoom} aria-label={words("safety")}>
          <ul>
            {waiting.map((one) => (
              <Line key={one.driver} one={one} marketId={marketId} onSettle={() => setSettling(one)} />
            ))}
          </ul>
        </section>
      )}
      {settling && <Settle one={settling} onClose={() => setSettling(null)} />}
    </>
  );
}

function Line({ one, marketId, onSettle }: { one: SafetyWaiting; marketId: string; onSettle: () => void }) {
  const words = useWords();
  const f = useFormat();
  const { offBecause } = useActs();
  const now = useNow();
  const { data: base } = useBase(marketId);
  const near =
    one.lat === null || one.lng === null ? "" : placeNear(base ?? null, { lat: one.lat, lng: one.lng });
  const facts = [
    words("safety.since", { age: f.age((now - Date.parse(one.since)) / 1000) }),
    one.presses > 1 && words("safety.presses", { n: one.presses }),
    near ? words("table.near", { place: near }) : one.lat === null && words("safety.nowhere"),
    one.note,
  ].filter(Boolean);
  return (
    <li>
      <Mark name="late" />
      <div>
        <b>{words(`safety.${one.kind}`, { name: one.name })}</b>
        <p>{facts.join(" · ")}</p>
      </div>
      <span className="acts">
        <a className="btn door" data-step href={`tel:${one.phone}`}>
          <Icon name="phone" size="s" />
          {phoneOf(one.phone)}
        </a>
        <Button onClick={() => go({ open: one.driver })}>{words("safety.show")}</Button>
        <Button onClick={onSettle} offBecause={offBecause("settle")} reasonBelow={false}>
          {words("safety.settle")}
        </Button>
      </span>
    </li>
  );
}

/** What was done stands in the audit; a press that came while it was written stays. */
function Settle({ one, onClose }: { one: SafetyWaiting; onClose: () => void }) {
  const words = useWords();
  const refused = useRefused();
  const queries = useQueryClient();
  const id = useId();
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const settle = async () => {
    setBusy(true);
    setSaid("");
    try {
      await told(
        api.POST("/staff/v1/drivers/{driver_id}/safety-settled", {
          params: { path: { driver_id: one.driver } },
          body: { seen_at: one.at, reason: reason.trim() },
        }),
      );
      onClose();
    } catch (error) {
      setSaid(refused(error));
    } finally {
      setBusy(false);
      void queries.invalidateQueries({ queryKey: ["safety"] });
    }
  };
  return (
    <Ask
      title={words("safety.settle.title", { name: one.name })}
      action={words("safety.settle.do")}
      busy={busy}
      offBecause={reason.trim().length < 3 ? words("safety.settle.first") : null}
      onAct={() => void settle()}
      onClose={onClose}
    >
      <p>{words("safety.settle.lead")}</p>
      {said && (
        <p className="band e" role="alert">
          <Mark name="late" />
          {said}
        </p>
      )}
      <div className="field">
        <label htmlFor={id}>{words("safety.settle.what")}</label>
        <input id={id} value={reason} maxLength={300} onChange={(event) => setReason(event.target.value)} />
      </div>
    </Ask>
  );
}
