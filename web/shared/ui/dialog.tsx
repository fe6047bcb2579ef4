import { type ReactNode, type SyntheticEvent, useEffect, useId, useRef } from "react";
import { useShared } from "../i18n/react";
import { Button } from "./button";

/** Opens a native dialog for as long as the component is shown; gives the focus back afterwards. */
function useModal(onClose: () => void) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    if (dialog && !dialog.open) dialog.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const onCancel = (event: SyntheticEvent) => {
    event.preventDefault();
    onClose();
  };
  return { ref, onCancel };
}

type AskProps = {
  title: string;
  children?: ReactNode;
  /** The action, with its consequence and its price in the label: "Raise pay, $4.50". */
  action: string;
  onAct: () => void;
  busy?: boolean;
  offBecause?: string | null;
  onClose: () => void;
};

/** Asks once before something that costs money or cannot be undone. */
export function Ask({ title, children, action, onAct, busy, offBecause, onClose }: AskProps) {
  const words = useShared();
  const id = useId();
  const { ref, onCancel } = useModal(onClose);
  return (
    <dialog ref={ref} className="ask" aria-labelledby={id} onCancel={onCancel}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy && !offBecause) onAct();
        }}
      >
        <h2 id={id}>{title}</h2>
        {children}
        <div className="acts">
          <Button onClick={onClose}>{words("cancel")}</Button>
          <Button kind="door" type="submit" busy={busy} offBecause={offBecause}>
            {action}
          </Button>
        </div>
      </form>
    </dialog>
  );
}

type DialogProps = { title: string; children: ReactNode; onClose: () => void; className?: string };

/** A dialog with a body of its own: a list of keys, a photo, a form. Escape and the button close it. */
export function Dialog({ title, children, onClose, className = "" }: DialogProps) {
  const words = useShared();
  const id = useId();
  const { ref, onCancel } = useModal(onClose);
  return (
    <dialog ref={ref} className={`ask ${className}`.trim()} aria-labelledby={id} onCancel={onCancel}>
      <h2 id={id}>{title}</h2>
      {children}
      <div className="acts">
        <Button onClick={onClose}>{words("close")}</Button>
      </div>
    </dialog>
  );
}

type DrawerProps = {
  label: string;
  children: ReactNode;
  onClose: () => void;
  /** Whether it lies over the page (modal) because there is no room beside it. */
  over: boolean;
};

/** A drawer: a column of the page, or a modal panel over it. Escape closes both. */
export function Drawer({ label, children, onClose, over }: DrawerProps) {
  return over ? (
    <DrawerOver label={label} onClose={onClose}>
      {children}
    </DrawerOver>
  ) : (
    <section
      className="drawer"
      aria-label={label}
      onKeyDown={(event) => event.key === "Escape" && !event.defaultPrevented && onClose()}
    >
      {children}
    </section>
  );
}

function DrawerOver({ label, children, onClose }: Omit<DrawerProps, "over">) {
  const { ref, onCancel } = useModal(onClose);
  return (
    <dialog ref={ref} className="drawer over" aria-label={label} onCancel={onCancel}>
      {children}
    </dialog>
  );
}
