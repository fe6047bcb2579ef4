import { type ReactNode, useId, useState } from "react";
import { useFormat } from "../../shared/i18n/react";
import { Button } from "../../shared/ui/button";
import { Dialog } from "../../shared/ui/dialog";
import { Icon, Mark } from "../../shared/ui/marks";
import type { IconName } from "../../shared/ui/shapes";
import { type Fix, isAt, metresBetween } from "../phone/whereabouts";
import { useRefused } from "../refused";
import type { Carried, ProofKind, Stop, Trip } from "../types";
import { useWords } from "../words";
import { shrunk } from "./camera";
import { Labels } from "./Labels";
import { PaperCheck } from "./PaperCheck";
import { Pin } from "./Pin";
import { type Done, note, useDone } from "./progress";
import { provePaper, provePicture, provePin, report, useAct } from "./reporting";
import { Signature } from "./Signature";

type Step = {
  key: string;
  icon: IconName;
  title: string;
  hint: string;
  done: string | null;
  body: () => ReactNode;
};
type Props = { trip: Trip; stop: Stop; carried: Carried[]; fix: Fix | null };

const ORDER: ProofKind[] = ["pin", "id_check", "signature", "photo"];
const ARRIVE = { pickup: "arrive_pickup", drop: "arrive_dropoff", return: "arrive_return" } as const;

/** The steps of a stop in order: what is done, the one to do now, what comes then. */
export function Steps(props: Props) {
  const steps = useSteps(props);
  const now = steps.findIndex((step) => step.done === null);
  return (
    <ol className="steps">
      {steps.map((step, number) =>
        step.done !== null ? (
          <li key={step.key}>
            <Mark name="done" />
            <span>{step.title}</span>
            <small>{step.done}</small>
          </li>
        ) : number === now ? (
          <li key={step.key} className="now" aria-current="step">
            <div className="line">
              <Icon name={step.icon} />
              <span>{step.title}</span>
              <small>{step.hint}</small>
            </div>
            {step.body()}
          </li>
        ) : (
          <li key={step.key} className="later">
            <Icon name={step.icon} />
            <span>{step.title}</span>
            <small>{step.hint}</small>
          </li>
        ),
      )}
    </ol>
  );
}

function useSteps({ trip, stop, carried, fix }: Props): Step[] {
  const words = useWords();
  const f = useFormat();
  const here = useDone(`${trip.id} ${stop.position}`);
  const first = carried[0];
  const proven = useDone(first?.id ?? "");
  const { busy, wrong, act } = useAct();
  const refused = useRefused();
  const [notGood, setNotGood] = useState(false);
  const said = wrong && (
    <p className="wrong" role="alert">
      {refused(wrong)}
    </p>
  );

  const arrive: Step = {
    key: "arrive",
    icon: "nav",
    title: words(stop.reached_at ? "step.arrived" : "step.arrive"),
    hint: fix && stop.address ? f.distance(metresBetween(fix, stop.address.point)) : "",
    done: stop.reached_at
      ? words(here.arrived === "location" ? "step.arrived.location" : "step.arrived.said", {
          time: f.time(stop.reached_at),
        })
      : null,
    body: () => <Arrive trip={trip} stop={stop} fix={fix} />,
  };
  if (stop.kind === "pickup") return [arrive, ...atShop()];
  if (stop.kind === "return") return [arrive, takenBack()];
  return [arrive, ...proofs(), handOver()];

  function atShop(): Step[] {
    const wanted = carried.reduce((sum, one) => sum + one.items, 0);
    return [
      {
        key: "collect",
        icon: "bag",
        title: words("step.collect", { n: carried.length }),
        hint: "",
        done: null,
        body: () => (
          <div className="stack">
            <ul className="orders">
              {carried.map((one) => (
                <li key={one.id}>
                  <b>{words("order.for", { name: one.shopper_first_name })}</b>
                  <span className="code">{one.order}</span>
                  <span className="dim">
                    {words("order.holds", { n: one.items, weight: f.weight(one.weight_g) })}
                  </span>
                </li>
              ))}
            </ul>
            <details className="scan" open={here.scans.length > 0 || undefined}>
              <summary>
                <Icon name="scan" />
                {words("step.labels")}
                <small>{words("labels.count", { n: here.scans.length, wanted })}</small>
              </summary>
              <Labels
                scans={here.scans}
                wanted={wanted}
                onScan={(text) => note(`${trip.id} ${stop.position}`, { scans: [...here.scans, text] })}
              />
            </details>
            <Button
              kind="door"
              size="tall"
              busy={busy === "collect"}
              onClick={() =>
                act("collect", () => report(trip, "picked_up", stop.deliveries, { scans: here.scans }))
              }
            >
              {words("collect.all", { n: carried.length })}
            </Button>
            {said}
          </div>
        ),
      },
    ];
  }

  function takenBack(): Step {
    return {
      key: "back",
      icon: "undo",
      title: words("step.back", { n: carried.length }),
      hint: "",
      done: null,
      body: () => (
        <TakenBack
          busy={busy === "back"}
          onBack={(who) => act("back", () => report(trip, "returned", stop.deliveries, { note: who }))}
        >
          {said}
        </TakenBack>
      ),
    };
  }

  function proofs(): Step[] {
    if (!first) return [];
    return ORDER.filter((kind) => first.proofs.includes(kind)).map((kind) => ({
      ...LOOKS[kind],
      key: kind,
      title: words(`proof.${kind}`),
      hint:
        kind === "pin" && proven.triesLeft !== null
          ? words("pin.left", { n: proven.triesLeft })
          : words(`proof.${kind}.hint`),
      done: proofDone(proven, kind),
      body: () => proofBody(first, kind),
    }));
  }

  function proofDone(done: Done, kind: ProofKind): string | null {
    const how = done.proofs[kind];
    return how ? words(how === "kept" && kind === "pin" ? "proof.later" : `proof.${kind}.done`) : null;
  }

  function proofBody(one: Carried, kind: ProofKind): ReactNode {
    switch (kind) {
      case "pin":
        return (
          <>
            <Pin
              busy={busy === "pin"}
              wrong={proven.triesLeft !== null}
              onPin={(pin) =>
                act("pin", async () => {
                  const told = await provePin(trip, one.id, pin);
                  return told === "wrong" ? null : told;
                })
              }
            />
            {proven.triesLeft !== null && (
              <p className="wrong" role="alert">
                {words("pin.wrong", { n: proven.triesLeft })}
              </p>
            )}
            {said}
          </>
        );
      case "id_check":
        return (
          <>
            <PaperCheck
              age={one.requirements.includes("age_18") ? 18 : 21}
              busy={busy === "paper"}
              onSeen={(paper) =>
                act("paper", async () => {
                  setNotGood(!(await provePaper(trip, one.id, paper)));
                  return null;
                })
              }
            />
            {notGood && (
              <p className="wrong" role="alert">
                {words("paper.bad")}
              </p>
            )}
          </>
        );
      case "signature":
        return (
          <Signature
            onDone={(content, signer) => void provePicture(trip, one.id, "signature", content, signer)}
          />
        );
      default:
        return <Photo onPhoto={async (file) => provePicture(trip, one.id, "photo", await shrunk(file))} />;
    }
  }

  function handOver(): Step {
    const left = first?.requirements.includes("contactless") ?? false;
    return {
      key: "hand",
      icon: "home",
      title: words(left ? "step.leave" : "step.hand"),
      hint: first ? words("order.holds", { n: first.items, weight: f.weight(first.weight_g) }) : "",
      done: null,
      body: () => (
        <div className="stack">
          <Button
            kind="door"
            size="tall"
            busy={busy === "hand"}
            onClick={() => act("hand", () => report(trip, "handed_over", stop.deliveries))}
          >
            {words(left ? "hand.left" : "hand.given", { name: first?.shopper_first_name ?? "" })}
          </Button>
          {said}
        </div>
      ),
    };
  }
}

