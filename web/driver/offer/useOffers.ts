import { useCallback, useEffect, useRef, useState } from "react";
import { api, Refusal, told } from "../../shared/api/client";
import { queries } from "../../shared/start";
import { type Frame, type Line, useStream } from "../../shared/stream";
import { ring } from "../phone/attention";
import { tripTold } from "../reads";
import { useRefused } from "../refused";
import type { Offer } from "../types";

/** An offer with the end of its time on this device's clock (performance.now milliseconds). */
export type Shown = { offer: Offer; endsAt: number; wholeS: number };
/** What became of an answer, to be said once. */
export type Said = "accepted" | "declined" | "gone" | "ran-out" | "refused" | "no-join";
export type Answering = { id: string; yes: boolean; kept: boolean };

export type Offers = {
  shown: Shown[];
  line: Line;
  said: Said | null;
  saidMore: string;
  answering: Answering | null;
  answer: (id: string, yes: boolean) => void;
  clear: () => void;
};

const AGAIN_MS = 1_500;
const TOLD_MS = 8_000;

/** Offers as they are shown and answered. An answer without a line is kept and given as soon as there is one. */
export function useOffers(wanted: boolean): Offers {
  const [shown, setShown] = useState<Shown[]>([]);
  const [said, setSaid] = useState<{ what: Said; more: string } | null>(null);
  const [answering, setAnswering] = useState<Answering | null>(null);
  const latest = useRef(shown);
  latest.current = shown;

  const onFrame = useCallback((frame: Frame) => {
    if (frame.event !== "offers") return;
    const { items } = frame.data as { items: Offer[] };
    const now = performance.now();
    const next = items.map((offer) => {
      const known = latest.current.find((one) => one.offer.id === offer.id);
      return known ?? { offer, endsAt: now + offer.real_s_left * 1000, wholeS: offer.real_s_left };
    });
    const fresh = next.some((one) => !latest.current.some((known) => known.offer.id === one.offer.id));
    const lost = latest.current.some(
      (known) =>
        !known.offer.joins &&
        known.endsAt > now + 500 &&
        !next.some((one) => one.offer.id === known.offer.id),
    );
    if (fresh) {
      ring();
      setSaid(null);
    } else if (lost) setSaid((before) => before ?? { what: "gone", more: "" });
    setShown(next);
    void queries.invalidateQueries({ queryKey: ["driver", "current"] });
  }, []);
  const line = useStream(wanted ? "/driver/v1/offers/stream" : null, onFrame);

  useEffect(() => {
    if (!wanted) setShown([]);
  }, [wanted]);

  useEffect(() => {
    if (!shown.length) return;
    const first = Math.min(...shown.map((one) => one.endsAt));
    const timer = setTimeout(
      () => {
        const now = performance.now();
        setShown((before) => before.filter((one) => one.endsAt > now));
        setSaid((before) => before ?? { what: "ran-out", more: "" });
      },
      Math.max(0, first - performance.now()) + 50,
    );
    return () => clearTimeout(timer);
  }, [shown]);

  const refused = useRefused();
  const answer = useCallback(
    (id: string, yes: boolean) => {
      const mine = latest.current.find((one) => one.offer.id === id);
      if (!mine) return;
      const drop = (what: Said | null, more = "") => {
        setAnswering(null);
        setShown((before) => before.filter((one) => one.offer.id !== id));
        setSaid(what && { what, more });
        if (what === "no-join") setTimeout(() => setSaid(null), TOLD_MS);
      };
      // Of a trip that it was to join, what she sees next says whether it did; only a yes that came too late must be told.
      const joins = Boolean(mine.offer.joins);
      const give = async (): Promise<void> => {
        const path = { params: { path: { offer_id: id } } };
        try {
          if (yes) tripTold(await told(api.POST("/driver/v1/offers/{offer_id}/accept", path)));
          else await told(api.POST("/driver/v1/offers/{offer_id}/decline", path));
          drop(joins ? null : yes ? "accepted" : "declined");
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          if (error.passing && performance.now() < mine.endsAt) {
            setAnswering({ id, yes, kept: true });
            setTimeout(() => void give(), AGAIN_MS);
          } else if (error.passing) drop(joins ? "no-join" : "ran-out");
          else if (error.code === "offer_gone") drop(joins ? "no-join" : "gone");
          else drop("refused", refused(error));
        }
      };
      setAnswering({ id, yes, kept: false });
      void give();
    },
    [refused],
  );

  return {
    shown,
    line,
    said: said?.what ?? null,
    saidMore: said?.more ?? "",
    answering,
    answer,
    clear: () => setSaid(null),
  };
}
