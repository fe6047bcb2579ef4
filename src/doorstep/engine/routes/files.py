"""Readers of the two public formats, from text: Li & Lim (2003) and Sartori & Buriol (2020, real road times)."""

import numpy as np

from doorstep.engine.routes.problem import Matrix, Problem, Request, Vehicle, Visit
from doorstep.engine.routes.sound import require_sound


class NotAProblem(ValueError):
    """The text is in neither format; says where it stopped making sense."""


def read(text: str) -> Problem:
    """The problem in ``text``, of either format, sound. Raises NotAProblem."""
    lines = text.splitlines()
    if not lines or not lines[0].strip():
        raise NotAProblem("line 1: nothing there")
    try:
        found = _road(lines) if lines[0].startswith("NAME:") else _li_lim(lines)
        require_sound(found)
        return found
    except (ValueError, IndexError, KeyError) as problem:
        raise NotAProblem(f"neither Li & Lim nor Sartori & Buriol: {problem}") from problem


def _li_lim(lines: list[str]) -> Problem:
    """`vehicles capacity speed`, then `id x y demand opens closes service pickup delivery` a node; node 0 is the depot.

    Distance and travel time are Euclidean in double precision.
    """
    vehicles, capacity = (float(word) for word in lines[0].split()[:2])
    nodes = [[float(word) for word in line.split()] for line in lines[1:] if line.strip()]
    points = np.array([node[1:3] for node in nodes])
    gaps = points[:, None, :] - points[None, :, :]
    return _assemble(
        [node[:1] + node[3:] for node in nodes], np.sqrt((gaps * gaps).sum(axis=2)), int(vehicles), capacity
    )


def _road(lines: list[str]) -> Problem:
    """A header, NODES `id lat lon demand opens closes service pickup delivery`, EDGES: minutes from row to column."""
    at_nodes, at_edges = lines.index("NODES"), lines.index("EDGES")
    header = dict(line.split(":", 1) for line in lines[:at_nodes] if ":" in line)
    size = int(header["SIZE"])
    nodes = [[float(word) for word in line.split()] for line in lines[at_nodes + 1 : at_edges]]
    travel = np.array(
        [[float(w) for w in line.split()] for line in lines[at_edges + 1 : at_edges + 1 + size]]
    )
    if travel.shape != (size, size):
        raise NotAProblem(f"EDGES is {travel.shape}, SIZE says {size}")
    # The format sets no limit to the fleet; a vehicle a request is always enough.
    found = _assemble([n[:1] + n[3:] for n in nodes], travel, (size - 1) // 2, float(header["CAPACITY"]))
    return Problem(found.requests, found.vehicles, travel, fewest_vehicles=True, direct=False)


def _assemble(nodes: list[list[float]], travel: Matrix, vehicles: int, capacity: float) -> Problem:
    """From `id demand opens closes service pickup delivery` a node. A pickup names its delivery, not the reverse."""
    if any(int(node[0]) != row for row, node in enumerate(nodes)):
        raise NotAProblem("nodes are not numbered from 0 without a gap")
    visits = [Visit(row, n[2], n[3], n[4]) for row, n in enumerate(nodes)]
    requests = tuple(
        Request(str(row), visits[row], visits[int(n[6])], n[1])
        for row, n in enumerate(nodes)
        if row > 0 and int(n[5]) == 0
    )
    if {r.delivery.place for r in requests} | {r.pickup.place for r in requests} != set(range(1, len(nodes))):
        raise NotAProblem("pickups and deliveries do not pair up")
    depot = visits[0]
    fleet = tuple(
        Vehicle(str(k), 0, 0, capacity, starts_s=depot.opens_s, ends_s=depot.closes_s)
        for k in range(vehicles)
    )
    return Problem(requests, fleet, travel, fewest_vehicles=True)
