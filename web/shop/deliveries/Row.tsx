import { useEffect, useRef, useState } from "react";
import { useFormat, useShared } from "../../shared/i18n/react";
import { useVehicle } from "../../shared/i18n/vehicle";
import { markOf } from "../../shared/states";
import { Button } from "../../shared/ui/button";
import { Chip, Icon } from "../../shared/ui/marks";
import { useMarketNow } from "../reads";
import type { Delivery } from "../types";
import { useWords } from "../words";

const COPIED_MS = 2_000;

/** One delivery: to whom, how it stands, what is promised, and the link its shopper has. */
export function Row({ delivery, fresh }: { delivery: Delivery; fresh: boolean }) {
  const words = useWords();
  const vehicle = useVehicle();
  const shared = useShared();
  const f = useFormat();
  const now = useMarketNow();
  const place = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (fresh) place.current?.scrollIntoView({ block: "nearest" });
  }, [fresh]);
  const { carrier } = delivery;
  const goods = delivery.goods.contains.map((part) => part.name).join(", ");
  return (
    <li ref={place} className={fresh ? "fresh" : undefined}>
      <p className="first">
        <b>{delivery.first_name}</b> <span>{delivery.dropoff.address.line1}</span>
        <Chip name={markOf(delivery.state)}>{shared(`state.${delivery.state}`)}</Chip>
      </p>
      <p className="dim">
        {[
          standing(delivery, words, f, now),
          carrier &&
            words(carrier.kind === "driver" ? "row.driver" : "row.company", {
              name: carrier.first_name,
              vehicle: vehicle(carrier.vehicle),
            }),
          goods,
          f.money(delivery.fee.total_minor, delivery.fee.currency),
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      <p className="links">
        <a href={delivery.tracking_url} target="_blank" rel="noreferrer">
          {words("row.track", { name: delivery.first_name })}
        </a>
        <Copy text={delivery.tracking_url} />
      </p>
    </li>
  );
}

/** When it comes, or came, in words. */
function standing(
  delivery: Delivery,
  words: ReturnType<typeof useWords>,
  f: ReturnType<typeof useFormat>,
  now: number,
): string {
  if (delivery.ended_at) return f.moment(delivery.ended_at, now);
  if (delivery.estimate) {
    return words("row.expected", {
      range: f.span(delivery.estimate.earliest, delivery.estimate.latest, now),
      due: f.moment(delivery.due_at, now),
    });
  }
  return words("row.by", { time: f.moment(delivery.due_at, now) });
}

function Copy({ text }: { text: string }) {
  const words = useWords();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), COPIED_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <Button
      kind="quiet"
      icon={copied ? <Icon name="check" size="s" /> : null}
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => setCopied(true),
          () => setCopied(false),
        );
      }}
    >
      {words(copied ? "row.copied" : "row.copy")}
    </Button>
  );
}
