import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, told } from "../../shared/api/client";
import { useFormat } from "../../shared/i18n/react";
import { Button } from "../../shared/ui/button";
import { Icon } from "../../shared/ui/marks";
import type { Pace } from "../types";
import { useWords } from "../words";

/** In a demo: how fast time runs and why; who is inside may change it, and leave. */
export function PaceBar({ pace }: { pace: Pace }) {
  const words = useWords();
  const f = useFormat();
  const queries = useQueryClient();
  const wish = useMutation({
    mutationFn: (speed: number) => told(api.POST("/demo/v1/speed", { body: { speed } })),
    onSuccess: (heard) => queries.setQueryData(["pace"], heard),
  });
  const leave = useMutation({
    // The counter closes first, so that it asks nothing any more that its session no longer opens.
    onMutate: () => queries.setQueryData(["session"], null),
    mutationFn: () => told(api.POST("/demo/leave")),
    onSuccess: () => location.assign("/"),
    onError: () => queries.invalidateQueries({ queryKey: ["session"] }),
  });
  const inside = pace.you !== null;
  const wished = wish.isPending ? wish.variables : pace.wished_speed;
  return (
    <section className="pace" aria-label={words("pace.title")}>
      <Icon name="clock" size="s" />
      <p>
        {words("pace.now", { time: f.time(pace.market_time), speed: f.count(Math.round(pace.speed)) })}{" "}
        <span className="dim" role="status">
          {words(`pace.${pace.why}`)}
        </span>
      </p>
      {inside && (
        <>
          <fieldset className="speeds">
            <legend className="sr">{words("pace.choose")}</legend>
            {pace.choices.map((speed) => (
              <button
                key={speed}
                type="button"
                aria-pressed={speed === wished}
                onClick={() => wish.mutate(speed)}
              >
                {words("pace.speed", { speed: f.count(speed) })}
              </button>
            ))}
          </fieldset>
          <Button onClick={() => leave.mutate()} busy={leave.isPending}>
            {words("pace.leave")}
          </Button>
        </>
      )}
    </section>
  );
}
