import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useShared } from "../i18n/react";
import { Button } from "./button";

const SHOWN_MS = 10_000;

type Told = { text: string; undo: () => void | Promise<void>; key: number };
type Toasts = {
  /** Says what was done, with a way back for ten seconds. Only for what can be undone. */
  undoable: (text: string, undo: () => void | Promise<void>) => void;
  /** Takes back the last thing, if its time is not over. */
  undo: () => void;
};

const Shown = createContext<Toasts | null>(null);

/** One toast at a time, bottom left. `Z` takes back, unless somebody is typing. */
export function ToastPlace({ children }: { children: ReactNode }) {
  const words = useShared();
  const [told, setTold] = useState<Told | null>(null);
  const count = useRef(0);

  const undoable = useCallback<Toasts["undoable"]>((text, undo) => {
    count.current += 1;
    setTold({ text, undo, key: count.current });
  }, []);
  const undo = useCallback(() => {
    setTold((now) => {
      if (now) void now.undo();
      return null;
    });
  }, []);

  useEffect(() => {
    if (!told) return;
    const timer = setTimeout(() => setTold(null), SHOWN_MS);
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "z" || event.metaKey || event.ctrlKey || event.altKey) return;
      if (typing(event.target)) return;
      event.preventDefault();
      undo();
    };
    addEventListener("keydown", onKey);
    return () => {
      clearTimeout(timer);
      removeEventListener("keydown", onKey);
    };
  }, [told, undo]);

  const toasts = useMemo(() => ({ undoable, undo }), [undoable, undo]);
  return (
    <Shown.Provider value={toasts}>
      {children}
      <div className="toasts" role="status">
        {told && (
          <div className="toast" key={told.key}>
            {told.text}
            <Button kind="quiet" shortcut="Z" onClick={undo}>
              {words("undo")}
            </Button>
          </div>
        )}
      </div>
    </Shown.Provider>
  );
}

export function useToasts(): Toasts {
  const toasts = useContext(Shown);
  if (!toasts) throw new Error("wrap the page in <ToastPlace>");
  return toasts;
}

/** Whether a key press belongs to a field. */
export function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
