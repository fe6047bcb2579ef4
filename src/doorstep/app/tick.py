"""``doorstep replay-tick``: a recorded tick decided again, and what other parameters would have decided."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from doorstep.app import figures
from doorstep.engine.decisions import Decisions, Drop, Outlook, Pickup, Send
from doorstep.engine.differences import Act, Acted, Differences, Stood, differences, orders_of
from doorstep.engine.params import LIMITS, WHOLE, Params
from doorstep.engine.record import NotATick, Tick, unpack

Row = tuple[str, ...]
YES, NO = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"})
SHORT = 12
"""Names up to this long are told whole, others by their ends."""


def replay(file: Path, param: Sequence[str], json: str | None) -> None:
    """See ``commands.replay_tick``. Raises typer.BadParameter, and typer.Exit where law 6 is broken and nothing else was asked."""
    try:
        tick = unpack(file.read_bytes())
    except NotATick as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint="FILE") from error
    changed = parameters(param)
    again = _decided(tick, tick.params)
    same = differences(tick.decisions, again).same
    typer.echo(_headline(tick))
    if not same:
        typer.echo(
            "NOT BIT FOR BIT what was recorded: with the parameters of the record this version decides otherwise"
            f"{'; below is compared with what it decides' if changed else ''}."
        )
    elif not changed:
        typer.echo("The same to the last bit.")
    first, second = (
        (again, _decided(tick, replace(tick.params, **changed))) if changed else (tick.decisions, again)
    )
    found = differences(first, second)
    if changed:
        typer.echo(
            "changed: " + ", ".join(_turned(tick.params, name, value) for name, value in changed.items())
        )
    if not changed and same:
        for send in tick.decisions.sends:
            typer.echo(f"{send.driver} ← {', '.join(send.orders)}: {send.sentence}")
    else:
        _show(tick, first, second, found)
    figures.write(json, _figures(tick, changed, first, second, found, same=same))
    if not changed and not same:
        raise typer.Exit(1)


def parameters(texts: Sequence[str]) -> dict[str, Any]:
    """What was typed as NAME=VALUE, by name. Raises typer.BadParameter that says what is allowed."""
    found: dict[str, Any] = {}
    for text in texts:
        name, given, value = text.partition("=")
        if not given:
            raise _refused(f"{text!r} is not NAME=VALUE")
        if name not in LIMITS:
            raise _refused(f"no parameter is called {name!r}; there are {', '.join(sorted(LIMITS))}")
        if name in found:
            raise _refused(f"{name} is given twice")
        found[name] = _value(name, value)
    return found


def _value(name: str, text: str) -> Any:
    default = getattr(Params(), name)
    if isinstance(default, bool):
        if text.lower() not in YES | NO:
            raise _refused(f"{name} is true or false, not {text!r}")
        return text.lower() in YES
    kind: Callable[[str], float] = int if name in WHOLE else float
    try:
        value: Any = kind(text)
        replace(Params(), **{name: value})
    except ValueError as error:
        least, most = LIMITS[name]
        what = "a whole number" if name in WHOLE else "a number"
        raise _refused(f"{name} is {what} between {least:,} and {most:,}, not {text!r}") from error
    return value


def _refused(why: str) -> typer.BadParameter:
    return typer.BadParameter(why, param_hint="--param")


def _decided(tick: Tick, params: Params) -> Decisions:
    from doorstep.app.kernels import warmed
    from doorstep.engine.compiled import PYTHON

    kernels = warmed(params) if tick.kernels == "numba" else PYTHON
    try:
        return tick.again(kernels, params)
    except ValueError as error:  # as on board, where stores are not mixed
        raise _refused(f"this tick cannot be decided so: {error}") from error


def _headline(tick: Tick) -> str:
    at = datetime.fromtimestamp(tick.now_s, UTC)
    return f"Tick of {at:%Y-%m-%d %H:%M:%S} UTC: {len(tick.world.orders)} orders, {len(tick.world.drivers)} drivers."


def _turned(params: Params, name: str, value: object) -> str:
    return f"{name} {getattr(params, name)} → {value}"


def _show(tick: Tick, before: Decisions, after: Decisions, found: Differences) -> None:
    """The differences as tables for the person at the terminal, and the costs."""
    name = _names(tick)

    def tell(title: str, heads: Sequence[str], rows: Iterable[Row]) -> None:
        lines = list(rows)
        if not lines:
            return
        table = Table(title=f"{title} ({len(lines)})", title_justify="left", show_lines=True)
        for head in heads:
            table.add_column(head, overflow="fold")
        for line in lines:
            table.add_row(*(Text(cell) for cell in line))
        Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 200).print(table)

    heads = ("driver", "cost, minutes", "why")
    tell(
        "Sent otherwise",
        ("orders", heads[0], "leaves, after the tick", *heads[1:]),
        (_sent(acted, tick.now_s, name) for acted in found.sends),
    )
    tell(
        "Picked up otherwise",
        ("orders", heads[0], "joined", "picked up, after the tick", *heads[1:]),
        (_picked(acted, tick.now_s, name) for acted in found.pickups),
    )
    tell(
        "Handed over otherwise",
        ("order", heads[0], "leaves, after the tick", "why"),
        (_dropped(acted, tick.now_s, name) for acted in found.drops),
    )
    tell(
        "Waits otherwise",
        ("order", "where it stands", "why"),
        (_waits(stood, name) for stood in found.outlooks),
    )
    if found.same:
        typer.echo("Nothing differs, to the last bit.")
    elif not found.acts:
        typer.echo("Nothing is decided otherwise; only figures differ.")
    if found.figures:
        typer.echo(
            f"Besides, of {found.figures} that stay as they are a cost, a time, a reason or who comes next differs."
        )
    typer.echo(
        f"The whole plan costs {_pair(f'{before.cost:.3f}', f'{after.cost:.3f}')} minutes of a shopper's waiting,"
        f" with {_pair(str(len(before.sends)), str(len(after.sends)))} sends"
        f" and {_pair(str(_left_out(before)), str(_left_out(after)))} orders left out."
    )


def _names(tick: Tick) -> Callable[[str], str]:
    """How an id is told: whole when all are short, else by an end that tells all of them apart."""
    world = tick.world
    ids = (
        {o.id for o in world.orders}
        | {d.id for d in world.drivers}
        | {o.id for d in world.drivers for o in d.aboard}
    )
    if all(len(id_) <= SHORT for id_ in ids):
        return str
    long = max(map(len, ids))
    end = next((n for n in range(6, long) if len({id_[-n:] for id_ in ids}) == len(ids)), long)
    return lambda id_: id_ if len(id_) <= end else f"…{id_[-end:]}"


def _pair(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _both[A: Act](acted: Acted, kind: type[A], tell: Callable[[A], str]) -> str:
    """What ``tell`` says of the act before and after."""
    told = [tell(act) if isinstance(act, kind) else "—" for act in (acted.before, acted.after)]
    return _pair(*told)


def _who(acted: Acted, name: Callable[[str], str]) -> str:
    """Drivers, each with what else is in her trip."""

    def one(act: Act | None) -> str:
        if act is None:
            return "nobody now"
        others = [name(order) for order in orders_of(act) if order not in acted.orders]
        return name(act.driver) + (f" with {', '.join(others)}" if others else "")

    return _pair(one(acted.before), one(acted.after))


def _after(since_s: int) -> Callable[[int], str]:
    """A time as minutes and seconds after the tick."""

    def told(at_s: int) -> str:
        minutes, seconds = divmod(abs(at_s - since_s), 60)
        return f"{'-' if at_s < since_s else '+'}{minutes}:{seconds:02}"

    return told


def _sent(acted: Acted, now_s: int, name: Callable[[str], str]) -> Row:
    at = _after(now_s)
    return (
        ", ".join(map(name, acted.orders)),
        _who(acted, name),
        _both(acted, Send, lambda send: at(send.leave_s)),
        _both(acted, Send, lambda send: f"{send.cost:.2f}"),
        _both(acted, Send, lambda send: send.sentence),
    )


def _picked(acted: Acted, now_s: int, name: Callable[[str], str]) -> Row:
    at = _after(now_s)
    return (
        ", ".join(map(name, acted.orders)),
        _who(acted, name),
        _both(acted, Pickup, lambda pickup: ", ".join(map(name, pickup.joined)) or "none"),
        _both(acted, Pickup, lambda pickup: at(pickup.pickup_s)),
        _both(acted, Pickup, lambda pickup: f"{pickup.cost:.2f}"),
        _both(acted, Pickup, lambda pickup: pickup.sentence),
    )


def _dropped(acted: Acted, now_s: int, name: Callable[[str], str]) -> Row:
    at = _after(now_s)
    return (
        ", ".join(map(name, acted.orders)),
        _who(acted, name),
        _both(acted, Drop, lambda drop: at(drop.leave_s)),
        _both(acted, Drop, lambda drop: drop.sentence),
    )


def _waits(stood: Stood, name: Callable[[str], str]) -> Row:
    told = [_standing(outlook, name) for outlook in (stood.before, stood.after)]
    why = [outlook.sentence if outlook else "—" for outlook in (stood.before, stood.after)]
    return name(stood.order), _pair(*told), _pair(*why)


def _standing(outlook: Outlook | None, name: Callable[[str], str] = str) -> str:
    if outlook is None:
        return "acted on now"
    if outlook.driver is not None:
        return f"planned with {name(outlook.driver)}"
    return "left to a courier company" if outlook.elsewhere else "left out"


def _left_out(decisions: Decisions) -> int:
    return sum(outlook.driver is None for outlook in decisions.outlooks)


def _figures(
    tick: Tick,
    changed: Mapping[str, Any],
    before: Decisions,
    after: Decisions,
    found: Differences,
    *,
    same: bool,
) -> dict[str, Any]:
    """The same for machines: names whole, times in seconds since 1970, costs in minutes of a shopper's waiting."""
    return {
        "at_s": tick.now_s,
        "orders": len(tick.world.orders),
        "drivers": len(tick.world.drivers),
        "sends": len(tick.decisions.sends),
        "cost": tick.decisions.cost,
        "same": same,
        "params_changed": {
            name: {"before": getattr(tick.params, name), "after": value} for name, value in changed.items()
        },
        "sends_before": len(before.sends),
        "sends_again": len(after.sends),
        "cost_before": before.cost,
        "cost_again": after.cost,
        "left_out_before": _left_out(before),
        "left_out_again": _left_out(after),
        "nothing_differs": found.same,
        "only_figures_differ": found.figures,
        "sent_otherwise": [_acted(acted) for acted in found.sends],
        "picked_up_otherwise": [_acted(acted) for acted in found.pickups],
        "handed_over_otherwise": [_acted(acted) for acted in found.drops],
        "waits_otherwise": [
            {"order": stood.order, "before": _outlook(stood.before), "after": _outlook(stood.after)}
            for stood in found.outlooks
        ],
    }


TOLD = (
    "driver",
    "order",
    "orders",
    "joined",
    "leave_s",
    "pickup_s",
    "drop_s",
    "drops_s",
    "visits",
    "cost",
    "sentence",
)
"""Of an act, for machines."""


def _acted(acted: Acted) -> dict[str, Any]:
    def told(act: Act | None) -> dict[str, Any] | None:
        return None if act is None else {f.name: getattr(act, f.name) for f in fields(act) if f.name in TOLD}

    return {"orders": acted.orders, "before": told(acted.before), "after": told(acted.after)}


def _outlook(outlook: Outlook | None) -> dict[str, Any] | None:
    if outlook is None:
        return None
    return {
        "stands": _standing(outlook),
        "driver": outlook.driver,
        "pickup_s": outlook.pickup_s,
        "drop_s": outlook.drop_s,
        "sentence": outlook.sentence,
    }
