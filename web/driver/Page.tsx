import { useEffect, useMemo, useRef, useState } from "react";
import { Refusal } from "../shared/api/client";
import { useFormat, useLang, useShared } from "../shared/i18n/react";
import { queries } from "../shared/start";
import { Button } from "../shared/ui/button";
import { Icon, Logo } from "../shared/ui/marks";
import type { IconName } from "../shared/ui/shapes";
import { PaceNote } from "./demo/Wheel";
import { SignIn } from "./door/SignIn";
import { Drive } from "./drive/Drive";
import { Earnings } from "./earnings/Earnings";
import { sendCalls } from "./help/calls";
import { Help } from "./help/Help";
import { Settings } from "./help/Settings";
import { OfferScreen } from "./offer/OfferScreen";
import { useOffers } from "./offer/useOffers";
import { go, hrefOf, useView, VIEWS, type View } from "./phone/address";
import { useAwake } from "./phone/awake";
import { useChoices } from "./phone/choices";
import { useCalled, useNoticesEnd } from "./phone/notices";
import { onTrip, send, useOutbox } from "./phone/outbox";
import { useFollowing } from "./phone/whereabouts";
import { hasSession, tripTold, useBase, useCurrent, useMe, usePace, useTimeZoneOf } from "./reads";
import { foresee } from "./trip/foresee";
import { Kept, TripScreen, Troubles } from "./trip/TripScreen";
import type { Me, Pace } from "./types";
import { useWords } from "./words";

/** The whole app. */
export function Page() {
  const [inside, setInside] = useState(hasSession);
  const [again, setAgain] = useState(false);
  if (!inside) {
    return (
      <SignIn
        again={again}
        onIn={() => {
          void queries.invalidateQueries();
          setInside(true);
          send();
        }}
      />
    );
  }
  return (
    <App
      onOut={(lost) => {
        queries.clear();
        setAgain(lost);
        setInside(false);
      }}
    />
  );
}

function App({ onOut }: { onOut: (lost: boolean) => void }) {
  const me = useMe();
  const { signedOut } = useOutbox();
  const words = useWords();
  const shared = useShared();
  const out = (me.error instanceof Refusal && me.error.status === 401) || signedOut;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the network says so
  useEffect(() => {
    if (out) onOut(true);
  }, [out]);
  if (me.data) return <Inside me={me.data} lineLost={me.isError} onOut={() => onOut(false)} />;
  return (
    <main className="signin">
      <Logo />
      <h1>{words("title")}</h1>
      <p role="status">{me.isError ? shared("refused.unreachable") : ""}</p>
      {me.isError && (
        <Button size="tall" onClick={() => void me.refetch()}>
          {shared("retry")}
        </Button>
      )}
    </main>
  );
}

function Inside({ me, lineLost, onOut }: { me: Me; lineLost: boolean; onOut: () => void }) {
  const words = useWords();
  const f = useFormat();
  const view = useView();
  const chosen = useChoices();
  const { setTimeZone } = useLang();
  const { data: zone } = useTimeZoneOf(me.market);
  useEffect(() => {
    if (zone?.timezone) setTimeZone(zone.timezone);
  }, [zone?.timezone, setTimeZone]);
  const { data: base } = useBase(me.market);
  const { data: pace } = usePace(me.demo);
  const current = useCurrent(true);
  const { waiting, lostSince } = useOutbox();
  useEffect(() => onTrip(tripTold), []);
  useEffect(() => void sendCalls(), []);
  const known = current.data?.trip ?? null;
  const trip = useMemo(() => known && foresee(known, waiting), [known, waiting]);
  const offers = useOffers(me.duty.on || trip !== null);
  const [looking, setLooking] = useCalled();
  const visiting = useVisiting(me, pace);
  useFollowing(me.duty.on || trip !== null, visiting);
  useAwake(chosen.awake && (me.duty.on || trip !== null));

  const some = offers.shown.length > 0;
  const had = useRef(false);
  useEffect(() => {
    if (had.current && !some) setLooking(false);
    had.current = some;
  }, [some, setLooking]);
  useNoticesEnd(some);
  const full = some && (trip === null || looking);
  const lost = offers.line.state === "lost" || lostSince !== null || lineLost;
  const since = offers.line.state === "lost" ? offers.line.since : lostSince;
  return (
    <div className="app">
      {pace && <PaceNote pace={pace} />}
      <div role="status" className="lineband">
        {lost && (
          <p>
            <Icon name="signal" size="s" />
            {since === null ? words("line.lost.now") : words("line.lost", { time: f.time(since) })}
          </p>
        )}
      </div>
      {full ? (
        <main>
          <h1 className="sr">{words("offer.title")}</h1>
          <OfferScreen
            offers={offers}
            base={base ?? null}
            {...(trip ? { onBack: () => setLooking(false) } : {})}
          />
        </main>
      ) : (
        <>
          {some && (
            <button type="button" className="asked" onClick={() => setLooking(true)}>
              <i />
              {words(offers.shown[0]?.offer.joins ? "offer.waits.joins" : "offer.waits", {
                n: offers.shown.length,
                total: f.money(offers.shown[0]?.offer.total_minor ?? 0, offers.shown[0]?.offer.currency),
              })}
            </button>
          )}
          {trip && offers.said === "no-join" && (
            <p className="asked" role="status">
              {words("said.no-join")}
            </p>
          )}
          <main>
            {view !== "drive" && (
              <div className="bands">
                <Kept />
                <Troubles />
              </div>
            )}
            {view === "drive" &&
              (trip ? (
                <TripScreen trip={trip} base={base ?? null} pace={pace ?? null} />
              ) : (
                <Drive me={me} base={base ?? null} offers={offers} pace={pace ?? null} />
              ))}
            {view === "earnings" && <Earnings />}
            {view === "help" && <Help />}
            {view === "settings" && <Settings me={me} onOut={onOut} />}
          </main>
          <Tabs view={view} />
        </>
      )}
    </div>
  );
}

/** Whether she is a visitor of a demo, whose car is not this phone; null until that is known. Once so, always so. */
function useVisiting(me: Me, pace: Pace | null | undefined): boolean | null {
  const visited = useRef(false);
  visited.current ||= Boolean(pace?.you?.as.includes("driver"));
  if (!me.demo) return false;
  return pace === undefined ? null : visited.current;
}

const ICONS: Record<View, IconName> = { drive: "nav", earnings: "money", help: "help", settings: "gear" };

function Tabs({ view }: { view: View }) {
  const words = useWords();
  return (
    <nav className="tabs" aria-label={words("tabs")}>
      {VIEWS.map((one) => (
        <a
          key={one}
          href={hrefOf(one)}
          aria-current={one === view ? "page" : undefined}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey) return;
            event.preventDefault();
            go(one);
          }}
        >
          <Icon name={ICONS[one]} />
          {words(`tab.${one}`)}
        </a>
      ))}
    </nav>
  );
}
