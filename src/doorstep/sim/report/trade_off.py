"""Pay per order against promises kept, one mark a setting."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import cos, pi, sin

from doorstep.sim.report.paper import (
    LEFT,
    LETTER_HIGH,
    LETTER_WIDE,
    RIGHT,
    WIDE,
    Taken,
    axes,
    nothing,
    plain,
    steps,
    svg,
)

DOT, BEST_DOT = 3.5, 5.5
"""Radius of a mark, and of those of the recommended setting and the one that one has."""
FEW = 8
"""Up to as many settings all show their intervals, beyond only the two that matter."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One setting on the plot; halves are those of the intervals, zero after a single day."""

    number: int
    label: str
    x: float
    x_half: float
    y: float
    y_half: float
    best: bool
    first: bool

    @property
    def radius(self) -> float:
        """How large it is drawn."""
        return BEST_DOT if self.best or self.first else DOT


def trade_off(marks: Sequence[Mark], goal_pct: float, y_title: str = "% of promises kept") -> str:
    """Every mark on its point, its number beside it; bars are the intervals, the dashed line the goal."""
    if not marks:
        return nothing("nothing was delivered")
    barred = [m.number for m in marks if len(marks) <= FEW or m.best or m.first]
    xs = steps(*_span([(m.x / 100, m.x_half / 100 if m.number in barred else 0.0) for m in marks]), 4)
    low, high = _span([(m.y, m.y_half if m.number in barred else 0.0) for m in marks])
    ys = steps(max(0.0, min(low, goal_pct)), min(100.0, max(high, goal_pct)), 5, 0.1)
    body, x, y = axes(xs, ys, "pay per order", y_title, money=True)
    at = {m.number: (x.at(m.x / 100), y.at(m.y)) for m in marks}
    taken = Taken(
        [
            (cx - m.radius, cy - m.radius, cx + m.radius, cy + m.radius)
            for m in marks
            for cx, cy in [at[m.number]]
        ]
    )
    body += _goal(y.at(goal_pct), goal_pct, taken)
    drawn = sorted(marks, key=lambda m: (m.best, m.first, -m.number))  # what matters lies on top
    for mark in drawn:
        if mark.number in barred:
            cx, cy = at[mark.number]
            ends = [x.at((mark.x + side * mark.x_half) / 100) for side in (-1, 1)]
            tips = [y.at(mark.y + side * mark.y_half) for side in (-1, 1)]
            body += f'<g class="mark {_kind(mark)}"><line x1="{ends[0]:.1f}" x2="{ends[1]:.1f}" y1="{cy:.1f}" y2="{cy:.1f}"/>'
            body += f'<line x1="{cx:.1f}" x2="{cx:.1f}" y1="{tips[0]:.1f}" y2="{tips[1]:.1f}"/></g>'
    for mark in reversed(drawn):
        body += f'<g class="mark {_kind(mark)}">{_number(mark, *at[mark.number], taken)}</g>'
    for mark in drawn:
        cx, cy = at[mark.number]
        body += f'<g class="mark {_kind(mark)}"><title>{mark.number} · {escape(mark.label)}</title>'
        body += f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="{mark.radius}"/></g>'
    return svg(
        body,
        f"Pay per order against {y_title}, one numbered mark a setting; the table below holds the figures.",
    )


def _kind(mark: Mark) -> str:
    return "best" if mark.best else "first" if mark.first else "other"


def _span(values: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """What an axis spans: all means and their intervals, but no interval so wide that it squeezes the means together."""
    low, high = min(v for v, _ in values), max(v for v, _ in values)
    most = high - low if high > low else max(h for _, h in values)
    return min(v - min(h, most) for v, h in values), max(v + min(h, most) for v, h in values)


def _goal(at: float, goal_pct: float, taken: Taken) -> str:
    """The line of the goal and its name, at the end where no mark is."""
    text = f"goal {plain(goal_pct)}%"
    wide = LETTER_WIDE * len(text)
    anchor, from_x = "end", WIDE - RIGHT
    for up in (True, False):
        top = at - LETTER_HIGH - 2 if up else at + 2
        spots = (("end", WIDE - RIGHT - wide), ("start", LEFT + 4.0))
        side = next((s for s, left in spots if taken.take(left, top, left + wide, top + LETTER_HIGH)), None)
        if side:
            anchor, from_x = side, WIDE - RIGHT if side == "end" else LEFT + 4
            break
    else:
        up = True
    line = f'<line class="goal" x1="{LEFT}" x2="{WIDE - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
    return f'{line}<text class="tick" x="{from_x}" y="{at - 4 if up else at + LETTER_HIGH:.1f}" text-anchor="{anchor}">{text}</text>'


def _number(mark: Mark, x: float, y: float, taken: Taken) -> str:
    """The number beside its mark, or at the nearest free spot with a line that leads to it."""
    wide, high = LETTER_WIDE * len(str(mark.number)) + 3, LETTER_HIGH - 3
    for far in (0.0, 8.0, 16.0, 26.0, 38.0, 52.0):
        for turn in range(12):
            angle = -pi / 4 + turn * pi / 6
            across, down = cos(angle), sin(angle)
            aside = 1.0 if turn % 3 else 1.3  # between the bars of its cross
            middle_x = x + across * ((mark.radius + 2 + wide / 2) * aside + far)
            middle_y = y + down * ((mark.radius + 2 + high / 2) * aside + far)
            box = (middle_x - wide / 2, middle_y - high / 2, middle_x + wide / 2, middle_y + high / 2)
            if taken.take(*box):
                text = f'<text x="{middle_x:.1f}" y="{middle_y + high / 2 - 1:.1f}" text-anchor="middle">{mark.number}</text>'
                if not far:
                    return text
                short = (mark.radius + 1, mark.radius + 2 + far)
                ends = [(x + across * s, y + down * s) for s in short]
                return f'<line class="leads" x1="{ends[0][0]:.1f}" y1="{ends[0][1]:.1f}" x2="{ends[1][0]:.1f}" y2="{ends[1][1]:.1f}"/>{text}'
    return ""
