import { useState } from "react";
import { Dialog } from "../../shared/ui/dialog";
import { useWords } from "../words";
import { Title, type Told } from "./Title";
import { text } from "./whole";

const PICTURES = new Set(["proof.photo", "proof.signature"]);

/** A proof that was taken; a photo or a signature is there to be looked at. */
export function Proof({ line, delivery }: { line: Told; delivery: string }) {
  const words = useWords();
  const key = `proof.${line.what.replace("proof.", "")}`;
  const what = words.has(key) ? words(key as never) : line.what;
  const said = text(line.facts, "text") || text(line.facts, "name");
  const id = text(line.facts, "proof");
  return (
    <>
      <Title note={line.facts.ok === false ? words("proof.failed") : said}>{what}</Title>
      {id && PICTURES.has(line.what) && (
        <Picture
          url={`/staff/v1/deliveries/${delivery}/proofs/${id}`}
          what={what}
          plain={line.what === "proof.signature"}
        />
      )}
    </>
  );
}

/** Small where it stands, whole on demand. A signature keeps its paper, also by night. */
function Picture({ url, what, plain }: { url: string; what: string; plain: boolean }) {
  const words = useWords();
  const [open, setOpen] = useState(false);
  const [gone, setGone] = useState(false);
  if (gone) return <p>{words("proof.gone")}</p>;
  return (
    <>
      <button
        type="button"
        className={plain ? "picture paper" : "picture"}
        aria-label={words("proof.show", { what })}
        onClick={() => setOpen(true)}
      >
        <img src={url} alt="" onError={() => setGone(true)} />
      </button>
      {open && (
        <Dialog title={what} onClose={() => setOpen(false)} className="looked-at">
          <img className={plain ? "paper" : ""} src={url} alt={what} />
        </Dialog>
      )}
    </>
  );
}
