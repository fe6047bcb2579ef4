"""Readers of the two public formats, from text: Li & Lim (2003) and Sartori & Buriol (2020, real road times).

Blank lines, spaces at the ends and a byte order mark mean nothing. Every mistake is told with its line and what is allowed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from doorstep.engine.routes.problem import Matrix, Problem, Request, Vehicle, Visit
from doorstep.engine.routes.sound import require_sound

NODE = ("id", "x", "y", "demand", "opens", "closes", "service", "pickup", "delivery")
MOST = 1e9
"""No number of a file is larger: sums of them stay exact."""


class NotAProblem(ValueError):
    """The text is in neither format; says in which line it stopped making sense, and what is allowed there."""


@dataclass(frozen=True, slots=True)
class Line:
    """The words of one line that is not blank."""

    number: int
    words: list[str]

    def wrong(self, what: str) -> NotAProblem:
        """The refusal that says ``what`` of this line."""
        return NotAProblem(f"line {self.number}: {what}")

    def real(self, place: int, name: str, least: float = -MOST) -> float:
        """The number in ``place``."""
        try:
            found = float(self.words[place])
        except ValueError:
            found = math.nan
        if not least <= found <= MOST:
            raise self.wrong(f"{name} is {_short(self.words[place])}; it is a number between {least:,.0f} and {MOST:,.0f}")  # fmt: skip
        return found

    def whole(self, place: int, name: str, least: int = 0, most: float = MOST) -> int:
        """The whole number in ``place``."""
        try:
            found = float(self.words[place])
        except ValueError:
            found = math.nan
        if not (least <= found <= most and found.is_integer()):
            raise self.wrong(f"{name} is {_short(self.words[place])}; it is a whole number between {least} and {most:,.0f}")  # fmt: skip
        return int(found)


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the nodes. ``pickup`` and ``delivery`` are the partner's row, 0 for none."""

    line: Line
    x: float
    y: float
    demand: float
    opens: float
    closes: float
    service: float
    pickup: int
    delivery: int


def read(text: str) -> Problem:
    """The problem in ``text``, of either format, sound. Raises NotAProblem."""
    told = text.removeprefix("\ufeff").split("\n")
    lines = [Line(number, words) for number, line in enumerate(told, 1) if (words := line.split())]
    if not lines:
        raise NotAProblem("line 1: nothing there")
    found = _road(lines) if lines[0].words[0].startswith("NAME") else _li_lim(lines)
    try:
        require_sound(found)
    except ValueError as problem:
        raise NotAProblem(str(problem)) from problem
    return found


def _short(word: str) -> str:
    return repr(word if len(word) <= 20 else f"{word[:20]}…")


def _li_lim(lines: list[Line]) -> Problem:
    """`vehicles capacity speed`, then `id x y demand opens closes service pickup delivery` a node; node 0 is the depot.

    Distance and travel time are Euclidean in double precision.
    """
    head = lines[0]
    if len(head.words) not in {2, 3} or not all(_is_number(word) for word in head.words):
        raise head.wrong("neither Li & Lim (`vehicles capacity speed`) nor Sartori & Buriol (`NAME: …`)")
    vehicles, capacity = head.whole(0, "vehicles", 1, 1_000_000), _capacity(head, 1)
    nodes = _nodes(lines[1:], head)
    points = np.array([(node.x, node.y) for node in nodes])
    gaps = points[:, None, :] - points[None, :, :]
    return _assemble(nodes, np.sqrt((gaps * gaps).sum(axis=2)), vehicles, capacity)


