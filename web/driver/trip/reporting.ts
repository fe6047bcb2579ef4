import { useState } from "react";
import { outcomeOf, type Report, tell, tellPicture, type Unheard } from "../phone/outbox";
import { whereabouts } from "../phone/whereabouts";
import type { Trip } from "../types";
import { note, noteProof } from "./progress";

type Kind = Report["kind"];

/** Where the phone is, for a report; left out when it does not know. */
function point(): { lat: number; lng: number } | null {
  const { fix } = whereabouts();
  return fix && { lat: fix.lat, lng: fix.lng };
}

/** A report from the road, kept on this phone first. */
export const reportOf = (
  trip: Trip,
  kind: Kind,
  deliveries: string[],
  more: Partial<Report> = {},
): Promise<string> => tell(trip.id, { kind, deliveries, point: point(), ...more });

/** One act at a time: busy until it is heard or kept, and what was wrong with it. */
export function useAct() {
  const [busy, setBusy] = useState<string | null>(null);
  const [wrong, setWrong] = useState<Unheard | null>(null);
  const act = async (name: string, doing: () => Promise<Unheard | null>): Promise<boolean> => {
    setBusy(name);
    setWrong(null);
    try {
      const refused = await doing();
      setWrong(refused);
      return refused === null;
    } finally {
      setBusy(null);
    }
  };
  return { busy, wrong, act };
}

/** Reports and waits a moment for the answer; null when it counts or is kept. */
export async function report(
  trip: Trip,
  kind: Kind,
  deliveries: string[],
  more: Partial<Report> = {},
): Promise<Unheard | null> {
  const id = crypto.randomUUID();
  const outcome = outcomeOf(id);
  await reportOf(trip, kind, deliveries, { ...more, report_id: id });
  const told = await outcome;
  return told === "kept" ? null : told.refused;
}

/** The shopper's code. A wrong one is told with the tries that are left; without a line it is looked at later. */
export async function provePin(trip: Trip, delivery: string, pin: string): Promise<Unheard | "wrong" | null> {
  const id = crypto.randomUUID();
  const outcome = outcomeOf(id, 4_000);
  await reportOf(trip, "proved", [delivery], { pin, report_id: id });
  const told = await outcome;
  if (told === "kept") {
    noteProof(delivery, "pin", "kept");
    return null;
  }
  if (told.refused) return told.refused;
  const proof = told.heard[0]?.proofs.find((one) => one.kind === "pin");
  if (proof && !proof.ok) {
    const left = proof.result.tries_left;
    note(delivery, { triesLeft: typeof left === "number" ? left : null });
    return "wrong";
  }
  noteProof(delivery, "pin", "heard");
  return null;
}

export type Paper = {
  paper: "driver_license" | "passport" | "state_id" | "other";
  of_age: boolean;
  expired: boolean;
};

/** A look at an identity paper: only its result leaves this phone. False when it does not do. */
export async function provePaper(trip: Trip, delivery: string, paper: Paper): Promise<boolean> {
  const good = paper.of_age && !paper.expired;
  const id = crypto.randomUUID();
  const outcome = outcomeOf(id);
  await reportOf(trip, "proved", [delivery], { paper: { ...paper, last_4: "" }, report_id: id });
  const told = await outcome;
  if (good && (told === "kept" || !told.refused))
    noteProof(delivery, "id_check", told === "kept" ? "kept" : "heard");
  return good;
}

export async function provePicture(
  trip: Trip,
  delivery: string,
  kind: "photo" | "signature",
  content: Blob,
  signer = "",
): Promise<void> {
  const id = await tellPicture(trip.id, { delivery, kind, content, signer });
  noteProof(delivery, kind, "kept");
  const told = await outcomeOf(id, 60_000);
  if (told !== "kept") noteProof(delivery, kind, told.refused ? null : "heard");
}
