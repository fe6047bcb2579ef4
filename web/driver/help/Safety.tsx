import { useEffect, useRef, useState } from "react";
import { api, freshKey, Refusal, told } from "../../shared/api/client";
import { Button } from "../../shared/ui/button";
import { Dialog } from "../../shared/ui/dialog";
import { Icon } from "../../shared/ui/marks";
import { whereabouts } from "../phone/whereabouts";
import { useWords } from "../words";

const AGAIN_MS = 2_500;
type Kind = "call_me" | "not_safe" | "all_well";

/** The safety button: the emergency number first, then our own people. Nothing about her work follows from it. */
export function SafetyButton({ wide = false }: { wide?: boolean }) {
  const words = useWords();
  const [open, setOpen] = useState(false);
  return (
    <>
      {wide ? (
        <Button size="tall" className="wide" icon={<Icon name="shield" />} onClick={() => setOpen(true)}>
          {words("safety")}
        </Button>
      ) : (
        <button type="button" className="rnd safe" aria-label={words("safety")} onClick={() => setOpen(true)}>
          <Icon name="shield" />
        </button>
      )}
      {open && <Safety onClose={() => setOpen(false)} />}
    </>
  );
}

function Safety({ onClose }: { onClose: () => void }) {
  const words = useWords();
  const [said, setSaid] = useState<{ kind: Kind; state: "sending" | "waiting" | "heard" } | null>(null);
  const over = useRef(false);
  useEffect(() => {
    over.current = false;
    return () => {
      over.current = true;
    };
  }, []);
  const say = (kind: Kind) => {
    const { fix } = whereabouts();
    const body = {
      report_id: freshKey(),
      kind,
      note: "",
      point: fix && { lat: fix.lat, lng: fix.lng },
    };
    const send = async (): Promise<void> => {
      try {
        await told(api.POST("/driver/v1/safety", { body }));
        setSaid({ kind, state: "heard" });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        setSaid({ kind, state: "waiting" });
        if (!over.current) setTimeout(() => void send(), AGAIN_MS);
      }
    };
    setSaid({ kind, state: "sending" });
    void send();
  };
  return (
    <Dialog title={words("safety.title")} className="sheetlike" onClose={onClose}>
      <div className="stack">
        <a className="btn tall door" href="tel:911">
          <Icon name="phone" />
          {words("safety.911")}
        </a>
        <Button size="tall" busy={said?.state === "sending"} onClick={() => say("not_safe")}>
          {words("safety.not_safe")}
        </Button>
        <Button size="tall" onClick={() => say("call_me")}>
          {words("safety.call_me")}
        </Button>
        {said && said.kind !== "all_well" && (
          <Button size="tall" onClick={() => say("all_well")}>
            {words("safety.all_well")}
          </Button>
        )}
        <p role="status">
          {said?.state === "heard"
            ? words(`safety.heard.${said.kind}`)
            : said?.state === "waiting"
              ? words("safety.waiting")
              : words("safety.more")}
        </p>
      </div>
    </Dialog>
  );
}
