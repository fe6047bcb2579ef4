import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import {
  api,
  type ChoiceTold,
  type ConcernTold,
  Refusal,
  type StaffTold,
  told,
} from "../../shared/api/client";
import { useShared } from "../../shared/i18n/react";
import { Dialog } from "../../shared/ui/dialog";
import { useToasts } from "../../shared/ui/toast";
import type { Delivery } from "../market/live";
import type { Market } from "../market/market";
import { useWords } from "../words";
import { ActDialog } from "./ActDialog";

/** Something that a person is about to do by hand. */
export type Act =
  | { what: "assign"; one: Delivery; driver?: { id: string; name: string } }
  | { what: "reassign"; one: Delivery; trip: string }
  | { what: "unassign" | "provider" | "set_aside" | "cancel"; one: Delivery; priceMinor?: number | null }
  | { what: "amend"; one: Delivery; instructions: string; phone: string }
  | { what: "withdraw"; offer: string; one: Delivery; driver: string }
  | { what: "zone"; postcode: string; paused: boolean };

type Acts = {
  /** Opens the dialog that asks for the reason. */
  ask: (act: Act) => void;
  /** The remedy of a line of the queue: at once where it is free and can be undone, else asked once. */
  remedy: (concern: ConcernTold, choice: ChoiceTold) => void;
  /** Does it. Rejects with the server's refusal. */
  run: (act: Act, answer: Answer) => Promise<void>;
  /** Nothing can be done while the line is gone. */
  cut: boolean;
  /** Why this person cannot do that now: no line, or not her role's. Null when she can. */
  offBecause: (what: Act["what"] | "call" | "settle") => string | null;
  currency: string;
  market: Market;
};

export type Answer = {
  reason: string;
  driver?: { id: string; name: string };
  provider?: string;
  why?: string;
  instructions?: string;
  phone?: string;
};

/** Whose roles may do what by hand; the server decides, this says it beforehand. */
const DISPATCHES: ReadonlySet<StaffTold["role"]> = new Set<StaffTold["role"]>(["owner", "dispatcher"]);
const HELPS: ReadonlySet<StaffTold["role"]> = new Set<StaffTold["role"]>(["owner", "dispatcher", "support"]);

const Shown = createContext<Acts | null>(null);

export function useActs(): Acts {
  const acts = useContext(Shown);
  if (!acts) throw new Error("wrap it in <Acting>");
  return acts;
}

/** What the server said no with, in this person's language where there is a text for it. */
export function useRefused(): (error: unknown) => string {
  const words = useWords();
  const shared = useShared();
  return useCallback(
    (error) => {
      if (!(error instanceof Refusal)) return shared("refused.generic");
      if (error.status === 0) return shared("refused.unreachable");
      const key = `refused.${error.code}`;
      return words.has(key) ? words(key as never) : error.detail || error.title || shared("refused.generic");
    },
    [words, shared],
  );
}

