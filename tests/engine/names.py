"""The same world under other names, and decisions told in the old ones again."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

import msgspec

from doorstep.engine.decisions import Decisions
from doorstep.engine.world import Order, World


def renamed(world: World, chance: Random) -> tuple[World, dict[str, str]]:
    """``world`` with new names for orders, drivers and stores, which sort in any sequence, and the old name of each."""
    orders = [*world.orders, *(o for d in world.drivers for o in d.aboard)]
    old = sorted({*(o.id for o in orders), *(o.store for o in orders), *(d.id for d in world.drivers)})
    new = [f"n{k:03d}" for k in range(len(old))]
    chance.shuffle(new)
    name = dict(zip(old, new, strict=True))

    def told(order: Order) -> Order:
        refused_by = frozenset(name.get(d, d) for d in order.refused_by)
        return replace(order, id=name[order.id], store=name[order.store], refused_by=refused_by)

    drivers = tuple(
        replace(d, id=name[d.id], keeps=tuple(name[o] for o in d.keeps), aboard=tuple(map(told, d.aboard)))
        for d in world.drivers
    )
    plan = {
        name.get(driver, driver): tuple(tuple(name.get(o, o) for o in step) for step in chain)
        for driver, chain in world.plan.items()
    }
    return World(tuple(map(told, world.orders)), drivers, plan), dict(zip(new, old, strict=True))


def told_in(decisions: Decisions, names: Mapping[str, str]) -> Any:
    """Everything ``decisions`` say, under other names; outlooks by the order's, as always."""

    def put(value: Any) -> Any:
        match value:
            case str():
                return names.get(value, value)
            case dict():
                return {put(key): put(one) for key, one in value.items()}
            case list() | tuple():
                return [put(one) for one in value]
        return value

    said = put(msgspec.to_builtins(decisions))
    said["outlooks"].sort(key=lambda outlook: outlook["order"])
    return said
