import { useId, useState } from "react";
import { useFormat } from "../../shared/i18n/react";
import { Button } from "../../shared/ui/button";
import { Dialog } from "../../shared/ui/dialog";
import { Icon } from "../../shared/ui/marks";
import { marketNow } from "../phone/clock";
import { useOfferOf } from "../reads";
import { useRefused } from "../refused";
import type { Carried, Stop, Trip } from "../types";
import { useWords } from "../words";
import { shrunk } from "./camera";
import { note, useDone } from "./progress";
import { provePicture, report, reportOf, useAct } from "./reporting";

const AT_THE_DOOR = ["nobody_home", "refused", "no_id", "wrong_address"] as const;
const ON_THE_WAY = ["goods_damaged", "goods_spoiled", "vehicle_broke_down", "unsafe"] as const;
type Why = (typeof AT_THE_DOOR)[number] | (typeof ON_THE_WAY)[number];
const CONTACTS = ["called", "written", "knocked", "rang"] as const;

type Props = { trip: Trip; stop: Stop; carried: Carried; onClose: () => void };

/** What to do when it cannot be handed over: reach her first, say why, take it back for pay, or leave it where allowed. */
export function CannotDeliver({ trip, stop, carried, onClose }: Props) {
  return stop.kind === "return" ? (
    <TryAgain trip={trip} carried={carried} onClose={onClose} />
  ) : (
    <Why_ trip={trip} stop={stop} carried={carried} onClose={onClose} />
  );
}

function Why_({ trip, stop, carried, onClose }: Props) {
  const words = useWords();
  const f = useFormat();
  const id = useId();
  const { contacts } = useDone(carried.id);
  const { data: offer } = useOfferOf(carried.offer);
  const [why, setWhy] = useState<Why | null>(null);
  const [more, setMore] = useState("");
  const { busy, wrong, act } = useAct();
  const refused = useRefused();
  const reached = stop.state === "reached";
  const name = carried.shopper_first_name;
  const phone = stop.address?.phone ?? "";
  const terms = offer?.drops.find((one) => one.delivery === carried.id);
  const leave = carried.return_policy === "leave" && why === "nobody_home";
  const noId = carried.proofs.includes("id_check");
  const reasons: Why[] = [
    ...(reached ? AT_THE_DOOR.filter((one) => one !== "no_id" || noId) : []),
    ...ON_THE_WAY,
  ];
  const needed = why === "nobody_home" && new Set(contacts.map((one) => one.how)).size < 2;
  const tried = (how: (typeof CONTACTS)[number]) => {
    note(carried.id, { contacts: [...contacts, { how, at: marketNow() }] });
    void reportOf(trip, "contact_tried", [carried.id], { reason: how });
  };
  const failed = () =>
    act("failed", async () => {
      const refused = await report(trip, "attempt_failed", [carried.id], {
        reason: why ?? "",
        note: more.trim(),
      });
      if (!refused) onClose();
      return refused;
    });
  const left = async (file: File) => {
    const small = await shrunk(file);
    note(carried.id, { leaving: true });
    await reportOf(trip, "attempt_failed", [carried.id], { reason: "nobody_home", note: more.trim() });
    void provePicture(trip, carried.id, "photo", small);
    await reportOf(trip, "handed_over", [carried.id], { note: "left at the door" });
    onClose();
  };
  return (
    <Dialog title={words("cannot.title", { name })} className="sheetlike" onClose={onClose}>
      <div className="stack cannot">
        {reached && (
          <section>
            <h3>{words("cannot.reach", { name })}</h3>
            <div className="four">
              {CONTACTS.map((how) =>
                how === "called" || how === "written" ? (
                  <a
                    key={how}
                    className="btn shop"
                    href={phone ? `${how === "called" ? "tel" : "sms"}:${phone}` : undefined}
                    onClick={() => tried(how)}
                  >
                    <Icon name={how === "called" ? "phone" : "msg"} />
                    {words(`contact.${how}`)}
                  </a>
                ) : (
                  <Button key={how} size="shop" onClick={() => tried(how)}>
                    {words(`contact.${how}`)}
                  </Button>
                ),
              )}
            </div>
            <ul className="tries" aria-label={words("cannot.tries")}>
              {contacts.map((one) => {
                const key = `contact.${one.how}.done`;
                return (
                  <li key={one.at}>{words.has(key) ? words(key, { time: f.time(one.at) }) : one.how}</li>
                );
              })}
            </ul>
          </section>
        )}
        <fieldset>
          <legend>{words("cannot.why")}</legend>
          {reasons.map((one) => (
            <label key={one} className="choice">
              <input type="radio" name={id} checked={why === one} onChange={() => setWhy(one)} />
              {words(`why.${one}`)}
            </label>
          ))}
        </fieldset>
        <label htmlFor={`${id}n`}>{words("cannot.note")}</label>
        <input id={`${id}n`} value={more} maxLength={500} onChange={(event) => setMore(event.target.value)} />
        {leave && !needed && <p className="note">{words("cannot.leave")}</p>}
        {leave && !needed && (
          <label className="btn tall door file" htmlFor={`${id}p`}>
            <Icon name="cam" />
            {words("cannot.leave.do")}
            <input
              id={`${id}p`}
              className="sr"
              type="file"
              accept="image/*"
              capture="environment"
              onChange={(event) => {
                const [file] = event.target.files ?? [];
                if (file) void left(file);
              }}
            />
          </label>
        )}
        <p className="dim">
          {terms
            ? words("cannot.then", {
                distance: f.distance(terms.return_m),
                pay: f.money(terms.return_pay_minor, offer?.currency),
              })
            : words("cannot.then.plain")}
        </p>
        <Button
          kind={leave && !needed ? "plain" : "door"}
          size="tall"
          busy={busy === "failed"}
          offBecause={why === null ? words("cannot.pick") : needed ? words("cannot.two", { name }) : null}
          onClick={() => void failed()}
        >
          {terms
            ? words("cannot.do", { pay: f.money(terms.return_pay_minor, offer?.currency) })
            : words("cannot.do.plain")}
        </Button>
        {wrong && (
          <p className="wrong" role="alert">
            {refused(wrong)}
          </p>
        )}
      </div>
    </Dialog>
  );
}

/** On the way back: she came to the door after all. */
function TryAgain({ trip, carried, onClose }: Omit<Props, "stop">) {
  const words = useWords();
  const { busy, act } = useAct();
  const fresh = carried.state === "attempt_failed";
  return (
    <Dialog
      title={words("again.title", { name: carried.shopper_first_name })}
      className="sheetlike"
      onClose={onClose}
    >
      <div className="stack">
        <p>{words(fresh ? "again.more" : "again.late")}</p>
        {fresh && (
          <Button
            kind="door"
            size="tall"
            busy={busy === "again"}
            onClick={() =>
              act("again", async () => {
                const refused = await report(trip, "depart_dropoff", [carried.id]);
                if (!refused) onClose();
                return refused;
              })
            }
          >
            {words("again.do")}
          </Button>
        )}
      </div>
    </Dialog>
  );
}
