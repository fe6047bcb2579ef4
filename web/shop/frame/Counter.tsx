import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { api, told } from "../../shared/api/client";
import { useLang, useShared } from "../../shared/i18n/react";
import { Button } from "../../shared/ui/button";
import { Logo, Mark } from "../../shared/ui/marks";
import { Preferences } from "../../shared/ui/preferences";
import { Booking } from "../booking/Booking";
import { Deliveries } from "../deliveries/Deliveries";
import { useDeliveries, usePace, useStores } from "../reads";
import type { Delivery, Session, Store } from "../types";
import { useWords } from "../words";
import { PaceBar } from "./PaceBar";

/** The counter of a signed-in shop: a booking on the left, what became of the others on the right. */
export function Counter({ me }: { me: Session }) {
  const words = useWords();
  const shared = useShared();
  const queries = useQueryClient();
  const { setTimeZone } = useLang();
  const stores = useStores();
  const deliveries = useDeliveries();
  const pace = usePace();
  const [chosen, setChosen] = useState("");
  const [booked, setBooked] = useState<string | null>(null);

  const store = stores.data?.find((one) => one.id === chosen) ?? stores.data?.[0];
  useEffect(() => {
    if (store) setTimeZone(store.timezone);
  }, [store, setTimeZone]);

  const shop = useMemo(() => shopName(stores.data ?? []), [stores.data]);
  const mayBook = me.scopes.includes("deliveries:write") && me.scopes.includes("quotes");
  const signOut = async () => {
    queries.setQueryData(["session"], null); // the counter goes; what it had read goes with it
    await told(api.DELETE("/v1/session")).catch(() => undefined);
    queries.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
  };

  return (
    <>
      <header className="head">
        <Logo />
        <div>
          <h1>{shop || words("title")}</h1>
          <p className="dim">{me.name ? words("head.who", { name: me.name }) : words("title")}</p>
        </div>
        <div className="more">
          <Preferences />
          {pace.data?.you ? null : (
            <Button kind="quiet" onClick={() => void signOut()}>
              {words("head.out")}
            </Button>
          )}
        </div>
      </header>
      {pace.data ? <PaceBar pace={pace.data} /> : null}
      <main className="counter">
        {stores.isError && (
          <p className="band e" role="alert">
            <Mark name="late" />
            {shared("refused.unreachable")}
          </p>
        )}
        {mayBook ? (
          <Booking
            stores={stores.data ?? []}
            store={store}
            onStore={setChosen}
            lately={deliveries.data}
            onBooked={(delivery) => {
              setBooked(delivery.id);
              queries.setQueryData<Delivery[]>(["deliveries"], (before = []) => [delivery, ...before]);
              void queries.invalidateQueries({ queryKey: ["deliveries"] });
            }}
          />
        ) : (
          <section className="booking">
            <h2>{words("book.title")}</h2>
            <p className="dim">{words("book.not_allowed")}</p>
          </section>
        )}
        <Deliveries read={deliveries} fresh={booked} />
      </main>
    </>
  );
}

/** What all store names begin with, up to the comma: the shop's own name. */
function shopName(stores: readonly Store[]): string {
  const names = new Set(stores.map((store) => store.name.split(",")[0]?.trim() ?? ""));
  return names.size === 1 ? ([...names][0] ?? "") : "";
}
