import { type PointerEvent, useEffect, useId, useRef, useState } from "react";
import { Button } from "../../shared/ui/button";
import { useWords } from "../words";

/** Drawn with a finger, or by name for who cannot draw. Dark on white, whatever the theme: it is a paper. */
export function Signature({ onDone }: { onDone: (content: Blob, signer: string) => void }) {
  const words = useWords();
  const id = useId();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drawn, setDrawn] = useState(false);
  const [signer, setSigner] = useState("");
  const last = useRef<{ x: number; y: number } | null>(null);

  const clear = () => {
    const place = canvas.current;
    const context = place?.getContext("2d");
    if (!place || !context) return;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, place.width, place.height);
    context.strokeStyle = "#1b1533";
    context.fillStyle = "#1b1533";
    context.lineWidth = 5;
    context.lineCap = context.lineJoin = "round";
    setDrawn(false);
  };
  useEffect(clear, []);

  const where = (event: PointerEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) / box.width) * event.currentTarget.width,
      y: ((event.clientY - box.top) / box.height) * event.currentTarget.height,
    };
  };
  const done = () => {
    const place = canvas.current;
    const context = place?.getContext("2d");
    if (!place || !context) return;
    if (!drawn) {
      context.font = "italic 64px serif";
      context.fillText(signer, 40, place.height / 2 + 20, place.width - 80);
    }
    place.toBlob((content) => content && onDone(content, signer.trim()), "image/png");
  };
  return (
    <div className="signature">
      <canvas
        ref={canvas}
        width={800}
        height={320}
        aria-label={words("signature.place")}
        role="img"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          last.current = where(event);
        }}
        onPointerMove={(event) => {
          const from = last.current;
          const context = event.currentTarget.getContext("2d");
          if (!from || !context) return;
          const to = where(event);
          context.beginPath();
          context.moveTo(from.x, from.y);
          context.lineTo(to.x, to.y);
          context.stroke();
          last.current = to;
          setDrawn(true);
        }}
        onPointerUp={() => {
          last.current = null;
        }}
      />
      <label htmlFor={id}>{words("signature.name")}</label>
      <input
        id={id}
        value={signer}
        maxLength={120}
        autoComplete="off"
        onChange={(event) => setSigner(event.target.value)}
      />
      <div className="two">
        <Button size="tall" onClick={clear}>
          {words("signature.again")}
        </Button>
        <Button
          kind="door"
          size="tall"
          onClick={done}
          offBecause={drawn || signer.trim() ? null : words("signature.empty")}
          reasonBelow={false}
        >
          {words("signature.done")}
        </Button>
      </div>
    </div>
  );
}
