import { useMutation } from "@tanstack/react-query";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { api, freshKey, Refusal, told } from "../../shared/api/client";
import { useFormat } from "../../shared/i18n/react";
import { Button } from "../../shared/ui/button";
import { Mark } from "../../shared/ui/marks";
import { useMarketNow, useQuote } from "../reads";
import type { Delivery, Quote, Store } from "../types";
import { useWords } from "../words";
import { DoorChoice } from "./DoorChoice";
import { GoodsChoice } from "./GoodsChoice";
import { HandOver } from "./HandOver";
import { bookingOf, doorsOf, type Goods, goodsOf, missing, NO_DOOR, type Order, quoteOf } from "./order";
import { Price, reasonOf } from "./Price";
import { WhenChoice } from "./WhenChoice";

const NO_GOODS: Goods = { name: "", items: 1, cartMinor: 2_000, weightG: 0 };

type Props = {
  stores: readonly Store[];
  store: Store | undefined;
  onStore: (id: string) => void;
  /** Deliveries of late, which doors and goods are taken from; undefined while they are read. */
  lately: readonly Delivery[] | undefined;
  onBooked: (delivery: Delivery) => void;
};

/** A booking that stands ready: whoever came lately is filled in, the price is asked by itself. */
export function Booking({ stores, store, onStore, lately, onBooked }: Props) {
  const words = useWords();
  const f = useFormat();
  const now = useMarketNow();
  const id = useId();
  // What was lately is looked at once: choices do not move under somebody's finger.
  const known = useRef<{ doors: ReturnType<typeof doorsOf>; goods: Goods[] } | null>(null);
  if (known.current === null && lately !== undefined) {
    known.current = { doors: doorsOf(lately), goods: goodsOf(lately) };
  }
  const doors = known.current?.doors ?? [];
  const goods = known.current?.goods ?? [];
  const [order, setOrder] = useState<Omit<Order, "store">>({
    door: NO_DOOR,
    goods: NO_GOODS,
    window: null,
    proofs: ["photo"],
    tipMinor: 300,
  });
  const change = (part: Partial<Omit<Order, "store">>) => setOrder((before) => ({ ...before, ...part }));
  const ready = lately !== undefined;
  useEffect(() => {
    if (!ready) return;
    const first = known.current;
    setOrder((before) => ({
      ...before,
      door: first?.doors[0] ?? before.door,
      goods: first?.goods[0] ?? before.goods,
    }));
  }, [ready]);

  const whole: Order = { ...order, store: store?.id ?? "" };
  const asked = useSettled(JSON.stringify(ready ? quoteOf(whole) : null));
  const quote = useQuote(useMemo(() => JSON.parse(asked), [asked]));
  const open = missing(whole);
  const key = useRef(freshKey());

  const book = useMutation({
    mutationFn: async (): Promise<Delivery> => {
      const send = (priced: Quote) =>
        told(
          api.POST("/v1/deliveries", {
            body: bookingOf(whole, priced.id),
            params: { header: { "idempotency-key": key.current } },
          }),
        );
      if (!quote.data) throw new Error("there is no price yet");
      try {
        return await send(quote.data);
      } catch (error) {
        if (!(error instanceof Refusal) || !STALE.has(error.code)) throw error;
        // The price has run out while she looked at it. The same price is booked, another one is shown first.
        const again = await quote.refetch({ throwOnError: true });
        if (!again.data || again.data.price.total_minor !== quote.data.price.total_minor) throw error;
        return send(again.data);
      }
    },
    onSuccess: (delivery) => {
      key.current = freshKey();
      void quote.refetch();
      onBooked(delivery);
    },
  });

  const off = open.length
    ? words(`book.missing.${open[0] ?? "address"}`)
    : quote.isError
      ? words("book.no_price")
      : null;
  const total = quote.data?.price.total_minor;
  return (
    <section className="booking" aria-labelledby={`${id}h`}>
      <h2 id={`${id}h`}>{words("book.title")}</h2>
      {stores.length > 1 && (
        <p className="row">
          <label htmlFor={`${id}s`}>{words("book.store")}</label>
          <select id={`${id}s`} value={whole.store} onChange={(event) => onStore(event.target.value)}>
            {stores.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </p>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!off && quote.data && !book.isPending) book.mutate();
        }}
      >
        <DoorChoice known={doors} door={order.door} onDoor={(door) => change({ door })} />
        <GoodsChoice known={goods} goods={order.goods} onGoods={(chosen) => change({ goods: chosen })} />
        <WhenChoice
          store={whole.store}
          postcode={order.door.postcode}
          window={order.window}
          onWindow={(window) => change({ window })}
        />
        <HandOver
          proofs={order.proofs}
          tipMinor={order.tipMinor}
          onProofs={(proofs) => change({ proofs })}
          onTip={(tipMinor) => change({ tipMinor })}
        />
        <Price quote={quote} tipMinor={order.tipMinor} />
        {book.isError && (
          <p className="band e" role="alert">
            <Mark name="late" />
            {reasonOf(book.error, words)}
          </p>
        )}
        <Button
          kind="door"
          size="shop"
          type="submit"
          busy={book.isPending || quote.isFetching}
          offBecause={off}
        >
          {total === undefined
            ? words("book.act")
            : words("book.act.price", { sum: f.money(total + order.tipMinor, quote.data?.price.currency) })}
        </Button>
        <p className="said" role="status">
          {book.data
            ? words("book.done", { name: book.data.first_name, time: f.moment(book.data.due_at, now) })
            : ""}
        </p>
      </form>
    </section>
  );
}

/** Refusals that a fresh quote mends. */
const STALE = new Set(["quote_expired", "quote_used"]);

/** A text once it has not changed for a moment: a price is not asked for at every letter. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), 350);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
