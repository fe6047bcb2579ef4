"""Drivers on the wire."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from doorstep.features.drivers import rules
from doorstep.features.drivers.rules import Ability, DriverState, SafetyCall, SafetyKind, VehicleKind
from doorstep.platform.http.wire import Flag, Number
from doorstep.units.ids import public

Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$", strip_whitespace=True),
    Field(examples=["Rosa"]),
]
Word = Annotated[str, StringConstraints(max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")]
Reason = Annotated[
    str, StringConstraints(min_length=3, max_length=1000, pattern=r"^[^\x00]+$", strip_whitespace=True)
]
PublicId = Annotated[str, StringConstraints(max_length=40)]


class Asked(BaseModel):
    """A request: nothing beside what is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class VehicleAsked(Asked):
    """What she drives."""

    kind: VehicleKind = VehicleKind.CAR
    make: Word = Field(default="", examples=["Toyota Corolla"])
    colour: Word = Field(default="", examples=["blue"])
    capacity_units: Annotated[int, Field(ge=1, le=1000)] | None = None


class NewDriver(Asked):
    """Somebody to let in."""

    market: PublicId = Field(examples=["mkt_01jd0000000000000000000000"])
    first_name: Name
    last_name: Name
    phone: Annotated[
        str,
        StringConstraints(min_length=4, max_length=30, pattern=r"^[^\x00-\x1f\x7f]+$"),
        Field(examples=["+16155550142"]),
    ]
    vehicle: VehicleAsked = Field(default_factory=VehicleAsked)
    abilities: Annotated[list[Ability], Field(max_length=len(Ability))] = []


class NewState(Asked):
    """Another state, with the reason the driver reads."""

    state: DriverState
    reason: Reason = Field(examples=["The insurance of the vehicle ran out on 20 November."])


class DutyAsked(Asked):
    """On or off; ``until`` (with a zone) names the end and counts only with ``on``."""

    on: bool
    until: AwareDatetime | None = Field(None, examples=["2026-11-21T23:00:00Z"])


class TimeToAnswer(Asked):
    """How long she wants to have for offers that are shown to her alone."""

    longer: Flag


class Vehicle(Told):
    """What to look out for."""

    kind: VehicleKind
    make: str
    colour: str
    capacity_units: int


class Duty(Told):
    """Whether new offers may come now."""

    on: bool
    since: datetime
    until: datetime | None


class Driver(Told):
    """A driver."""

    id: str = Field(examples=["drv_01jd0000000000000000000000"])
    market: str
    first_name: str
    last_name: str
    phone: str
    vehicle: Vehicle
    abilities: list[Ability]
    state: DriverState
    duty: Duty

    @classmethod
    def of(cls, driver: rules.Driver, now: datetime) -> Self:
        """The driver as of ``now``."""
        vehicle = driver.vehicle
        return cls(
            id=public("driver", driver.id),
            market=public("market", driver.market_id),
            first_name=driver.first_name,
            last_name=driver.last_name,
            phone=driver.phone,
            vehicle=Vehicle(
                kind=vehicle.kind,
                make=vehicle.make,
                colour=vehicle.colour,
                capacity_units=vehicle.capacity_units,
            ),
            abilities=sorted(driver.abilities),
            state=driver.state,
            duty=Duty(on=driver.duty.at(now), since=driver.duty.since, until=driver.duty.until),
        )


class Me(Driver):
    """A driver about herself: with the written reason of her state, if there is one."""

    state_reason: str = ""
    longer_to_answer: bool = Field(
        description="Offers to you alone last twice as long. Nobody else is told, nothing else follows from it."
    )
    now: datetime = Field(description="What the market's clock says.")
    demo: bool = Field(description="Whether this network is a demo, where cars may be moved for people.")


class Spot(Asked):
    """A place in degrees."""

    lat: Annotated[float, Field(ge=-90, le=90), Number]
    lng: Annotated[float, Field(ge=-180, le=180), Number]


class SafetyAsked(Asked):
    """A press of the safety button. The same ``report_id`` counts once."""

    report_id: Annotated[
        str,
        StringConstraints(min_length=1, max_length=80, pattern=r"^[\x21-\x7e]+$"),
        Field(examples=["7d2c-41"]),
    ]
    kind: SafetyKind
    point: Spot | None = None
    note: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")] = ""


class SafetyTold(Told):
    """A call for help, as it stands on record."""

    driver: str
    kind: SafetyKind
    lat: float | None = Field(description="Where the phone was, when it knew.")
    lng: float | None
    note: str
    at: datetime

    @classmethod
    def of(cls, call: SafetyCall) -> Self:
        """As told of ``call``."""
        return cls(
            driver=public("driver", call.driver_id),
            kind=call.kind,
            lat=None if call.point is None else call.point.lat,
            lng=None if call.point is None else call.point.lng,
            note=call.note,
            at=call.at,
        )