const LOOKS: Record<ProofKind, { icon: IconName }> = {
  pin: { icon: "pin" },
  id_check: { icon: "shield" },
  signature: { icon: "note" },
  photo: { icon: "cam" },
  scan: { icon: "scan" },
};

const WHY_HERE = ["pin_wrong", "parked_near", "no_position", "gate"] as const;

/** Being there: the phone says it by itself; where it cannot, the driver does, with a reason. */
function Arrive({ trip, stop, fix }: { trip: Trip; stop: Stop; fix: Fix | null }) {
  const words = useWords();
  const [asking, setAsking] = useState(false);
  const { busy, act } = useAct();
  const there = stop.address ? isAt(fix, stop.address.point) : null;
  const arrived = (how: "location" | "reason", reason = "") =>
    act("arrive", () => {
      note(`${trip.id} ${stop.position}`, { arrived: how });
      return report(trip, ARRIVE[stop.kind], stop.deliveries, reason ? { reason } : { note: "by location" });
    });
  return (
    <div className="stack">
      <p className="dim">
        {words(there === null ? "arrive.unknown" : there ? "arrive.there" : "arrive.far")}
      </p>
      <Button
        kind={there ? "door" : "plain"}
        size="tall"
        busy={busy === "arrive"}
        onClick={() => (there ? arrived("location") : setAsking(true))}
      >
        {words(there ? "arrive.here" : "arrive.anyway")}
      </Button>
      {asking && (
        <Dialog title={words("arrive.why")} className="sheetlike" onClose={() => setAsking(false)}>
          <div className="stack">
            {WHY_HERE.map((why) => (
              <Button
                key={why}
                size="tall"
                onClick={() => {
                  setAsking(false);
                  void arrived("reason", why);
                }}
              >
                {words(`arrive.${why}`)}
              </Button>
            ))}
          </div>
        </Dialog>
      )}
    </div>
  );
}

function Photo({ onPhoto }: { onPhoto: (file: File) => Promise<void> }) {
  const words = useWords();
  const id = useId();
  const [failed, setFailed] = useState(false);
  return (
    <div className="stack">
      <label className="btn tall door file" htmlFor={id}>
        <Icon name="cam" />
        {words("photo.take")}
        <input
          id={id}
          className="sr"
          type="file"
          accept="image/*"
          capture="environment"
          onChange={(event) => {
            const [file] = event.target.files ?? [];
            event.target.value = "";
            setFailed(false);
            if (file) onPhoto(file).catch(() => setFailed(true));
          }}
        />
      </label>
      {failed && (
        <p className="wrong" role="alert">
          {words("photo.failed")}
        </p>
      )}
    </div>
  );
}

function TakenBack({
  busy,
  onBack,
  children,
}: {
  busy: boolean;
  onBack: (who: string) => void;
  children: ReactNode;
}) {
  const words = useWords();
  const id = useId();
  const [who, setWho] = useState("");
  return (
    <div className="stack">
      <label htmlFor={id}>{words("back.who")}</label>
      <input
        id={id}
        value={who}
        maxLength={120}
        autoComplete="off"
        onChange={(event) => setWho(event.target.value)}
      />
      <Button kind="door" size="tall" busy={busy} onClick={() => onBack(who.trim())}>
        {words("back.taken")}
      </Button>
      {children}
    </div>
  );
}
