import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { Button } from "../../shared/ui/button";
import { Icon } from "../../shared/ui/marks";
import { useWords } from "../words";
import { labelReader } from "./camera";

/** Reads labels: by the camera, from a picture, or typed. Three ways, because labels tear and cameras fail. */
export function Labels({
  scans,
  wanted,
  onScan,
}: {
  scans: string[];
  wanted: number;
  onScan: (text: string) => void;
}) {
  const words = useWords();
  const id = useId();
  const [live, setLive] = useState(false);
  const [said, setSaid] = useState("");
  const [typed, setTyped] = useState("");
  const heard = (text: string) => {
    if (scans.includes(text)) setSaid(words("labels.twice"));
    else {
      onScan(text);
      setSaid(words("labels.read", { text }));
    }
  };
  const fromPicture = async (file: File | undefined) => {
    if (!file) return;
    setSaid(words("labels.looking"));
    try {
      const picture = await createImageBitmap(file);
      const text = await (await labelReader())(picture);
      picture.close();
      if (text) heard(text);
      else setSaid(words("labels.none"));
    } catch {
      setSaid(words("labels.none"));
    }
  };
  const type = (event: FormEvent) => {
    event.preventDefault();
    if (typed.trim()) heard(typed.trim());
    setTyped("");
  };
  return (
    <div className="labels">
      {live ? (
        <Viewfinder
          onRead={heard}
          onFail={() => setSaid(words("labels.nocamera"))}
          onClose={() => setLive(false)}
        />
      ) : (
        <div className="two">
          <Button size="tall" icon={<Icon name="scan" />} onClick={() => setLive(true)}>
            {words("labels.camera")}
          </Button>
          <label className="btn tall file" htmlFor={id}>
            <Icon name="cam" />
            {words("labels.picture")}
            <input
              id={id}
              className="sr"
              type="file"
              accept="image/*"
              onChange={(event) => {
                void fromPicture(event.target.files?.[0]);
                event.target.value = "";
              }}
            />
          </label>
        </div>
      )}
      <form className="typed" onSubmit={type}>
        <label className="sr" htmlFor={`${id}t`}>
          {words("labels.type")}
        </label>
        <input
          id={`${id}t`}
          value={typed}
          maxLength={200}
          placeholder={words("labels.type")}
          autoComplete="off"
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button size="shop" type="submit">
          {words("labels.add")}
        </Button>
      </form>
      <p role="status" className="dim">
        {said || words("labels.count", { n: scans.length, wanted })}
      </p>
    </div>
  );
}

const LOOK_EVERY_MS = 250;

function Viewfinder({
  onRead,
  onFail,
  onClose,
}: {
  onRead: (text: string) => void;
  onFail: () => void;
  onClose: () => void;
}) {
  const words = useWords();
  const video = useRef<HTMLVideoElement>(null);
  const latest = useRef({ onRead, onFail, onClose });
  latest.current = { onRead, onFail, onClose };
  useEffect(() => {
    let stream: MediaStream | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    let last = "";
    void (async () => {
      try {
        stream = await navigator.mediaDevices.getUserMedia({
          video: { facingMode: "environment" },
          audio: false,
        });
        const place = video.current;
        if (over || !place) return;
        place.srcObject = stream;
        await place.play();
        const read = await labelReader();
        const look = async () => {
          if (over) return;
          const text = await read(place).catch(() => null);
          if (text && text !== last) {
            last = text;
            latest.current.onRead(text);
          }
          timer = setTimeout(() => void look(), LOOK_EVERY_MS);
        };
        await look();
      } catch {
        if (over) return;
        latest.current.onFail();
        latest.current.onClose();
      }
    })();
    return () => {
      over = true;
      clearTimeout(timer);
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
  }, []);
  return (
    <div className="finder">
      <video ref={video} muted playsInline aria-label={words("labels.finder")} />
      <Button size="shop" onClick={onClose}>
        {words("labels.stop")}
      </Button>
    </div>
  );
}
