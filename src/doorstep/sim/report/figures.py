"""Which figures a report shows, in whose words, and how they are written."""

from dataclasses import dataclass

from doorstep.sim.compare import Estimate
from doorstep.sim.study import Study

NONE = "\u2013"
"""Stands where there is nothing to tell."""
THIN = "\u202f"
MINUS = "\u2212"
POINTS = "pts"
"""Percentage points."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure of ``Measures`` as it is told."""

    name: str
    head: str
    says: str
    more_is_better: bool | None
    unit: str = ""
    money: bool = False
    places: int = 1
    beside: str = ""
    """The figure without which this one says nothing."""


SHOWN = (
    Shown("kept_pct", "Promises kept", "of all orders, at the door by the promised minute", True, "%"),
    Shown("ctd_mean", "Click to door", "minutes from order to door, on average", False, "min"),
    Shown("ctd_p90", "Slowest tenth", "one order in ten takes longer than this", False, "min"),
    Shown("undelivered_pct", "Undelivered", "orders nobody brought", False, "%", places=2),
    Shown("rtp_mean", "Ready to pickup", "minutes goods wait in the store", False, "min"),
    Shown(
        "cost_per_order_minor",
        "Pay per order",
        "what you pay for an order: drivers, tips apart, and courier companies",
        False,
        money=True,
    ),
    Shown("earned_per_hour_minor", "Driver earns per hour", "on duty, tips included", True, money=True),
    Shown("busy_pct", "Drivers busy", "of their time on duty", None, "%", places=0),
    Shown("offers_declined_pct", "Offers not taken", "declined or run out", None, "%"),
    Shown("drive_min_per_order", "Driving per order", "minutes, the way to the store included", False, "min"),
)

BY_NAME = {shown.name: shown for shown in SHOWN}
DELIVERED = Shown("kept_pct", "Delivered", "of all orders; a recorded day promises nothing", True, "%")
RARE = (
    Shown("cancelled_pct", "Cancelled", "by shoppers before the pickup; not counted elsewhere", None, "%"),
    Shown("asked_all_pct", "Asked of all", "orders for which all drivers near were asked at once", None, "%"),
    Shown("by_company_pct", "By a company", "orders that a courier company brought", None, "%"),
    Shown(
        "driver_pay_minor",
        "To drivers",
        "what you pay drivers for the whole day, tips apart",
        None,
        money=True,
        places=0,
        beside="by_company_pct",
    ),
    Shown(
        "company_fees_minor",
        "To companies",
        "what you pay courier companies for the whole day",
        None,
        money=True,
        places=0,
        beside="by_company_pct",
    ),
)
"""Told only where there is something to tell."""


def kept(study: Study) -> Shown:
    """What the goal is held against: promises, or what is delivered on a day that promises nothing."""
    return BY_NAME["kept_pct"] if study.promises else DELIVERED


def told(study: Study) -> tuple[Shown, ...]:
    """The figures of ``study`` that say something."""
    every = range(len(study.settings))
    rare = (r for r in RARE if any(study.estimate(n, r.beside or r.name).mean for n in every))
    return (kept(study), *(shown for shown in SHOWN if shown.name != "kept_pct"), *rare)


def written(value: float | None, shown: Shown, *, signed: bool = False) -> str:
    """``value`` as a reader sees it; ``signed`` is a difference, of percentages in points. A dash where there is none."""
    if value is None:
        return NONE
    amount = abs(value) / 100 if shown.money else abs(value)
    places = 2 if shown.money and shown.places else shown.places
    text = f"{amount:,.{places}f}"
    negative = value < 0 and float(text.replace(",", "")) != 0
    sign = MINUS if negative else "+" if signed else ""
    unit = "" if not shown.unit else "%" if shown.unit == "%" and not signed else THIN + _unit(shown)
    return f"{sign}{'$' if shown.money else ''}{text}{unit}"


def half(estimate: Estimate, shown: Shown) -> str:
    """The half width of an interval, with its sign; nothing after a single day."""
    return "" if estimate.half is None else "±" + written(estimate.half, shown, signed=True).removeprefix("+")


def _unit(shown: Shown) -> str:
    """The unit of a difference."""
    return POINTS if shown.unit == "%" else shown.unit


def verdict(difference: Estimate, shown: Shown) -> str:
    """``better``, ``worse`` or ``same``: whether a difference is more than luck, and to whose good."""
    if shown.more_is_better is None or difference.mean is None or not difference.sure:
        return "same"
    return "better" if (difference.mean > 0) == shown.more_is_better else "worse"
