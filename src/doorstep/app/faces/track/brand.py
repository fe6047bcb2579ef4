"""A merchant's one colour made into a page, light and dark, that can always be read."""

from dataclasses import dataclass

from doorstep.features.merchants.rules import READABLE, Brand, contrast

_ENOUGH = READABLE + 0.1  # rounding of mixed colours must not eat the margin


@dataclass(frozen=True, slots=True)
class Shades:
    """The colours of one theme. ``brand`` can be read on ``paper``, ``surface`` and ``soft``; ``on_brand`` on it."""

    brand: str
    on_brand: str
    paper: str
    soft: str
    surface: str
    raised: str
    line: str
    line_2: str
    sunken: str


def shades(brand: Brand, *, dark: bool) -> Shades:
    """The page's colours of ``brand``, moved lighter or darker until every text reaches 4.5:1."""
    own = brand.colour
    if dark:
        paper = mixed(own, "#10110f", 0.07)
        surface = mixed(own, "#1b1c19", 0.08)
        soft = mixed(own, "#201d1b", 0.26)
        raised, sunken = mixed(own, "#262722", 0.10), mixed(own, "#0c0d0b", 0.05)
        line, line_2 = mixed(own, "#33352f", 0.12), mixed(own, "#4a4d45", 0.12)
        towards = "#ffffff"
    else:
        paper = mixed(own, "#fbf9f5", 0.05)
        surface, raised = "#fffdfc", "#ffffff"
        soft = mixed(own, "#ffffff", 0.11)
        sunken = mixed(own, "#f2efe9", 0.07)
        line, line_2 = mixed(own, "#e6e1da", 0.10), mixed(own, "#cbc4bc", 0.12)
        towards = "#000000"
    readable = moved(own, towards, (paper, surface, soft))
    own_text_does = readable == own and brand.readable
    best = max("#000000", "#ffffff", key=lambda text: contrast(text, readable))
    return Shades(
        readable,
        brand.text_colour if own_text_does else best,
        paper,
        soft,
        surface,
        raised,
        line,
        line_2,
        sunken,
    )


def moved(colour: str, towards: str, grounds: tuple[str, ...]) -> str:
    """``colour``, mixed with as little of ``towards`` as makes it readable on all ``grounds``."""
    for step in range(21):
        tried = mixed(towards, colour, step / 20)
        if all(contrast(tried, ground) >= _ENOUGH for ground in grounds):
            return tried
    return towards


def mixed(a: str, b: str, part: float) -> str:
    """``part`` of ``a`` in ``b``, channel by channel."""
    pairs = zip(_channels(a), _channels(b), strict=True)
    return "#" + "".join(f"{round(x * part + y * (1 - part)):02x}" for x, y in pairs)


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
