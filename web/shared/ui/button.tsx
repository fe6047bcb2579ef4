import { type ButtonHTMLAttributes, type ReactNode, useId } from "react";
import { Kbd } from "./marks";

type Props = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "disabled"> & {
  /** `door`: the one primary action of a view. `quiet`: no edge. Else plain. */
  kind?: "door" | "plain" | "quiet";
  /** `tall` while a car is near (60), `shop` for shoppers (48), else 32. */
  size?: "" | "tall" | "shop";
  /** Under way: the label stays, an arc turns on its left, a second press does nothing. */
  busy?: boolean;
  /** Why it cannot be pressed now. Without a reason a button is never off. */
  offBecause?: string | null | undefined;
  /** Whether the reason is written below (else it is read out and shown on hover). */
  reasonBelow?: boolean;
  shortcut?: string;
  icon?: ReactNode;
};

/** A button. It stays focusable when it is off, so that its reason can be reached. */
export function Button({
  kind = "plain",
  size = "",
  busy = false,
  offBecause,
  reasonBelow = true,
  shortcut,
  icon,
  className = "",
  children,
  onClick,
  type = "button",
  ...rest
}: Props) {
  const id = useId();
  const off = Boolean(offBecause);
  const names = ["btn", kind === "plain" ? "" : kind, size, className].filter(Boolean).join(" ");
  const button = (
    <button
      {...rest}
      type={type}
      className={names}
      aria-disabled={off || undefined}
      aria-busy={busy || undefined}
      aria-describedby={off ? id : rest["aria-describedby"]}
      aria-keyshortcuts={shortcut}
      title={off && !reasonBelow ? (offBecause ?? undefined) : rest.title}
      onClick={(event) => {
        if (off || busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {busy ? <Arc /> : icon}
      {children}
      {shortcut && <Kbd>{shortcut}</Kbd>}
    </button>
  );
  if (!off) return button;
  return (
    <span className="off-because">
      {button}
      <small id={id} className={reasonBelow ? undefined : "sr"}>
        {offBecause}
      </small>
    </span>
  );
}

function Arc() {
  return (
    <svg className="ic s arc" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M12 3.5a8.5 8.5 0 1 1-8 5.6" />
    </svg>
  );
}
