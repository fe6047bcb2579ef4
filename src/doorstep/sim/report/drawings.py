"""Lines over the hours and the map of the town as SVG: colours come from the page, so that day and night both read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import hypot

from doorstep.sim.report.paper import (
    LETTER_HIGH,
    LETTER_WIDE,
    TOP,
    WIDE,
    Scale,
    Taken,
    axes,
    nothing,
    steps,
    svg,
)

MANY_STORES = 60
"""From here on stores are small and lie below the discs."""

_APART = 4.0
"""As near as this two lines are one to the eye."""


@dataclass(frozen=True, slots=True)
class Line:
    """24 figures of a setting (None where there is nothing to tell), how they are drawn and what stands beside them."""

    kind: str
    name: str
    tag: str
    values: Sequence[float | None]


def by_hour(lines: Sequence[Line], y_title: str) -> str:
    """Lines over the hours of the day, the last on top."""
    told = [v for line in lines for v in line.values if v is not None]
    if not told:
        return nothing(f"{y_title}: nothing to show")
    ys = steps(0, max(told), 4)
    body, x, y = axes([0, 6, 12, 18, 24], ys, "hour of the day", y_title, money=False)
    for line in lines:
        runs: list[list[str]] = [[]]
        for hour, value in enumerate(line.values):
            if value is None:
                runs.append([])
            else:
                runs[-1].append(f"{x.at(hour + 0.5):.1f},{y.at(value):.1f}")
        for run in runs:
            if run:
                body += f'<polyline class="line {line.kind}" points="{" ".join(run)}"><title>{escape(line.name)}</title></polyline>'
    ways = [_way(line.values, x, y) for line in lines]
    taken = Taken([(px - 1.5, py - 1.5, px + 1.5, py + 1.5) for way in ways for px, py in way])
    for number, line in enumerate(lines):
        others = [spot for other, way in enumerate(ways) if other != number for spot in way]
        body += _tag(line, ways[number], others, taken)
    return svg(body, f"{y_title} by hour of the day: " + ", ".join(line.name for line in lines))


def _way(values: Sequence[float | None], x: Scale, y: Scale) -> list[tuple[float, float]]:
    """Places along a line, a few units apart."""
    found = []
    for hour, (value, after) in enumerate(zip(values, [*values[1:], None], strict=True)):
        if value is None:
            continue
        for part in (0.0,) if after is None else (0.0, 0.25, 0.5, 0.75):
            there = value if after is None else value + (after - value) * part
            found.append((x.at(hour + 0.5 + part), y.at(there)))
    return found


def _tag(
    line: Line, way: Sequence[tuple[float, float]], others: Sequence[tuple[float, float]], taken: Taken
) -> str:
    """What stands beside a line, where it is farthest from all others; nothing where it is the same as another."""
    if not line.tag:
        return ""
    wide = LETTER_WIDE * len(line.tag)
    far = [min((hypot(px - ox, py - oy) for ox, oy in others), default=99.0) for px, py in way]
    for away, (px, py) in sorted(zip(far, way, strict=True), key=lambda spot: (-spot[0], spot[1][1])):
        if away < _APART:
            break
        for across, foot in ((0.0, py - 4), (0.0, py + LETTER_HIGH), (wide, py - 2), (-wide, py - 2)):
            left = px + across - wide / 2
            if foot > TOP + 2 and taken.take(left, foot - LETTER_HIGH + 3, left + wide, foot):
                return f'<text class="tag {line.kind}" x="{px + across:.1f}" y="{foot:.1f}" text-anchor="middle">{line.tag}</text>'
    return ""


def town(
    cells: Mapping[tuple[int, int], tuple[int, float]],
    stores: Sequence[tuple[float, float]],
    roads: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    cell_m: float,
    bounds: Sequence[float],
    says: str,
    unit_told: str = "min",
) -> str:
    """The town by cells: a disc's area is the number of orders, its shade their figure, as minutes to the door; squares are stores.

    ``bounds`` part the shades, rising, of figures in ``unit_told``; ``roads`` are lines below it all, stores and roads in metres.
    """
    if not cells:
        return nothing("no orders")
    xs, ys = [c[0] for c in cells], [c[1] for c in cells]
    across, along = max(xs) - min(xs) + 2, max(ys) - min(ys) + 2
    unit = min((WIDE - 16) / across, 340 / along)
    high = round(along * unit + 16)
    most = max(count for count, _ in cells.values())

    def place(x: float, y: float) -> tuple[float, float]:
        return 8 + (x - min(xs) + 0.5) * unit, high - 8 - (y - min(ys) + 0.5) * unit

    body = f'<rect class="land" width="{WIDE}" height="{high}" rx="8"/>'
    for kind, line in roads:
        points = [place(x / cell_m, y / cell_m) for x, y in line]
        if any(0 <= px <= WIDE and 0 <= py <= high for px, py in points):
            told = " ".join(f"{px:.0f},{py:.0f}" for px, py in points)
            body += f'<polyline class="road {kind}" points="{told}"/>'
    many = len(stores) >= MANY_STORES
    shops = _stores([place(sx / cell_m, sy / cell_m) for sx, sy in stores], high, 2.4 if many else 4.0)
    body += shops if many else ""
    for (cx, cy), (count, figure) in sorted(cells.items(), key=lambda cell: -cell[1][0]):
        shade = sum(figure > bound for bound in bounds)
        at_x, at_y = place(cx + 0.5, cy + 0.5)
        radius = max(1.0, unit * 0.56 * (count / most) ** 0.5)
        body += f'<circle class="cell s{shade}" cx="{at_x:.1f}" cy="{at_y:.1f}" r="{radius:.1f}"><title>{count} {"order" if count == 1 else "orders"}, {figure:.0f} {unit_told}</title></circle>'
    body += "" if many else shops
    length_km = next((km for km in (20, 10, 5, 2) if km * 1000 / cell_m * unit <= WIDE / 3), 1)
    bar = length_km * 1000 / cell_m * unit
    body += f'<line class="scale" x1="10" x2="{10 + bar:.1f}" y1="{high - 10}" y2="{high - 10}"/>'
    body += f'<text class="tick" x="{14 + bar:.1f}" y="{high - 6.5}">{length_km} km</text>'
    return svg(body, says, high)


def _stores(places: Sequence[tuple[float, float]], high: int, wide: float) -> str:
    """Squares for the stores on the paper."""
    return "".join(
        f'<rect class="store" x="{x - wide / 2:.1f}" y="{y - wide / 2:.1f}" width="{wide:g}" height="{wide:g}"/>'
        for x, y in places
        if 0 <= x <= WIDE and 0 <= y <= high
    )
