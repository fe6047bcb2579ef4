import { useMutation } from "@tanstack/react-query";
import { useId } from "react";
import { api, told } from "../../shared/api/client";
import { useShared } from "../../shared/i18n/react";
import { queries } from "../../shared/start";
import { keepCopy } from "../phone/keep";
import type { Me } from "../types";
import { useWords } from "../words";

/** More time to answer: asked once, kept by the network, in the terms of every offer to her alone. */
export function Longer({ me }: { me: Me }) {
  const words = useWords();
  const shared = useShared();
  const id = useId();
  const turn = useMutation({
    networkMode: "always",
    mutationFn: (longer: boolean) => told(api.PUT("/driver/v1/time-to-answer", { body: { longer } })),
    onSuccess: (found) => {
      keepCopy("me", found);
      queries.setQueryData(["driver", "me"], found);
    },
  });
  const on = turn.isPending ? Boolean(turn.variables) : me.longer_to_answer;
  return (
    <div className="line">
      <div>
        <b id={id}>{words("longer")}</b>
        <p role="status">{turn.isError ? shared("refused.unreachable") : words("longer.more")}</p>
      </div>
      <button
        type="button"
        role="switch"
        className="sw small plain"
        aria-checked={on}
        aria-busy={turn.isPending || undefined}
        aria-labelledby={id}
        onClick={() => !turn.isPending && turn.mutate(!on)}
      />
    </div>
  );
}
