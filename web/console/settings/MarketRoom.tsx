import { useQuery } from "@tanstack/react-query";
import { api, type StaffTold, told } from "../../shared/api/client";
import type { Market } from "../market/market";
import { NewMarket } from "../markets/NewMarket";
import { useWords } from "../words";
import { Changeable } from "./Change";
import { Couriers } from "./Couriers";
import { History } from "./History";
import { Knobs } from "./Knobs";
import { Levels } from "./Levels";
import { Pay } from "./Pay";
import { Stage } from "./Stage";
import { Tariffs } from "./Tariffs";
import { Zones } from "./Zones";

/** How a market runs: stage, service levels, tariffs, pay, dispatch, courier companies, zones at rest, and who changed what. */
export function MarketRoom({ market, me }: { market: Market; me: StaffTold }) {
  const words = useWords();
  const owner = me.role === "owner";
  const fresh = useQuery({
    queryKey: ["markets", market.id],
    queryFn: () =>
      told(api.GET("/staff/v1/markets/{market_id}", { params: { path: { market_id: market.id } } })),
    initialData: market,
  });
  const now = fresh.data;
  return (
    <>
      <header className="room-head">
        <h2>{words("market.room", { name: market.name })}</h2>
        {!owner && <p className="r dim">{words("market.readonly")}</p>}
      </header>
      <div className="sheet settings">
        <div className="column">
          <Stage market={now} owner={owner} />
          <Zones market={now} />
          <Levels market={now} owner={owner} />
          <Tariffs market={now} owner={owner} />
          <Pay market={now} owner={owner} />
          <Couriers market={now} owner={owner} />
          <Knobs market={now} owner={owner} />
          {owner && (
            <section>
              <h3>{words("new.another")}</h3>
              <p className="dim">{words("new.another.lead")}</p>
              <Changeable label={words("new.go")}>{() => <NewMarket />}</Changeable>
            </section>
          )}
        </div>
        <History market={now} owner={owner} />
      </div>
    </>
  );
}
