import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api, told } from "../../shared/api/client";
import { useFormat, useShared } from "../../shared/i18n/react";
import { queries } from "../../shared/start";
import { Button } from "../../shared/ui/button";
import { Icon } from "../../shared/ui/marks";
import { Speeds } from "../../shared/ui/speeds";
import { forgetEverything } from "../phone/keep";
import { useOutbox } from "../phone/outbox";
import { hearPace } from "../reads";
import type { Pace } from "../types";
import { useWords } from "../words";

const HERE_EVERY_MS = 30_000;

const heard = (pace: Pace) => queries.setQueryData(["driver", "pace"], hearPace(pace));

/** Who drives the car in a demo: the person, or the demo for her. */
export function Wheel({ pace }: { pace: Pace }) {
  const words = useWords();
  const give = useMutation({
    networkMode: "always",
    mutationFn: (on: boolean) => told(api.POST("/demo/v1/drive-for-me", { body: { on } })),
    onSuccess: heard,
  });
  const on = give.isPending ? Boolean(give.variables) : Boolean(pace.you?.drive_for_me);
  return (
    <div className="card">
      <Icon name="car" />
      <div>
        <b id="wheel">{words("wheel")}</b>
        <p>{words(on ? "wheel.on" : "wheel.off")}</p>
      </div>
      <button
        type="button"
        role="switch"
        className="sw small plain"
        aria-checked={on}
        aria-labelledby="wheel"
        onClick={() => !give.isPending && give.mutate(!on)}
      />
    </div>
  );
}

/** How fast time runs in the demo, with a sign of life while this page stands open. Who is inside may change it, and leave. */
export function PaceNote({ pace }: { pace: Pace }) {
  const words = useWords();
  const f = useFormat();
  const entered = useRef(false);
  entered.current ||= pace.you !== null;
  const inside = entered.current; // a visit that lapsed while the phone slept is taken up again
  useEffect(() => {
    if (!inside) return;
    const say = () =>
      told(api.POST("/demo/v1/here"))
        .then(heard)
        .catch(() => undefined);
    const seen = () => document.visibilityState === "visible" && void say();
    const timer = setInterval(say, HERE_EVERY_MS);
    document.addEventListener("visibilitychange", seen);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [inside]);
  const note = (
    <>
      <Icon name="clock" size="s" />
      {words("pace", { speed: f.count(Math.round(pace.speed)), time: f.time(pace.market_time) })}
    </>
  );
  if (pace.you === null) return <p className="pace">{note}</p>;
  return (
    <details className="pacing">
      <summary className="pace">
        {note}
        <Icon name="down" size="s" />
      </summary>
      <PaceControl pace={pace} />
    </details>
  );
}

function PaceControl({ pace }: { pace: Pace }) {
  const words = useWords();
  const shared = useShared();
  const { waiting } = useOutbox();
  const wish = useMutation({
    networkMode: "always",
    mutationFn: (speed: number) => told(api.POST("/demo/v1/speed", { body: { speed } })),
    onSuccess: heard,
  });
  const leave = useMutation({
    networkMode: "always",
    mutationFn: async () => {
      await told(api.POST("/demo/leave"));
      await forgetEverything();
    },
    onSuccess: () => location.assign("/"),
  });
  const wished = wish.isPending ? wish.variables : pace.wished_speed;
  return (
    <div className="bd">
      <p role="status">
        {shared(wish.isError || leave.isError ? "refused.unreachable" : `pace.${pace.why}`)}
      </p>
      <Speeds choices={pace.choices} wished={wished} onWish={wish.mutate} />
      <Button
        size="shop"
        busy={leave.isPending}
        offBecause={waiting.length ? words("signout.waiting", { n: waiting.length }) : null}
        onClick={() => leave.mutate()}
      >
        {words("pace.leave")}
      </Button>
    </div>
  );
}
