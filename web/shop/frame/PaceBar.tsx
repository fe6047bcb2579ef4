import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, told } from "../../shared/api/client";
import { useFormat, useShared } from "../../shared/i18n/react";
import { Button } from "../../shared/ui/button";
import { Icon } from "../../shared/ui/marks";
import { Speeds } from "../../shared/ui/speeds";
import type { Pace } from "../types";
import { useWords } from "../words";

/** In a demo: how fast time runs and why; who is inside may change it, and leave. */
export function PaceBar({ pace }: { pace: Pace }) {
  const words = useWords();
  const shared = useShared();
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
          {shared(`pace.${pace.why}`)}
        </span>
      </p>
      {inside && (
        <>
          <Speeds choices={pace.choices} wished={wished} onWish={wish.mutate} />
          <Button onClick={() => leave.mutate()} busy={leave.isPending}>
            {words("pace.leave")}
          </Button>
        </>
      )}
    </section>
  );
}
