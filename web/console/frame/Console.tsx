import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api, type StaffTold, told } from "../../shared/api/client";
import { useLang, useShared } from "../../shared/i18n/react";
import { type Frame, useStream } from "../../shared/stream";
import { Acting } from "../acts/Acting";
import { useAddress } from "../address";
import { Board } from "../board/Board";
import { Queue } from "../exceptions/Queue";
import { Keys } from "../keys/Keys";
import { LiveMap } from "../map/LiveMap";
import { useClock } from "../market/clock";
import { Here, LiveMarket } from "../market/live";
import type { Market } from "../market/market";
import { FirstMarket } from "../markets/FirstMarket";
import { Safety } from "../safety/Safety";
import { useWords } from "../words";
import { Head } from "./Head";
import { OpenDrawer } from "./OpenDrawer";
import { Rail } from "./Rail";

const BoardRoom = lazy(() => import("../board/BoardRoom").then((all) => ({ default: all.BoardRoom })));
const TableRoom = lazy(() => import("../table/TableRoom").then((all) => ({ default: all.TableRoom })));
const MoneyRoom = lazy(() => import("../money/MoneyRoom").then((all) => ({ default: all.MoneyRoom })));
const AuditRoom = lazy(() => import("../audit/AuditRoom").then((all) => ({ default: all.AuditRoom })));
const AccountRoom = lazy(() =>
  import("../account/AccountRoom").then((all) => ({ default: all.AccountRoom })),
);
const MarketRoom = lazy(() => import("../settings/MarketRoom").then((all) => ({ default: all.MarketRoom })));

/** What somebody who is signed in sees: the frame, and in it the room that the address names. */
export function Console({ me }: { me: StaffTold }) {
  const words = useWords();
  const shared = useShared();
  const { market: slug } = useAddress();
  const markets = useQuery({
    queryKey: ["markets"],
    queryFn: () => told(api.GET("/staff/v1/markets")),
    staleTime: 60_000,
  });
  const market = markets.data?.find((one) => one.slug === slug) ?? markets.data?.[0];
  if (markets.data?.length === 0) return <FirstMarket me={me} />;
  if (!market) {
    return (
      <main className="signin">
        <h1>{words("title")}</h1>
        {markets.isError && <p role="alert">{shared("refused.unreachable")}</p>}
      </main>
    );
  }
  return <InMarket key={market.id} me={me} market={market} markets={markets.data ?? []} />;
}

function InMarket({ me, market, markets }: { me: StaffTold; market: Market; markets: Market[] }) {
  const words = useWords();
  const { room, open } = useAddress();
  const { setTimeZone } = useLang();
  const queries = useQueryClient();
  const live = useMemo(() => {
    const made = new LiveMarket();
    for (const frame of window.doorstepFrames ?? []) made.take(frame);
    return made;
  }, []);
  useEffect(() => setTimeZone(market.timezone), [market.timezone, setTimeZone]);
  useEffect(() => {
    document.title = words("title.market", { name: market.name });
  }, [words, market.name]);
  useClock();

  const take = useCallback(
    (frame: Frame) => {
      const began = performance.now();
      live.take(frame);
      window.doorstepTiming?.("frame", performance.now() - began);
      if (frame.event === "changed") void queries.invalidateQueries({ queryKey: ["whole"] });
    },
    [live, queries],
  );
  useEffect(() => {
    window.doorstepTake = take;
  }, [take]);
  const line = useStream(`/staff/v1/markets/${market.id}/stream`, take);
  useEffect(() => {
    if (line.state === "ended") void queries.invalidateQueries({ queryKey: ["session"] });
    if (line.state === "live") void queries.invalidateQueries({ queryKey: ["exceptions"] });
  }, [line.state, queries]);

  const concerns = useQuery({
    queryKey: ["exceptions", market.id],
    queryFn: () =>
      told(
        api.GET("/staff/v1/markets/{market_id}/exceptions", { params: { path: { market_id: market.id } } }),
      ),
    refetchInterval: 4_000,
  });
  useEffect(() => {
    if (concerns.data) live.takeConcerns(concerns.data.items);
  }, [concerns.data, live]);

  const away = line.state !== "live";
  const lostSince = useRef(0);
  const [cut, setCut] = useState(false);
  useEffect(() => {
    if (!away) {
      setCut(false);
      return;
    }
    lostSince.current = Date.now();
    const timer = setTimeout(() => setCut(true), 3_000); // a stream ends now and then and is back at once
    return () => clearTimeout(timer);
  }, [away]);

  return (
    <Here.Provider value={live}>
      <Acting market={market} role={me.role} cut={cut}>
        <div className={`app in-${room}${open ? " opened" : ""}`}>
          <Rail me={me} />
          <Head market={market} markets={markets} line={line} cut={cut} />
          <Safety marketId={market.id} />
          {room === "live" && (
            <>
              <Queue queue={concerns} cut={cut} currency={market.currency} />
              <LiveMap marketId={market.id} name={market.name} />
              <Board marketId={market.id} />
            </>
          )}
          {room !== "live" && (
            <main className="room" key={room}>
              <Suspense fallback={<div className="sk" />}>
                {room === "board" && <BoardRoom marketId={market.id} />}
                {room === "table" && <TableRoom marketId={market.id} />}
                {room === "money" && <MoneyRoom market={market} />}
                {room === "market" && <MarketRoom market={market} me={me} />}
                {room === "audit" && <AuditRoom market={market} me={me} />}
                {room === "account" && <AccountRoom me={me} />}
              </Suspense>
            </main>
          )}
          <OpenDrawer market={market} />
        </div>
        <Keys />
      </Acting>
    </Here.Provider>
  );
}

declare global {
  interface Window {
    /** For who measures: frames taken before the stream's, and a way to give more. */
    doorstepFrames?: Frame[];
    doorstepTake?: (frame: Frame) => void;
  }
}
