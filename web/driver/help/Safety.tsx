import { useEffect, useState } from "react";
import { Button } from "../../shared/ui/button";
import { Dialog } from "../../shared/ui/dialog";
import { Icon } from "../../shared/ui/marks";
import { useWords } from "../words";
import { call, closed, useSaid } from "./calls";

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
  const said = useSaid();
  useEffect(() => closed, []);
  return (
    <Dialog title={words("safety.title")} className="sheetlike" onClose={onClose}>
      <div className="stack">
        <a className="btn tall door" href="tel:911">
          <Icon name="phone" />
          {words("safety.911")}
        </a>
        <Button size="tall" busy={said?.state === "sending"} onClick={() => call("not_safe")}>
          {words("safety.not_safe")}
        </Button>
        <Button size="tall" onClick={() => call("call_me")}>
          {words("safety.call_me")}
        </Button>
        {said && said.kind !== "all_well" && (
          <Button size="tall" onClick={() => call("all_well")}>
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
