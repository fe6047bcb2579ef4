import type { UseQueryResult } from "@tanstack/react-query";
import { useId } from "react";
import { useFormat, useShared } from "../../shared/i18n/react";
import { Mark } from "../../shared/ui/marks";
import type { Delivery } from "../types";
import { useWords } from "../words";
import { Row } from "./Row";

const OVER = new Set(["delivered", "returned", "cancelled", "expired"]);

/** What was booked: what is under way first, then what is over. `fresh` was booked here just now. */
export function Deliveries({ read, fresh }: { read: UseQueryResult<Delivery[]>; fresh: string | null }) {
  const words = useWords();
  const shared = useShared();
  const f = useFormat();
  const id = useId();
  const found = read.data ?? [];
  const open = found.filter((one) => !OVER.has(one.state));
  const over = found.filter((one) => OVER.has(one.state)).sort((a, b) => endMs(b) - endMs(a));
  return (
    <section className="list" aria-labelledby={`${id}h`}>
      <h2 id={`${id}h`}>
        {words("list.title")} <span className="dim">{words("list.open", { n: open.length })}</span>
      </h2>
      {read.isError && (
        <p className="band e">
          <Mark name="late" />
          {read.data ? shared("asof", { time: f.time(read.dataUpdatedAt) }) : shared("refused.unreachable")}
        </p>
      )}
      {read.isPending && !read.isError && <Skeleton />}
      {read.isSuccess && found.length === 0 && <p className="dim">{words("list.none")}</p>}
      <ul>
        {open.map((one) => (
          <Row key={one.id} delivery={one} fresh={one.id === fresh} />
        ))}
      </ul>
      {over.length > 0 && <h3 className="dim">{words("list.over")}</h3>}
      <ul>
        {over.map((one) => (
          <Row key={one.id} delivery={one} fresh={one.id === fresh} />
        ))}
      </ul>
    </section>
  );
}

const endMs = (one: Delivery): number => Date.parse(one.ended_at ?? one.due_at);

function Skeleton() {
  return (
    <div aria-hidden="true">
      <div className="sk" />
      <div className="sk w" />
      <div className="sk" />
    </div>
  );
}
