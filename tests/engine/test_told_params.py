"""docs/dispatch.md tells every parameter of the engine, its default and a market's bounds, as the code has them."""

import re
from dataclasses import fields
from pathlib import Path

from doorstep.engine.params import Params
from doorstep.features.dispatch.snapshot import NAMED_MOST, STANDARD
from doorstep.features.markets.rules import KNOBS

PAGE = (Path(__file__).parents[2] / "docs/dispatch.md").read_text()
SECTION = PAGE.partition("### All parameters")[2].partition("\n### ")[0]


def bounds(name: str) -> str:
    knob = KNOBS.get(name)
    return f"{knob.lowest:,g} to {knob.highest:,g}" if knob else "—"


def written(value: float) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else f"{value:,g}"


def test_every_parameter_is_told_with_its_default_and_a_markets_bounds() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| [^|]+ \| [^|]+ \| ([^|]+) \|$", SECTION, re.MULTILINE)
    assert rows == [
        (field.name, written(getattr(Params(), field.name)), bounds(field.name)) for field in fields(Params)
    ]


def test_what_a_live_market_starts_from_is_told() -> None:
    """But for ``tick_s``, which every market says for itself."""
    (told,) = re.findall(r"A live market starts from (.*?)\. What", SECTION, re.DOTALL)
    ours = {
        f.name: getattr(STANDARD, f.name) for f in fields(Params) if getattr(STANDARD, f.name) != f.default
    }
    found = {name: int(value or True) for name, value in re.findall(r"`(\w+)`(?: (\d+))?", told)}
    assert found == {**ours, "named_most": NAMED_MOST}
