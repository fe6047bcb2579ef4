import { useId, useState } from "react";
import { api, Refusal, told } from "../../shared/api/client";
import { useFormat } from "../../shared/i18n/react";
import { Button } from "../../shared/ui/button";
import { Dialog } from "../../shared/ui/dialog";
import { tripTold, useOfferOf } from "../reads";
import { useRefused } from "../refused";
import type { Carried, Trip } from "../types";
import { useWords } from "../words";

/** Before the goods are hers a driver may give a delivery back: somebody else is asked, its pay goes with it. */
export function GiveBack({
  trip,
  carried,
  onClose,
}: {
  trip: Trip;
  carried: Carried[];
  onClose: () => void;
}) {
  const words = useWords();
  const refused = useRefused();
  const id = useId();
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState("");
  const [wrong, setWrong] = useState("");
  const give = async (delivery: string) => {
    setBusy(delivery);
    setWrong("");
    try {
      tripTold(
        await told(
          api.POST("/driver/v1/trips/{trip_id}/deliveries/{delivery_id}/give-back", {
            params: { path: { trip_id: trip.id, delivery_id: delivery } },
            body: { reason: why.trim() },
          }),
        ),
      );
      if (carried.length === 1) onClose();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      setWrong(refused(error));
    } finally {
      setBusy("");
    }
  };
  return (
    <Dialog title={words("giveback.title")} className="sheetlike" onClose={onClose}>
      <div className="stack">
        <p>{words("giveback.more")}</p>
        <label htmlFor={id}>{words("giveback.why")}</label>
        <input id={id} value={why} maxLength={500} onChange={(event) => setWhy(event.target.value)} />
        {carried.map((one) => (
          <Give key={one.id} carried={one} busy={busy === one.id} onGive={() => void give(one.id)} />
        ))}
        {wrong && (
          <p className="wrong" role="alert">
            {wrong}
          </p>
        )}
      </div>
    </Dialog>
  );
}

/** One delivery to give back, with what it pays. */
function Give({ carried, busy, onGive }: { carried: Carried; busy: boolean; onGive: () => void }) {
  const words = useWords();
  const f = useFormat();
  const { data: offer } = useOfferOf(carried.offer);
  const part = offer?.drops.find((drop) => drop.delivery === carried.id);
  const pay = part ? part.base_minor + part.incentive_minor + part.tip_minor : null;
  return (
    <Button size="tall" busy={busy} onClick={onGive}>
      {pay === null
        ? words("giveback.do.plain", { name: carried.shopper_first_name })
        : words("giveback.do", { name: carried.shopper_first_name, pay: f.money(pay, offer?.currency) })}
    </Button>
  );
}
