import { useQueryClient } from "@tanstack/react-query";
import { api, type StaffTold, told } from "../../shared/api/client";
import { type Session, useSession as useSessionOf } from "../../shared/sign-in";

/** Who of the operator's people sits here. */
export const useSession = (): Session<StaffTold> =>
  useSessionOf("doorstep-staff-here", () => told(api.GET("/staff/v1/session")));

/** Ends the session here and on the server. */
export function useSignOut(): () => Promise<void> {
  const queries = useQueryClient();
  return async () => {
    await told(api.DELETE("/staff/v1/session")).catch(() => undefined);
    queries.setQueryData(["session"], null);
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
  };
}
