import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, Refusal, type StaffTold, told } from "../../shared/api/client";

export type Session =
  | { state: "asking" }
  | { state: "out" }
  | { state: "in"; me: StaffTold }
  | { state: "failed" };

/** Who sits here. The cookie says it; nothing is kept in the page. */
export function useSession(): Session {
  const asked = useQuery({
    queryKey: ["session"],
    queryFn: async () => {
      if (!document.cookie.includes("doorstep-staff-here=1")) return null; // nobody to ask about
      try {
        return await told(api.GET("/staff/v1/session"));
      } catch (error) {
        if (error instanceof Refusal && (error.status === 401 || error.status === 403)) return null;
        throw error;
      }
    },
    staleTime: 60_000,
    refetchOnWindowFocus: true,
  });
  if (asked.data) return { state: "in", me: asked.data };
  if (asked.data === null) return { state: "out" };
  return { state: asked.isError ? "failed" : "asking" };
}

/** Ends the session here and on the server. */
export function useSignOut(): () => Promise<void> {
  const queries = useQueryClient();
  return async () => {
    await told(api.DELETE("/staff/v1/session")).catch(() => undefined);
    queries.setQueryData(["session"], null);
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
  };
}
