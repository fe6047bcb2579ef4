"""Drivers, their vehicles and abilities, and what each can carry. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from doorstep.units.geo import LatLng
from doorstep.units.ids import DriverId, MarketId
from doorstep.units.time import MarketInstant


class DriverState(StrEnum):
    """Whether a driver may work here at all."""

    ACTIVE = "active"  # may go on duty
    PAUSED = "paused"  # not for now, reversible: a paper has run out, a check is open
    DEACTIVATED = "deactivated"  # no longer; the reason is written and may be appealed


class SafetyKind(StrEnum):
    """What a driver who presses the safety button wants."""

    CALL_ME = "call_me"  # somebody of the operator shall call her
    NOT_SAFE = "not_safe"  # she is in danger and has been shown the emergency number first
    ALL_WELL = "all_well"  # pressed by mistake, or it is over


class VehicleKind(StrEnum):
    """What a driver drives."""

    CAR = "car"  # a passenger car
    SUV = "suv"  # a car with a large boot
    VAN = "van"  # closed, for many parcels
    TRUCK = "truck"  # a pick-up
    MOTORCYCLE = "motorcycle"  # with a box
    SCOOTER = "scooter"  # with a box, for short ways
    BICYCLE = "bicycle"  # pedalled, with or without a motor that helps


CAPACITY_UNITS: Mapping[VehicleKind, int] = {
    VehicleKind.CAR: 30,
    VehicleKind.SUV: 45,
    VehicleKind.VAN: 90,
    VehicleKind.TRUCK: 90,
    VehicleKind.MOTORCYCLE: 6,
    VehicleKind.SCOOTER: 6,
    VehicleKind.BICYCLE: 4,
}
"""Load units that a vehicle of each kind takes when nobody measured this one."""


class Ability(StrEnum):
    """What a driver is trained, equipped or cleared for, beyond carrying a bag."""

    AGE_CHECK = "age_check"  # checks an ID at the door
    ALCOHOL = "alcohol"  # trained and old enough to hand over alcohol
    COLD_BAG = "cold_bag"  # has an insulated bag
    HEAVY = "heavy"  # lifts what is marked heavy
    HIGH_VALUE = "high_value"  # cleared for valuable goods


NEEDED: Mapping[str, Ability] = {
    "age_18": Ability.AGE_CHECK,
    "age_21": Ability.AGE_CHECK,
    "alcohol": Ability.ALCOHOL,
    "cold": Ability.COLD_BAG,
    "heavy": Ability.HEAVY,
    "high_value": Ability.HIGH_VALUE,
}
"""Which ability a delivery's requirement (by its name) asks for; the others ask for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """What the shopper looks out for. ``capacity_units`` are load units, at least one."""

    kind: VehicleKind
    make: str
    colour: str
    capacity_units: int

    def __post_init__(self) -> None:
        """Refuse a vehicle that carries nothing."""
        if self.capacity_units < 1:
            raise ValueError("a vehicle carries at least one unit")

    @property
    def looks(self) -> str:
        """By what somebody at the kerb knows it: colour and make, or the kind of one without a make."""
        return " ".join(part for part in (self.colour, self.make or self.kind) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Whether new offers may come; ``since`` the last change, ``until`` the end she named, if any."""

    on: bool
    since: MarketInstant
    until: MarketInstant | None

    def at(self, now: datetime) -> bool:
        """Whether she is on duty at ``now``: a named end that has passed ends it."""
        return self.on and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A driver as other rooms see her."""

    id: DriverId
    market_id: MarketId
    first_name: str
    last_name: str
    phone: str
    vehicle: Vehicle
    abilities: frozenset[Ability]
    state: DriverState
    duty: Duty
    longer_to_answer: bool = False
    """She asked for more time to answer what is offered to her alone. Nothing else follows from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDriver:
    """Somebody who is let in to drive. ``capacity_units`` defaults to that of the vehicle's kind."""

    market_id: MarketId
    first_name: str
    last_name: str
    phone: str
    kind: VehicleKind = VehicleKind.CAR
    make: str = ""
    colour: str = ""
    capacity_units: int | None = None
    abilities: frozenset[Ability] = frozenset()


def abilities_for(requirements: frozenset[str]) -> frozenset[Ability]:
    """The abilities that requirements (by name) ask for."""
    return frozenset(NEEDED[name] for name in requirements if name in NEEDED)


def why_not(driver: Driver, requirements: frozenset[str], units: int) -> str | None:
    """Why ``driver`` cannot carry goods of that size and those requirements; None when she can."""
    if driver.state is not DriverState.ACTIVE:
        return f"the driver is {driver.state}"
    if units > driver.vehicle.capacity_units:
        return f"{units} units do not fit into {driver.vehicle.capacity_units}"
    lacking = abilities_for(requirements) - driver.abilities
    if lacking:
        return f"lacks {', '.join(sorted(lacking))}"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyCall:
    """A press of the safety button. The newest of a driver says how she stands."""

    driver_id: DriverId
    market_id: MarketId
    kind: SafetyKind
    point: LatLng | None
    note: str
    at: MarketInstant
