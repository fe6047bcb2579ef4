import { ICONS, type IconName, LOGO, MARKS, type MarkName } from "./shapes";

/** A line icon. Decoration: the words beside it say what it means. */
export function Icon({ name, size = "" }: { name: IconName; size?: "" | "s" | "l" | "xl" }) {
  return (
    <svg
      className={`ic ${size}`.trim()}
      viewBox="0 0 24 24"
      aria-hidden="true"
      // biome-ignore lint/security/noDangerouslySetInnerHtml: shapes of our own source, never of a person's words
      dangerouslySetInnerHTML={{ __html: ICONS[name] }}
    />
  );
}

/** The mark of a state: shape and colour together. Give `label` only where no word stands beside it. */
export function Mark({ name, label }: { name: MarkName; label?: string }) {
  const said = label ? { role: "img", "aria-label": label } : { "aria-hidden": true as const };
  return (
    <svg
      className={`mk st-${name}`}
      viewBox="0 0 14 14"
      {...said}
      // biome-ignore lint/security/noDangerouslySetInnerHtml: as above
      dangerouslySetInnerHTML={{ __html: MARKS[name] }}
    />
  );
}

/** A state as a chip: mark and word. */
export function Chip({ name, children }: { name: MarkName; children: string }) {
  return (
    <span className={`chip st-${name}`}>
      <Mark name={name} />
      {children}
    </span>
  );
}

export function Logo() {
  return (
    <svg
      className="logo"
      viewBox="0 0 32 32"
      aria-hidden="true"
      // biome-ignore lint/security/noDangerouslySetInnerHtml: as above
      dangerouslySetInnerHTML={{ __html: LOGO }}
    />
  );
}

/** A key of the keyboard. */
export function Kbd({ children }: { children: string }) {
  return (
    <span className="kbd" aria-hidden="true">
      {children}
    </span>
  );
}
