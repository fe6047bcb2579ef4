import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { Button } from "../../shared/ui/button";
import { Mark } from "../../shared/ui/marks";
import { useRefused } from "../acts/Acting";
import { useWords } from "../words";

/** Whatever shows how a market is set is read again. */
export const SET = ["markets", "history", "tariffs", "pay"] as const;

/** A change with its reason: the button is off until one is written and everything typed can be meant. */
export function Change({
  label,
  onSave,
  changed,
  wrong = false,
  children,
}: {
  label: string;
  onSave: (reason: string) => Promise<unknown>;
  changed: boolean;
  /** Something that was typed cannot be meant; it is said beside it. */
  wrong?: boolean;
  children?: ReactNode;
}) {
  const words = useWords();
  const refused = useRefused();
  const queries = useQueryClient();
  const id = useId();
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const off = wrong
    ? words("wrong.first")
    : !changed
      ? words("act.nothing")
      : reason.trim().length < 3
        ? words("act.reason.first")
        : null;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (off || busy) return;
    setBusy(true);
    setSaid("");
    try {
      await onSave(reason.trim());
      setReason("");
      await Promise.all(SET.map((key) => queries.invalidateQueries({ queryKey: [key] })));
    } catch (error) {
      setSaid(refused(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="change" onSubmit={save} noValidate>
      {children}
      {said && (
        <p className="band e" role="alert">
          <Mark name="late" />
          {said}
        </p>
      )}
      <div className="why-line">
        <label className="sr" htmlFor={id}>
          {words("act.reason")}
        </label>
        <input
          id={id}
          value={reason}
          maxLength={300}
          placeholder={words("act.reason.own")}
          onChange={(event) => setReason(event.target.value)}
        />
        <Button type="submit" busy={busy} reasonBelow={false} offBecause={off}>
          {label}
        </Button>
      </div>
    </form>
  );
}

/** What stands now, and the form that changes it once a person asks for it. */
export function Changeable({
  label,
  children,
}: {
  label: string;
  children: (close: () => void) => ReactNode;
}) {
  const words = useWords();
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLElement>(null);
  // Who opens it stands in its first field, and who closes it at the button it was opened by.
  const turn = (next: boolean) => {
    flushSync(() => setOpen(next));
    place.current?.querySelector<HTMLElement>("input, select, button")?.focus();
  };
  return (
    <section
      ref={place}
      className={open ? "changing" : undefined}
      aria-label={label}
      onKeyDown={(event) => {
        if (!open || event.key !== "Escape" || event.defaultPrevented) return;
        event.stopPropagation();
        turn(false);
      }}
    >
      {open ? (
        <>
          {children(() => turn(false))}
          <Button kind="quiet" onClick={() => turn(false)}>
            {words("change.leave")}
          </Button>
        </>
      ) : (
        <Button className="begin" onClick={() => turn(true)}>
          {label}
        </Button>
      )}
    </section>
  );
}
