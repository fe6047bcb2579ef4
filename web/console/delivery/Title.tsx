import type { ReactNode } from "react";
import type { DeliveryWhole } from "../../shared/api/client";

export type Told = DeliveryWhole["timeline"][number];

/** What a line of the timeline is called, with a word beside it. */
export function Title({ children, note }: { children: ReactNode; note?: ReactNode }) {
  return (
    <h3>
      {children} {note && <span>{note}</span>}
    </h3>
  );
}
