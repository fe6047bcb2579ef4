"""A scenario: the city, its demand, its drivers and how they behave, its prices and its dispatch. Plain values."""

import difflib
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

from doorstep.connectors.us.zips import NASHVILLE_CBSA
from doorstep.engine.params import Params
from doorstep.features.dispatch.rules import Policy as Ladder
from doorstep.features.dispatch.snapshot import (
    COMPANY_PICKUP_S,
    DROPOFF_SERVICE_S,
    PICKUP_SERVICE_S,
    SILENT_S,
    STANDARD,
)
from doorstep.features.drivers.rules import NEEDED, Ability, VehicleKind
from doorstep.features.markets.rules import PayRates
from doorstep.features.offers.rising import FROM_MIN, MOST_MINOR, STEP_MINOR, Rise

WORKDAY_HOURS = (
    *(1.0, 0.5, 0.3, 0.2, 0.2, 0.4, 1.5, 3.0, 4.5, 6.0, 7.5, 9.0),
    *(9.5, 8.0, 6.5, 6.5, 8.5, 11.0, 11.0, 8.5, 6.0, 4.0, 2.5, 1.5),
)
"""Orders by local hour, in any unit: lunch, then the larger evening. An assumption; put your own market's there."""


_LADDER = Ladder()
_NEVER = 1 << 30
"""More noes than anybody says."""
LIVE = STANDARD
"""The engine's knobs of a live market that has set none."""


class ScenarioRefused(ValueError):
    """A scenario cannot be played; the message says which line and what would be right."""


class Policy(StrEnum):
    """Who decides."""

    ENGINE = "engine"  # the very dispatch of the live network
    LATE_F1 = "late_f1"  # bundle, then assign, one trip a driver: the baseline of the field
    NEAREST = "nearest"  # one order at a time to the nearest idle driver: the plainest there is


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ScenarioRefused(f"{name} = {value:g}: must lie between {least:g} and {most:g}")


