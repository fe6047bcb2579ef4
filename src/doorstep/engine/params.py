"""The operator's knobs. Every price is in minutes of a shopper's waiting: the one currency of the engine."""

from collections.abc import Mapping
from dataclasses import dataclass

A_WEEK_S = 7 * 24 * 3600
PRICES = {
    # By the minute: with the longest time that can be told, still a whole number of 64 bits.
    **dict.fromkeys(("driving_price", "waiting_price", "late_price", "convex_price"), (0, 1000)),
    **dict.fromkeys(("coverage_price", "reoffer_price", "spared_min", "hot_min"), (0, 1_000_000)),
}
WHOLE = {
    "convex_after_min": (0, 1_000_000),
    **dict.fromkeys(("max_bundle", "load_most", "trips_ahead"), (1, 100)),
    "stops_ahead": (2, 200),
    **dict.fromkeys(("mixing", "whole_trips"), (0, 1)),
    **dict.fromkeys(("start_ahead_s", "offer_lead_s", "ask_ahead_s", "join_lead_s"), (0, A_WEEK_S)),
    "tick_s": (1, A_WEEK_S),
    **dict.fromkeys(("candidates", "surge_candidates", "apart_candidates", "ruin_most"), (1, 1_000_000)),
    "named_most": (0, 1_000_000),
    **dict.fromkeys(
        (
            "iterations_min", "iterations_per_order", "iterations_max", "iterations_per_new", "surge_orders", "apart_orders",
        ),
        (0, 1_000_000_000),
    ),
    **dict.fromkeys(("still_permille", "blink_permille"), (0, 1000)),
}  # fmt: skip
LIMITS: Mapping[str, tuple[int, int]] = PRICES | WHOLE
"""The least and the most of every knob. A market's own are narrower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """How one market trades waiting, lateness, driving and coverage (defaults: measured on the MDRP days)."""

    driving_price: float = 0.03
    """Per minute driven. Higher drives less and delivers later."""
    waiting_price: float = 0.1
    """Per minute a driver waits at a store for food that is not ready."""
    late_price: float = 1.0
    """Per minute past the promise, on top of the waiting itself."""
    convex_price: float = 0.0
    """Per minute past ``convex_after_min`` of click-to-door: trims the slowest tenth."""
    convex_after_min: int = 40
    coverage_price: float = 75.0
    """For leaving an order out of the plan, above its earliest possible cost: low defers the hopeless, high serves all."""
    reoffer_price: float = 0.0
    """For an expected refusal, per trip. Zero, because a habit of declining costs nobody work unless an operator says so."""
    spared_min: float = 30.0
    """Part of an order's earliest possible cost that its coverage price does not add."""
    max_bundle: int = 4
    """Orders per trip."""
    mixing: bool = False
    """For a shortage of drivers: orders of several stores share a trip, and every stop is planned anew (``mixing``)."""
    whole_trips: bool = False
    """Where stores are mixed: a trip is sent with all its stops, every pickup before the first drop, and stays as it was
    sent: what an offer with frozen terms can promise. Else stop by stop."""
    load_most: int = 3
    """Orders on board at once where stores are mixed."""
    stops_ahead: int = 14
    """Stops planned per driver where stores are mixed; only the first is acted upon."""
    trips_ahead: int = 3
    """Trips planned per driver; only the first is acted upon."""
    start_ahead_s: int = 1200
    """Drivers who start their shift within this are planned with."""
    candidates: int = 30
    """Drivers looked at per order: those with the earliest possible pickup."""
    iterations_min: int = 200
    iterations_per_order: int = 10
    iterations_max: int = 1000
    """Search effort: min + per order, at most max, ruin-and-recreate rounds a tick."""
    iterations_per_new: int = 1
    """Further rounds for each order that the last plan does not know: a thousand at once are worth some thought."""
    still_permille: int = 500
    """Of its rounds, how many a world, or a part of one, gets in which somebody has every order already. Not where stores are mixed."""
    surge_orders: int = 200
    """From so many orders that the last plan does not know on, the search starts from an assignment of one to one."""
    surge_candidates: int = 80
    """Drivers looked at per order then, if more than ``candidates``: in a hot spot the nearest are everybody's nearest."""
    apart_orders: int = 500
    """From so many orders on the search goes through the parts of the world one by one, or side by side in threads: see ``plan``."""
    apart_candidates: int = 10
    """So many of an order's first candidates hang together with it then. Fewer: more and smaller parts; all: nothing is cut."""
    ruin_most: int = 6
    """Orders taken out in one round, at most."""
    hot_min: float = 2.0
    """How much worse a plan the search accepts on average, in minutes, at its start; a sixteenth of it at its end."""
    blink_permille: int = 30
    """Chance that the search overlooks a place for an order."""
    offer_lead_s: int = 0
    """Offer time and one retry: a trip is offered this much before its latest departure."""
    ask_ahead_s: int = 0
    """A driver under way who will be free within this is asked for her next trip as if she were free already: when a tick
    later would delay it. Not where stores are mixed stop by stop."""
    join_lead_s: int = 0
    """An open trip closes this much before its pickup, for what is planned to join it by then: who is asked has to answer, and a no
    leaves time for others. Zero where nobody is asked. Not where stores are mixed."""
    named_most: int = 0
    """How many of the drivers who are kept from an order its reason names, the nearest to its store first; the others are
    counted. None of them, and at no cost, in simulated days and in the records of ticks from before they were named."""
    tick_s: int = 60
    """How long until the next tick: a trip that would lose by waiting for it goes now."""

    def __post_init__(self) -> None:
        """Raise ValueError for a knob outside ``LIMITS``; a whole number stays one."""
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise ValueError(f"{name} lies between {least:,} and {most:,}, not {value}")
            if name in WHOLE and not isinstance(value, int):
                raise ValueError(f"{name} is a whole number, not {value}")