/** Verbs by hand for everything inside: each with its reason, its price before, and its way back. */
export function Acting({
  market,
  role,
  cut,
  children,
}: {
  market: Market;
  role: StaffTold["role"];
  cut: boolean;
  children: ReactNode;
}) {
  const words = useWords();
  const { undoable } = useToasts();
  const queries = useQueryClient();
  const refused = useRefused();
  const [act, setAct] = useState<Act | null>(null);
  const [call, setCall] = useState<{ name: string; phone: string } | null>(null);
  const [said, setSaid] = useState("");

  const again = useCallback(() => {
    for (const key of ["whole", "exceptions", "drawer", "vitals", "markets", "history"]) {
      void queries.invalidateQueries({ queryKey: [key] });
    }
  }, [queries]);

  const back = useCallback(
    (undo: () => Promise<unknown>) => async () => {
      try {
        await undo();
      } catch (error) {
        setSaid(refused(error));
      }
      again();
    },
    [again, refused],
  );

  const run = useCallback(
    async (what: Act, answer: Answer) => {
      const body = { reason: answer.reason };
      const undone = { reason: words("reason.undone") };
      const path = "one" in what ? { path: { delivery_id: what.one.id } } : { path: { delivery_id: "" } };
      const title = "one" in what ? what.one.shopper : "";
      switch (what.what) {
        case "assign": {
          const driver = answer.driver ?? what.driver;
          if (!driver) return;
          const offer = await told(
            api.POST("/staff/v1/deliveries/{delivery_id}/assign", {
              params: path,
              body: { ...body, driver_id: driver.id },
            }),
          );
          undoable(
            words("done.assign", { driver: driver.name, name: title }),
            back(() =>
              told(
                api.POST("/staff/v1/offers/{offer_id}/withdraw", {
                  params: { path: { offer_id: offer.id } },
                  body: undone,
                }),
              ),
            ),
          );
          break;
        }
        case "reassign":
          if (!answer.driver) return;
          await told(
            api.POST("/staff/v1/trips/{trip_id}/reassign", {
              params: { path: { trip_id: what.trip } },
              body: { ...body, driver_id: answer.driver.id },
            }),
          );
          break;
        case "unassign":
          await told(api.POST("/staff/v1/deliveries/{delivery_id}/unassign", { params: path, body }));
          break;
        case "provider":
          await told(
            api.POST("/staff/v1/deliveries/{delivery_id}/provider", {
              params: path,
              body: { ...body, provider_id: answer.provider || null },
            }),
          );
          break;
        case "set_aside":
          await told(
            api.POST("/staff/v1/deliveries/{delivery_id}/provider/set-aside", { params: path, body }),
          );
          break;
        case "cancel":
          await told(
            api.POST("/staff/v1/deliveries/{delivery_id}/cancel", {
              params: path,
              body: { ...body, why: (answer.why ?? "other") as "other" },
            }),
          );
          break;
        case "amend": {
          const wish = {
            instructions: answer.instructions === what.instructions ? null : (answer.instructions ?? null),
            phone: answer.phone === what.phone || !answer.phone ? null : answer.phone,
          };
          await told(
            api.POST("/staff/v1/deliveries/{delivery_id}/amend", {
              params: path,
              body: { ...body, ...wish },
            }),
          );
          undoable(
            words("done.amend", { name: title }),
            back(() =>
              told(
                api.POST("/staff/v1/deliveries/{delivery_id}/amend", {
                  params: path,
                  body: {
                    ...undone,
                    instructions: wish.instructions === null ? null : what.instructions,
                    phone: wish.phone === null ? null : what.phone,
                  },
                }),
              ),
            ),
          );
          break;
        }
        case "withdraw":
          await told(
            api.POST("/staff/v1/offers/{offer_id}/withdraw", {
              params: { path: { offer_id: what.offer } },
              body,
            }),
          );
          if (what.driver) {
            undoable(
              words("done.withdraw"),
              back(() =>
                told(
                  api.POST("/staff/v1/deliveries/{delivery_id}/assign", {
                    params: path,
                    body: { ...undone, driver_id: what.driver },
                  }),
                ),
              ),
            );
          }
          break;
        case "zone": {
          const zone = { path: { market_id: market.id, postcode: what.postcode } };
          const url = "/staff/v1/markets/{market_id}/zones/{postcode}";
          await told(api.POST(url, { params: zone, body: { ...body, paused: what.paused } }));
          undoable(
            words(what.paused ? "done.zone.paused" : "done.zone.open", { zip: what.postcode }),
            back(() => told(api.POST(url, { params: zone, body: { ...undone, paused: !what.paused } }))),
          );
          break;
        }
      }
      again();
    },
    [again, back, market.id, undoable, words],
  );

  const remedy = useCallback<Acts["remedy"]>(
    (concern, choice) => {
      const one = concern.delivery;
      const driver = choice.driver ? { id: choice.driver, name: choice.name } : undefined;
      if (choice.remedy === "call") setCall({ name: choice.name, phone: choice.phone });
      else if (choice.remedy === "assign" && driver) {
        const reason = words("reason.remedy", { trouble: words(`trouble.word.${concern.trouble}`) });
        void run({ what: "assign", one }, { reason, driver }).catch((error) => setSaid(refused(error)));
      } else if (choice.remedy === "assign") setAct({ what: "assign", one });
      else setAct({ what: choice.remedy, one, priceMinor: choice.price_minor });
    },
    [refused, run, words],
  );

  const offBecause = useCallback<Acts["offBecause"]>(
    (what) => {
      if (what === "call") return null; // a telephone needs neither
      if (cut) return words("cut");
      const may = what === "cancel" || what === "amend" || what === "settle" ? HELPS : DISPATCHES;
      return may.has(role) ? null : words("refused.not_allowed");
    },
    [cut, role, words],
  );
  const acts = useMemo<Acts>(
    () => ({ ask: setAct, remedy, run, cut, offBecause, currency: market.currency, market }),
    [remedy, run, cut, offBecause, market],
  );
  return (
    <Shown.Provider value={acts}>
      {children}
      {act && <ActDialog act={act} onClose={() => setAct(null)} />}
      {call && (
        <Dialog title={words("call.title", { name: call.name })} onClose={() => setCall(null)}>
          <p className="big">
            <a href={`tel:${call.phone}`}>{phoneOf(call.phone)}</a>
          </p>
          <p>{words("call.lead")}</p>
        </Dialog>
      )}
      {said && (
        <Dialog title={words("refused.title")} onClose={() => setSaid("")}>
          <p>{said}</p>
        </Dialog>
      )}
    </Shown.Provider>
  );
}

/** `(615) 555-0101` for numbers of this country, else as it is. */
export function phoneOf(phone: string): string {
  const parts = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(phone);
  return parts ? `(${parts[1]}) ${parts[2]}-${parts[3]}` : phone;
}