def _shares(name: str, shares: Mapping[str, float], known: Collection[str], most: float = 1.0) -> None:
    for key, share in shares.items():
        if key not in list(known):
            close = difflib.get_close_matches(key, list(known), 1, 0.5)
            hint = f"; did you mean {str(close[0])!r}?" if close else ""
            raise ScenarioRefused(f"{name}.{key}: unknown, one of {', '.join(known)}{hint}")
        _within(f"{name}.{key}", share, 0, most)


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """Where: the ZIPs of a metro within ``radius_km`` of its middle, or the streets of an extract, or a recorded day."""

    metro: str = NASHVILLE_CBSA
    radius_km: float = 18.0
    stores: int = 40
    reach_km: float = 9.0
    """How far a store delivers."""
    recorded: Path | None = None
    """A folder of an MDRP instance instead of ZIPs: its places, orders, couriers and rule of travel."""
    extract: Path | None = None
    """An OpenStreetMap extract instead of ZIPs: homes along its streets, its shops, OSRM's times."""
    doors: int = 600
    """How many different doors a town of an extract has."""
    kept_in: Path | None = None
    """Where what is worked out of an extract is kept; beside it when nothing is said."""

    def __post_init__(self) -> None:
        """Refuse a city nobody could live in."""
        if self.recorded is not None and self.extract is not None:
            raise ScenarioRefused(
                "city.recorded and city.extract: a day is recorded or drawn on a map, not both; leave one out"
            )
        _within("city.doors", self.doors, 10, 2000)
        _within("city.radius_km", self.radius_km, 1, 200)
        _within("city.stores", self.stores, 1, 5000)
        _within("city.reach_km", self.reach_km, 1, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What is ordered and when."""

    orders: int = 1200
    hours: tuple[float, ...] = WORKDAY_HOURS
    prep_min: float = 14.0
    """From placement until the store says it will be ready."""
    promise_min: float = 60.0
    """From placement to the promised door."""
    tip_share: float = 0.7
    tip_minor: int = 450
    """Of those who tip, on average."""
    units: float = 1.0
    """Load units of an order, on average; 1 gives every order a single one."""
    needs: Mapping[str, float] = field(default_factory=dict)
    """Share of orders with each requirement that asks for an ability, as ``age_21``, ``alcohol``, ``cold``; alcohol asks for ``age_21``, too."""

    def __post_init__(self) -> None:
        """Refuse a day without hours."""
        _within("demand.units", self.units, 1, 200)
        _shares("demand.needs", self.needs, NEEDED)
        _within("demand.orders", self.orders, 0, 200_000)
        if len(self.hours) != 24 or not min(self.hours) >= 0 or not 0 < sum(self.hours) < math.inf:
            raise ScenarioRefused("demand.hours: 24 numbers, none negative, not all zero")
        _within("demand.prep_min", self.prep_min, 0, 240)
        _within("demand.promise_min", self.promise_min, 5, 1440)
        _within("demand.tip_share", self.tip_share, 0, 1)
        _within("demand.tip_minor", self.tip_minor, 0, 100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Drivers' slots of the day."""

    drivers: int = 160
    """Slots that are published, one driver each."""
    shift_h: tuple[float, ...] = (3.0, 7.0)
    turnout: float = 0.95
    """Share of the slots that somebody takes at the standard pay."""
    supply_elasticity: float = 0.4
    """By how many per cent more slots are taken when pay is 1 % better (never more than all)."""
    announced: bool = False
    """Whether dispatch plans with drivers before they are on duty."""
    abilities: Mapping[str, float] = field(default_factory=dict)
    """Share of drivers with each ability, as ``age_check``, ``alcohol``; everybody has those that are not named."""
    vehicles: Mapping[str, float] = field(default_factory=dict)
    """How many drive each kind of vehicle, in any unit, as ``car = 8``, ``bicycle = 2``; with none every vehicle holds any load."""

    def __post_init__(self) -> None:
        """Refuse shifts that end before they begin."""
        _within("fleet.drivers", self.drivers, 0, 50_000)
        if len(self.shift_h) != 2 or not 0.5 <= self.shift_h[0] <= self.shift_h[1] <= 16:
            raise ScenarioRefused(
                "fleet.shift_h: two numbers of hours, at least 0.5, at most 16, the shorter first"
            )
        _within("fleet.turnout", self.turnout, 0, 1)
        _shares("fleet.abilities", self.abilities, list(Ability))
        _shares("fleet.vehicles", self.vehicles, list(VehicleKind), most=1e6)
        if self.vehicles and not sum(self.vehicles.values()) > 0:
            raise ScenarioRefused(
                "fleet.vehicles: somebody drives something; leave the table out for vehicles without limit"
            )
        _within("fleet.supply_elasticity", self.supply_elasticity, 0, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How people, kitchens and roads differ from what dispatch believes."""

    declines: float = 0.1
    """Chance that a driver does not take an offer at standard pay."""
    pay_elasticity: float = 1.5
    """By how many per cent fewer offers are declined when they pay 1 % better."""
    lapses: float = 0.35
    """Of the offers not taken, the share nobody answers until they run out."""
    response_s: float = 18.0
    late_min: float = 4.0
    """How late a driver begins a shift, on average."""
    leaves_early: float = 0.05
    """Share of drivers who go home before their slot ends."""
    signal_losses_h: float = 0.1
    """How often an hour a phone falls silent."""
    signal_lost_min: float = 6.0
    ready_spread: float = 0.3
    """Spread of the true preparation time around the told one (of its logarithm)."""
    tells_ready: float = 0.7
    """Share of orders whose store says when they are ready."""
    travel_spread: float = 0.15
    """Spread of one drive around what the roads say (of its logarithm)."""
    traffic_spread: float = 0.06
    """Spread of a whole hour's traffic around the usual (of its logarithm)."""
    stop_spread: float = 0.35
    """Spread of the time a stop takes (of its logarithm)."""
    cancels: float = 0.0
    """Share of shoppers who change their mind; it counts until the goods are with a driver."""
    cancels_after_min: float = 15.0
    """How long after ordering, on average."""

    def __post_init__(self) -> None:
        """Refuse chances outside [0, 1]."""
        for name in ("declines", "lapses", "leaves_early", "tells_ready", "cancels"):
            _within(f"behaviour.{name}", getattr(self, name), 0, 1)
        for name in ("ready_spread", "travel_spread", "traffic_spread", "stop_spread"):
            _within(f"behaviour.{name}", getattr(self, name), 0, 2)
        for name in (
            *("pay_elasticity", "response_s", "late_min", "signal_losses_h", "signal_lost_min"),
            "cancels_after_min",
        ):
            _within(f"behaviour.{name}", getattr(self, name), 0, 600)


TRUSTED = Behaviour(
    declines=0, response_s=0, late_min=0, leaves_early=0, signal_losses_h=0, ready_spread=0, travel_spread=0,
    traffic_spread=0, stop_spread=0, tells_ready=0,
)  # fmt: skip
"""A world in which everything happens as told: that of the recorded days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """Who decides, how often, and how offers go."""

    policy: Policy = Policy.ENGINE
    params: Params = LIVE
    urgent_s: int = 5
    """A tick out of turn so long after an offer came back without a yes; 0 waits for the next. The live network takes a second or two,
    which gains nothing that can be told from chance."""
    offer_lasts_s: int = 60
    give_up_min: float = 90.0
    """How long after its promise an order without a driver is ended."""
    declines_before_broadcast: int = 0
    """After so many a no, or shortly before the latest departure, all drivers near the store are asked at once, by the rule of the
    live network (which has 3); 0: never."""
    broadcast_lead_s: int = _LADDER.broadcast_lead // timedelta(seconds=1)
    """How long before the latest departure that is."""
    broadcast_lasts_s: int = _LADDER.broadcast_lasts // timedelta(seconds=1)
    broadcast_reach_m: int = _LADDER.broadcast_reach_m
    silent_s: int = SILENT_S
    """A free driver whose last fix is older is not planned with."""
    pickup_service_s: int = PICKUP_SERVICE_S
    dropoff_service_s: int = DROPOFF_SERVICE_S
    rise_step_minor: int = STEP_MINOR
    """What a no that leaves only somebody far adds to the pay of an order, the market's own knob: by the engine alone. 0: nothing."""
    rise_most_minor: int = MOST_MINOR
    rise_from_min: float = FROM_MIN
    grow: bool = True
    """Whether more of a store may be offered to join a trip until its goods are collected, the market's ``trips_grow``: by the engine
    alone, and not where stores are mixed."""
    ready_factor: float = 1.0
    """What dispatch believes of a preparation time, times what it was told: another quantile of how long kitchens take."""
    way_factor: float = 1.0
    """The same of a drive, times what roads and the hour say."""

    def __post_init__(self) -> None:
        """Refuse stops of negative length and beliefs beyond reason."""
        _within("dispatch.ready_factor", self.ready_factor, 0.2, 5)
        _within("dispatch.way_factor", self.way_factor, 0.2, 5)
        _within("dispatch.urgent_s", self.urgent_s, 0, 3600)
        _within("dispatch.offer_lasts_s", self.offer_lasts_s, 1, 3600)
        _within("dispatch.give_up_min", self.give_up_min, 0, 1e9)
        _within("dispatch.declines_before_broadcast", self.declines_before_broadcast, 0, 50)
        _within("dispatch.broadcast_lead_s", self.broadcast_lead_s, 0, 3600)
        _within("dispatch.broadcast_lasts_s", self.broadcast_lasts_s, 15, 3600)
        _within("dispatch.broadcast_reach_m", self.broadcast_reach_m, 500, 200_000)
        _within("dispatch.rise_step_minor", self.rise_step_minor, 0, 10_000)
        _within("dispatch.rise_most_minor", self.rise_most_minor, 0, 100_000)
        _within("dispatch.rise_from_min", self.rise_from_min, 0, 600)
        _within("dispatch.silent_s", self.silent_s, 60, 1e9)
        _within("dispatch.pickup_service_s", self.pickup_service_s, 0, 3600)
        _within("dispatch.dropoff_service_s", self.dropoff_service_s, 0, 3600)

    @property
    def grows(self) -> bool:
        """Whether trips grow."""
        return self.grow and self.policy is Policy.ENGINE and not self.params.mixing

    @property
    def rise(self) -> Rise:
        """How pay rises."""
        if self.policy is not Policy.ENGINE:
            return Rise(0, 0)
        return Rise(self.rise_step_minor, self.rise_most_minor, self.rise_from_min)

    def decides_with(self) -> Params:
        """The engine's knobs, as the live network completes them: who is asked for more has time to answer."""
        return replace(self.params, join_lead_s=max(self.params.join_lead_s, self.offer_lasts_s))

    def ladder(self) -> Ladder:
        """The live rule's settings; where all are never asked at once, no number of noes is enough for it."""
        return Ladder(
            declines_before_broadcast=self.declines_before_broadcast or _NEVER,
            broadcast_lead=timedelta(seconds=self.broadcast_lead_s),
            broadcast_lasts=timedelta(seconds=self.broadcast_lasts_s),
            broadcast_reach_m=self.broadcast_reach_m,
            give_up=timedelta(minutes=self.give_up_min),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A courier company behind the drivers. It is asked as the live network asks one, and sends a courier for one order."""

    fee_minor: int = 0
    """What it takes for an order; 0: there is none."""
    minute_minor: int = 0
    """What a minute of a shopper's waiting is worth beside its fee, the market's ``company_minute_minor``: it competes within the
    plan then. 0: it is asked last."""
    pickup_s: int = COMPANY_PICKUP_S
    """From when it is asked until its courier is at the store: what dispatch reckons with, and the median of what is true."""
    pickup_spread: float = 0.3
    """Spread of the truth around that (of its logarithm)."""
    refuses: float = 0.0
    """Share of orders that it does not take; dispatch hears which when it asks."""

    def __post_init__(self) -> None:
        """Refuse fees below nothing and chances outside [0, 1]."""
        _within("company.fee_minor", self.fee_minor, 0, 100_000)
        _within("company.minute_minor", self.minute_minor, 0, 100_000)
        _within("company.pickup_s", self.pickup_s, 0, 4 * 3600)
        _within("company.pickup_spread", self.pickup_spread, 0, 2)
        _within("company.refuses", self.refuses, 0, 1)

    @property
    def there(self) -> bool:
        """Whether there is one at all."""
        return self.fee_minor > 0

    @property
    def in_plan(self) -> bool:
        """Whether its price competes with drivers within the plan."""
        return self.there and self.minute_minor > 0


NOBODY = Company()
"""No courier company."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything but the seed. ``pay_scale`` multiplies the pay rates of the market, which is what is varied."""

    name: str
    title: str
    summary: str = ""
    day: date = date(2026, 11, 18)
    city: City = field(default_factory=City)
    demand: Demand = field(default_factory=Demand)
    fleet: Fleet = field(default_factory=Fleet)
    behaviour: Behaviour = field(default_factory=Behaviour)
    dispatch: Dispatch = field(default_factory=Dispatch)
    company: Company = NOBODY
    pay: PayRates = field(default_factory=PayRates)
    pay_scale: float = 1.0
    kept_goal_pct: float = 95.0
    """The share of promises a setting must keep to be recommended for being cheap."""

    def __post_init__(self) -> None:
        """Refuse pay below nothing."""
        _within("pay.scale", self.pay_scale, 0, 20)
        _within("goal.promises_kept_pct", self.kept_goal_pct, 0, 100)

    def rates(self) -> PayRates:
        """The pay rates in force."""
        minor = {f.name: getattr(self.pay, f.name) for f in fields(PayRates) if f.name.endswith("_minor")}
        return PayRates(
            **{name: round(value * self.pay_scale) for name, value in minor.items()},
            currency=self.pay.currency,
        )
