"""A merchant's one colour made into a page, light and dark, that can always be read."""

import colorsys
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
    else:
        paper = mixed(own, "#fbf9f5", 0.05)
        surface, raised = "#fffdfc", "#ffffff"
        soft = mixed(own, "#ffffff", 0.11)
        sunken = mixed(own, "#f2efe9", 0.07)
        line, line_2 = mixed(own, "#e6e1da", 0.10), mixed(own, "#cbc4bc", 0.12)
    readable = moved(own, (paper, surface, soft), lighter=dark)
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


def ground_at_night(brand: Brand) -> dict[str, str]:
    """The map's tokens for the dark page, in the shade of the merchant's paper; by day the usual ones fit any."""
    own = brand.colour
    shaded = {
        "m-land": "#191a17",
        "m-zip1": "#191a17",
        "m-zip2": "#1e1f1b",
        "m-zip3": "#23241f",
        "m-zip-line": "#3a3c34",
        "m-local": "#272822",
        "m-art": "#3b3d35",
        "m-art-c": "#141511",
        "m-mot": "#5a564a",
        "m-mot-c": "#141511",
        "m-halo": "#141511",
        "m-mark-edge": "#141511",
        "m-air": "#22231f",
    }
    return {name: mixed(own, colour, 0.06) for name, colour in shaded.items()}


def moved(colour: str, grounds: tuple[str, ...], *, lighter: bool) -> str:
    """``colour``, its hue kept, made just light or dark enough to be read on all ``grounds``."""
    hue, lightness, strength = colorsys.rgb_to_hls(*(channel / 255 for channel in _channels(colour)))
    end = 1.0 if lighter else 0.0
    tried = colour
    for step in range(1, 41):
        if all(contrast(tried, ground) >= _ENOUGH for ground in grounds):
            return tried
        light = lightness + (end - lightness) * step / 40
        tried = "#" + "".join(f"{round(c * 255):02x}" for c in colorsys.hls_to_rgb(hue, light, strength))
    return tried


def mixed(a: str, b: str, part: float) -> str:
    """``part`` of ``a`` in ``b``, channel by channel."""
    pairs = zip(_channels(a), _channels(b), strict=True)
    return "#" + "".join(f"{round(x * part + y * (1 - part)):02x}" for x, y in pairs)


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
