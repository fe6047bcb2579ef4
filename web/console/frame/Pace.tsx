import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, Refusal, told } from "../../shared/api/client";
import { useFormat } from "../../shared/i18n/react";
import { Button } from "../../shared/ui/button";
import { useWords } from "../words";

/** How fast time runs in a demo and whether this desk is inside it; null elsewhere. `asking` keeps it true, with a sign of life each half minute. */
function usePace(asking: boolean) {
  return useQuery({
    queryKey: ["pace"],
    enabled: asking,
    queryFn: async () => {
      try {
        const seen = await told(api.GET("/demo/v1/speed"));
        return seen.you ? await told(api.POST("/demo/v1/here")) : seen;
      } catch (error) {
        if (error instanceof Refusal && error.status >= 400 && error.status < 500) return null;
        throw error;
      }
    },
    refetchInterval: asking ? 25_000 : false,
  });
}

/** Out of the demo, for who came in by its door: signed out, and time takes up its usual pace. */
export function LeaveDemo() {
  const words = useWords();
  const queries = useQueryClient();
  const pace = usePace(false);
  const leave = useMutation({
    // The desk closes first, so that it asks nothing any more that its session no longer opens.
    onMutate: () => queries.setQueryData(["session"], null),
    mutationFn: () => told(api.POST("/demo/leave")),
    onSuccess: () => location.assign("/"),
    onError: () => queries.invalidateQueries({ queryKey: ["session"] }),
  });
  if (!pace.data?.you) return null;
  return (
    <Button busy={leave.isPending} onClick={() => leave.mutate()}>
      {words("pace.leave")}
    </Button>
  );
}

/** In a demo: how fast time runs, and a wish for another speed from who is inside. */
export function Pace({ speed }: { speed: number }) {
  const words = useWords();
  const f = useFormat();
  const queries = useQueryClient();
  const pace = usePace(true);
  const wish = useMutation({
    mutationFn: (wanted: number) => told(api.POST("/demo/v1/speed", { body: { speed: wanted } })),
    onSuccess: (told) => {
      queries.setQueryData(["pace"], told);
      const turn = (told.turning?.in_real_s ?? 0) * 1000 + 300;
      setTimeout(() => void queries.invalidateQueries({ queryKey: ["clock"] }), turn);
    },
  });
  if (!pace.data) return null;
  if (!pace.data.you) return <span>{words("pace.at", { speed: f.count(Math.round(speed)) })}</span>;
  return (
    <label className="pace">
      <span className="sr">{words("pace")}</span>
      <select
        value={pace.data.wished_speed}
        title={words("pace.hint")}
        onChange={(event) => wish.mutate(Number(event.target.value))}
      >
        {[...new Set([...pace.data.choices, pace.data.wished_speed])]
          .sort((a, b) => a - b)
          .map((one) => (
            <option key={one} value={one}>
              {words("pace.speed", { speed: f.count(one) })}
            </option>
          ))}
      </select>
    </label>
  );
}
