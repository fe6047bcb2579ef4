import { api, told } from "../../shared/api/client";
import { type Session as Seat, useSession as useSessionOf } from "../../shared/sign-in";
import type { Session } from "../types";

/** Who stands at the counter. */
export const useSession = (): Seat<Session> =>
  useSessionOf("doorstep-merchant-here", () => told(api.GET("/v1/session")));
