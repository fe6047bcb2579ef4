"""The operator's knobs. Every price is in minutes of one shopper's waiting, so all of them compare."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """What the engine weighs and how long it may think. The defaults are those measured best on recorded meal days.

    Prices (minutes of a shopper's waiting):

    - ``driving_price``: for a minute of driving. The knob between service and mileage: 0.1 drives a fifth less, for 0.1
      minute of click-to-door.
    - ``waiting_price``: for a minute a driver would wait for an order at the store, or for a window at a later door.
    - ``coverage_price_min``: U, for leaving an order out, above what it would cost at its earliest possible drop (the
      part of that beyond ``spared_min``). Low: hopeless orders wait for better times; high: coverage is sacred.
    - ``late_price``: for a minute past an order's promise ``due_s``, on top of the minute itself.
    - ``over_target_price``: for a minute beyond ``target_s`` after ``wanted_from_s``: pulls in the slowest tenth.
    - ``reoffer_price_min``: for an offer that is declined, times the chance of it; 0, because a driver's habit of
      declining must not cost him work unless an operator says so.

    Shape of the plan: up to ``trips_ahead`` trips a driver, up to ``max_bundle`` orders a trip, for drivers who start
    within ``start_ahead_s``; each order looks at the ``candidates`` drivers of earliest possible pickup, and at all of
    them when those fail.

    Time: a driver leaves ``offer_lead_s`` after he could first be asked, so an offer goes out that much before the
    latest departure; ``tick_s`` is when the engine will be asked again, so what can wait as long does.

    Search: ``iterations_fixed + iterations_per_order x open orders`` ruin-and-recreate rounds, at most
    ``iterations_most``, each taking out up to ``ruin_most`` orders; a worse plan is kept by annealing from
    ``hot_min`` down to about a twentieth of it; a position is overlooked with ``blink_permille``.
    """

    driving_price: float = 0.03
    waiting_price: float = 0.1
    coverage_price_min: float = 90.0
    spared_min: float = 30.0
    late_price: float = 1.0
    over_target_price: float = 0.0
    target_s: int = 2400
    reoffer_price_min: float = 0.0
    max_bundle: int = 4
    trips_ahead: int = 3
    start_ahead_s: int = 3600
    candidates: int = 30
    offer_lead_s: int = 0
    tick_s: int = 60
    iterations_fixed: int = 200
    iterations_per_order: int = 10
    iterations_most: int = 1000
    ruin_most: int = 6
    hot_min: float = 2.0
    blink_permille: int = 30

    def __post_init__(self) -> None:
        """Raise ValueError for a knob outside its range."""
        if min(self.max_bundle, self.trips_ahead, self.candidates, self.tick_s, self.ruin_most) < 1:
            raise ValueError("max_bundle, trips_ahead, candidates, tick_s and ruin_most are at least 1")
        prices = (self.driving_price, self.waiting_price, self.coverage_price_min, self.spared_min, self.late_price)
        if min(*prices, self.over_target_price, self.reoffer_price_min, self.hot_min) < 0:
            raise ValueError("a price is never negative")
        spans = (self.target_s, self.start_ahead_s, self.offer_lead_s, self.blink_permille)
        if min(*spans, self.iterations_fixed, self.iterations_per_order, self.iterations_most) < 0:
            raise ValueError("spans, shares and budgets are never negative")
