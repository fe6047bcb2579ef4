"""Solutions in the official text format: three files a day, space separated, whole minutes, one header each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from doorstep.sim.mdrp.instance import Instance
from doorstep.sim.mdrp.log import Stop

ASSIGNMENTS, ORDERS, MOVES = (f"solution_info_{name}.txt" for name in ("assignments", "orders", "couriers"))


@dataclass(frozen=True, slots=True)
class Bundle:
    """One line of the assignments: what a courier takes from a restaurant, in drop sequence."""

    assigned_min: float
    pickup_min: float
    courier: str
    orders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delivered:
    """One line of the orders."""

    order: str
    placed_min: float
    ready_min: float
    pickup_min: float
    drop_min: float
    courier: str


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the couriers: ids of the places left and gone to."""

    courier: str
    departure_min: float
    origin: str
    destination: str


@dataclass(frozen=True, slots=True)
class Solution:
    """A whole day."""

    bundles: tuple[Bundle, ...]
    delivered: tuple[Delivered, ...]
    moves: tuple[Move, ...]


def of_stops(instance: Instance, stops: Sequence[Stop]) -> Solution:
    """The solution that a played day amounts to."""
    order = {o.id: o for o in instance.orders}
    picked: dict[str, float] = {}
    where = {c.id: c.id for c in instance.couriers}
    bundles, delivered, moves = [], [], []
    for stop in sorted(stops, key=lambda s: (s.at_s, s.left_s, s.courier, not s.is_pickup)):
        at_min = stop.at_s / 60
        moves.append(Move(stop.courier, stop.left_s / 60, where[stop.courier], stop.place))
        where[stop.courier] = stop.place
        if stop.is_pickup:
            bundles.append(Bundle(stop.assigned_s / 60, at_min, stop.courier, stop.orders))
            picked.update(dict.fromkeys(stop.orders, at_min))
            continue
        for id_ in stop.orders:
            o = order[id_]
            delivered.append(Delivered(id_, o.placed_min, o.ready_min, picked[id_], at_min, stop.courier))
    return Solution(tuple(bundles), tuple(delivered), tuple(moves))


def write(folder: Path, solution: Solution) -> None:
    """Put the three files into ``folder``, which is made when absent."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(
        folder / ASSIGNMENTS,
        "assignment_time pickup_time courier orders",
        ((b.assigned_min, b.pickup_min, b.courier, *b.orders) for b in solution.bundles),
    )
    _write(
        folder / ORDERS,
        "order placement_time ready_time pickup_time dropoff_time courier",
        (
            (d.order, d.placed_min, d.ready_min, d.pickup_min, d.drop_min, d.courier)
            for d in solution.delivered
        ),
    )
    _write(
        folder / MOVES,
        "courier departure_time origin destination",
        ((m.courier, m.departure_min, m.origin, m.destination) for m in solution.moves),
    )


def read(folder: Path) -> Solution:
    """The solution in ``folder``. Raises FileNotFoundError, ValueError for a malformed line."""
    return Solution(
        tuple(Bundle(float(r[0]), float(r[1]), r[2], tuple(r[3:])) for r in _rows(folder / ASSIGNMENTS)),
        tuple(
            Delivered(r[0], float(r[1]), float(r[2]), float(r[3]), float(r[4]), r[5])
            for r in _rows(folder / ORDERS)
        ),
        tuple(Move(r[0], float(r[1]), r[2], r[3]) for r in _rows(folder / MOVES)),
    )


def _write(path: Path, header: str, rows: Iterable[tuple[float | str, ...]]) -> None:
    lines = [" ".join(cell if isinstance(cell, str) else f"{cell:g}" for cell in row) for row in rows]
    path.write_text("\n".join([header, *lines]) + "\n")


def _rows(path: Path) -> list[list[str]]:
    rows = [line.split() for line in path.read_text().splitlines()[1:] if line.strip()]
    shortest = 6 if path.name == ORDERS else 4
    for number, row in enumerate(rows, 2):
        if len(row) < shortest:
            raise ValueError(f"{path.name}, line {number}: {len(row)} columns, at least {shortest} expected")
    return rows
