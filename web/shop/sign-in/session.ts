import { useQuery } from "@tanstack/react-query";
import { api, Refusal, told } from "../../shared/api/client";
import type { Session } from "../types";

export type Seat =
  | { state: "asking" }
  | { state: "out" }
  | { state: "in"; me: Session }
  | { state: "failed" };

/** Whether the browser holds a session at all: a readable mark beside the cookie that scripts cannot read. */
const marked = () => document.cookie.split("; ").includes("doorstep-merchant-here=1");

/** Who stands at the counter. The cookie says it; nothing is kept in the page. */
export function useSession(): Seat {
  const asked = useQuery({
    queryKey: ["session"],
    queryFn: async () => {
      if (!marked()) return null;
      try {
        return await told(api.GET("/v1/session"));
      } catch (error) {
        if (error instanceof Refusal && (error.status === 401 || error.status === 403)) return null;
        throw error;
      }
    },
    staleTime: 60_000,
  });
  if (asked.data) return { state: "in", me: asked.data };
  if (asked.data === null) return { state: "out" };
  return { state: asked.isError ? "failed" : "asking" };
}
