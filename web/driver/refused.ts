import { useCallback } from "react";
import type { Refusal } from "../shared/api/client";
import { useShared } from "../shared/i18n/react";
import { useWords } from "./words";

/** What a refusal brings along, also one of a report that was given up. */
type Refused = Pick<Refusal, "code" | "detail"> & Partial<Pick<Refusal, "status" | "title" | "remedy">>;

/**
 * What the network said no with, in this driver's language and words. What has no text of ours is told as the network
 * says it: reasons that a person wrote, above all.
 */
export function useRefused(): (refused: Refused) => string {
  const words = useWords();
  const shared = useShared();
  return useCallback(
    ({ code, detail, status, title = "", remedy = "" }) => {
      if (status === 0) return shared("refused.unreachable");
      const key = `refused.${code}`;
      if (words.has(key)) return words(key as never);
      return [detail || title, remedy].filter(Boolean).join(" ") || shared("refused.generic");
    },
    [words, shared],
  );
}