def _road(lines: list[Line]) -> Problem:
    """A header, NODES `id lat lon demand opens closes service pickup delivery`, EDGES: minutes from row to column."""
    sections = {line.words[0].rstrip(":"): at for at, line in enumerate(lines) if len(line.words) == 1}
    for name in ("NODES", "EDGES"):
        if name not in sections:
            raise lines[-1].wrong(f"the file ends, and no line was {name}")
    at_nodes, at_edges = sections["NODES"], sections["EDGES"]
    if at_edges < at_nodes:
        raise lines[at_edges].wrong("EDGES comes before NODES; it comes after them")
    header: dict[str, Line] = {}
    for line in lines[:at_nodes]:
        name, _, value = " ".join(line.words).partition(":")
        header[name.strip()] = Line(line.number, [value.strip()])
    for name in ("SIZE", "CAPACITY"):
        if name not in header:
            raise lines[at_nodes].wrong(f"NODES, and no line before said {name}: its number")
    size, capacity = header["SIZE"].whole(0, "SIZE", 1, 1_000_000), _capacity(header["CAPACITY"], 0)
    nodes = _nodes(lines[at_nodes + 1 : at_edges], lines[at_nodes])
    if len(nodes) != size:
        raise lines[at_edges].wrong(f"{len(nodes)} nodes before EDGES, SIZE says {size}")
    edges = [line for line in lines[at_edges + 1 :] if line.words != ["EOF"]]
    travel = np.array([_times(line, size) for line in edges[:size]])
    if len(edges) != size:
        raise lines[-1].wrong(f"{len(edges)} lines of EDGES, SIZE says {size}")
    found = _assemble(nodes, travel, size, capacity)  # the format sets no limit to the fleet
    return Problem(found.requests, found.vehicles, travel, fewest_vehicles=True, direct=False)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _capacity(line: Line, place: int) -> float:
    capacity = line.real(place, "capacity", 0)
    if capacity == 0:
        raise line.wrong("capacity is 0; it is above that")
    return capacity


def _times(line: Line, size: int) -> list[float]:
    if len(line.words) != size:
        raise line.wrong(f"{len(line.words)} times in a line of EDGES, SIZE says {size}")
    return [line.real(place, f"the time to node {place}", 0) for place in range(size)]


def _nodes(lines: Sequence[Line], before: Line) -> list[Node]:
    """The nodes, numbered from 0, each pairing told the same by both its ends."""
    if not lines:
        raise before.wrong("the last line before the nodes, and there are none")
    nodes = [_node(line, row, len(lines)) for row, line in enumerate(lines)]
    for row, node in enumerate(nodes[1:], 1):
        if (node.pickup == 0) == (node.delivery == 0):
            raise node.line.wrong(f"node {row} names {'no pickup or' if node.pickup == 0 else 'a pickup and a'} delivery; one of the two is 0, the other its partner")  # fmt: skip
    for row, node in enumerate(nodes[1:], 1):
        mate = nodes[node.pickup or node.delivery]
        if (mate.delivery if node.pickup else mate.pickup) != row:
            raise node.line.wrong(f"node {row} is paired with node {node.pickup or node.delivery}, which line {mate.line.number} pairs otherwise; both name each other")  # fmt: skip
        if node.delivery and (node.demand < 0 or mate.demand != -node.demand):
            raise node.line.wrong(f"node {row} picks up {node.demand:g}, its delivery in line {mate.line.number} says {mate.demand:g}; it is the same number below 0")  # fmt: skip
    if len(nodes) == 1:
        raise nodes[0].line.wrong("the depot is the only node; there is at least one pickup with its delivery")  # fmt: skip
    return nodes


def _node(line: Line, row: int, count: int) -> Node:
    if len(line.words) != len(NODE):
        raise line.wrong(f"{len(line.words)} columns of a node; there are {len(NODE)}: {' '.join(NODE)}")
    if line.whole(0, "id") != row:
        raise line.wrong(f"node {_short(line.words[0])}; nodes are numbered from 0 without a gap, this is {row}")  # fmt: skip
    x, y, demand = (line.real(place, NODE[place]) for place in (1, 2, 3))
    opens, closes = (line.real(place, NODE[place]) for place in (4, 5))
    if closes < opens:
        raise line.wrong(f"closes at {closes:g}, before it opens at {opens:g}")
    service = line.real(6, NODE[6], 0)
    pickup, delivery = (line.whole(place, NODE[place], 0, count - 1) for place in (7, 8))
    return Node(line, x, y, demand, opens, closes, service, pickup, delivery)


def _assemble(nodes: list[Node], travel: Matrix, vehicles: int, capacity: float) -> Problem:
    visits = [Visit(row, node.opens, node.closes, node.service) for row, node in enumerate(nodes)]
    requests = tuple(
        Request(str(row), visits[row], visits[node.delivery], node.demand)
        for row, node in enumerate(nodes)
        if row > 0 and node.delivery
    )
    depot = visits[0]
    # A vehicle a request is always enough.
    fleet = tuple(
        Vehicle(str(k), 0, 0, capacity, starts_s=depot.opens_s, ends_s=depot.closes_s)
        for k in range(min(vehicles, len(requests)))
    )
    return Problem(requests, fleet, travel, fewest_vehicles=True)
