"""When all drivers near a store, or a courier company, are asked: the live network's own rule, on what is believed of a simulated day."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from doorstep.engine.world import Order
from doorstep.features.dispatch.rules import Policy, Step, Waiting, latest_departure, next_step
from doorstep.sim.belief import Belief

STOPS_S = 420
"""What the live network adds to the way from store to door for the stops at both ends."""
_LONGEST_S = 10 * 86_400
"""An order that knows no promise has time, but no instant lies further ahead than this."""


def due_steps(
    belief: Belief, policy: Policy, now_s: int, asked: Collection[int], cheaper: Collection[str]
) -> Iterator[tuple[int, Step, list[int]]]:
    """What is due for orders that wait: all near are asked, with whom, or the courier company is; not for those ``asked`` already.

    ``cheaper``: ids of the orders that the plan leaves to a company.
    """
    now = _at(now_s)
    for row, order in belief.in_waiting():
        if row in asked:
            continue
        waiting = replace(_waiting(belief, order, row, now_s), cheaper=order.id in cheaper)
        early = now + policy.broadcast_lead + timedelta(minutes=1)
        tired = waiting.refusals >= policy.declines_before_broadcast
        if not tired and early < latest_departure(waiting, policy):
            continue  # spares the search for drivers
        near = belief.near(order, policy.broadcast_reach_m, now_s)
        step, _ = next_step(replace(waiting, eligible=len(near)), policy, now)
        if step in {Step.BROADCAST, Step.PROVIDER}:
            yield row, step, near


def _waiting(belief: Belief, order: Order, row: int, now_s: int) -> Waiting:
    return Waiting(
        due_at=_at(min(order.due_s, now_s + _LONGEST_S)),
        ready_at=_at(order.ready_s),
        drive=timedelta(seconds=belief.roads.between(order.pickup, order.dropoff) + STOPS_S),
        refusals=belief.noes.count(row),
        broadcasts=belief.passed_by_all.get(row, 0),
        eligible=0,
        provider_open=belief.company_can(row),
        provider_approach=timedelta(seconds=belief.company.pickup_s),
    )


def _at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
