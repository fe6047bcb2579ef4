import { useEffect, useState } from "react";
import { Dialog } from "../../shared/ui/dialog";
import { Kbd } from "../../shared/ui/marks";
import { typing } from "../../shared/ui/toast";
import { go, type Room, whereNow } from "../address";
import { useWords } from "../words";

const LIST = [
  ["/", "keys.find"],
  ["1–9", "keys.remedy"],
  ["J", "keys.next"],
  ["K", "keys.before"],
  ["Enter", "keys.open"],
  ["Esc", "keys.back"],
  ["A", "keys.assign"],
  ["R", "keys.reassign"],
  ["E", "keys.amend"],
  ["X", "keys.cancel"],
  ["Z", "keys.undo"],
  ["G", "keys.rooms"],
  ["?", "keys.help"],
] as const;

/** Moves the focus along everything marked `data-step`, in the order of the page. */
function step(by: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>("[data-step]")].filter((one) => one.offsetParent);
  if (!all.length) return;
  const here = document.activeElement?.closest<HTMLElement>("[data-step]");
  const at = here ? all.indexOf(here) : -1;
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

const ROOM_KEYS: Record<string, Room> = {
  l: "live",
  b: "board",
  t: "table",
  m: "money",
  s: "market",
  a: "audit",
};

/** The keyboard of the console. Keys go to what is marked for them, so that lists need not know of each other. */
export function Keys() {
  const words = useWords();
  const [help, setHelp] = useState(false);
  useEffect(() => {
    let going = 0;
    const press = (key: string): boolean => {
      const target = document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
      target?.click();
      return Boolean(target);
    };
    const hear = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
      if (typing(event.target) || document.querySelector("dialog[open]")) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      let taken = true;
      const room = performance.now() - going < 1500 ? ROOM_KEYS[key] : undefined;
      if (room) go({ room });
      else if (key === "g") going = performance.now();
      else if (key === "/") dispatchEvent(new Event("console:find"));
      else if (key === "j") step(1);
      else if (key === "k") step(-1);
      else if (key === "?") setHelp(true);
      else if (key === "Escape") {
        if (whereNow().open) go({ open: "" });
        else if (whereNow().find) go({ find: "" });
        else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
      } else if (/^[1-9arex]$/.test(key)) taken = press(key);
      else taken = false;
      if (room) going = 0;
      if (taken) event.preventDefault();
    };
    addEventListener("keydown", hear);
    return () => removeEventListener("keydown", hear);
  }, []);
  if (!help) return null;
  return (
    <Dialog title={words("keys")} onClose={() => setHelp(false)} className="keys">
      <dl>
        {LIST.map(([key, text]) => (
          <div key={key}>
            <dt>
              <Kbd>{key}</Kbd>
              <span className="sr">{key}</span>
            </dt>
            <dd>{words(text)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
