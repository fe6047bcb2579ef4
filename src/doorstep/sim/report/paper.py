"""The paper of a drawing: scales, round ticks, axes. Colours and the size of letters come from the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDE, HIGH = 320, 280
LEFT, RIGHT, TOP, BOTTOM = 46, 24, 28, 42
CENT = 0.01
LETTER_WIDE, LETTER_HIGH = 9.0, 14.0
"""What the largest letters need, those on a phone."""


def steps(low: float, high: float, count: int = 5, least: float = CENT) -> list[float]:
    """About ``count`` round numbers that span ``low`` to ``high``, no nearer to each other than ``least``."""
    raw = max((high - low) / count, least)
    power: float = 10.0 ** floor(log10(raw) + 1e-9)
    multiples = (1.0, 2.0, 2.5, 5.0, 10.0) if power >= 0.1 else (1.0, 2.0, 5.0, 10.0)
    step = next(m * power for m in multiples if m * power >= raw * 0.999)
    begin, end = floor(low / step + 1e-6), ceil(high / step - 1e-6)
    return [round(number * step, 6) for number in range(begin, max(end, begin + 1) + 1)]


def plain(value: float) -> str:
    """A number on an axis."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Scale:
    """From figures to places on the paper."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where ``value`` lies; what lies beyond the paper is at its edge."""
        part = (value - self.low) / max(self.high - self.low, 1e-9)
        return self.start + min(max(part, 0.0), 1.0) * (self.end - self.start)


def axes(
    xs: Sequence[float], ys: Sequence[float], x_title: str, y_title: str, money: bool
) -> tuple[str, Scale, Scale]:
    """Grid, ticks and titles around the ticks ``xs`` and ``ys``."""
    x = Scale(xs[0], xs[-1], LEFT, WIDE - RIGHT)
    y = Scale(ys[0], ys[-1], HIGH - BOTTOM, TOP)
    parts = []
    for value in ys:
        at = y.at(value)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDE - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(
            f'<text class="tick" x="{LEFT - 5}" y="{at + 4:.1f}" text-anchor="end">{plain(value)}</text>'
        )
    for value in xs:
        text = f"${value:,.2f}" if money else plain(value)
        parts.append(
            f'<text class="tick" x="{x.at(value):.1f}" y="{HIGH - BOTTOM + 16}" text-anchor="middle">{text}</text>'
        )
    parts.append(
        f'<text class="axis" x="{WIDE - RIGHT}" y="{HIGH - 7}" text-anchor="end">{escape(x_title)}</text>'
    )
    parts.append(f'<text class="axis" x="4" y="{TOP - 14}">{escape(y_title)}</text>')
    return "".join(parts), x, y


def svg(body: str, says: str, high: int = HIGH) -> str:
    """A drawing with the sentence that stands for it."""
    return f'<svg viewBox="0 0 {WIDE} {high}" role="img" aria-label="{escape(says, quote=True)}">{body}</svg>'


def nothing(says: str) -> str:
    """A drawing of nothing."""
    return svg(f'<text class="axis" x="8" y="40">{escape(says)}</text>', says, 60)


@dataclass(slots=True)
class Taken:
    """What of the paper is written or drawn on: boxes of left, top, right, bottom."""

    boxes: list[tuple[float, float, float, float]]

    def take(self, left: float, top: float, right: float, bottom: float) -> bool:
        """Take a box if it is on the paper and free."""
        if left < LEFT or right > WIDE - 2 or top < TOP - LETTER_HIGH or bottom > HIGH - BOTTOM:
            return False
        if any(left < b[2] and b[0] < right and top < b[3] and b[1] < bottom for b in self.boxes):
            return False
        self.boxes.append((left, top, right, bottom))
        return True
