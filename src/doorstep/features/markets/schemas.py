"""Markets on the wire."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    WithJsonSchema,
)

from doorstep.features.markets import rules
from doorstep.features.markets.history import Standing
from doorstep.features.markets.rules import ChangeKind, ServiceLevel, Stage, TariffKind
from doorstep.platform.http.wire import Flag, Instant, Number
from doorstep.units.geo import Polygon
from doorstep.units.ids import public

Minor = Annotated[int, Field(ge=0, le=10_000_000, description="Minor units (cents)."), Number]
PayMinor = Annotated[int, Field(ge=0, le=1_000_000, description="Minor units (cents)."), Number]
Reach = Annotated[int, Field(ge=500, le=200_000, description="Metres by road from the store."), Number]
Span = Annotated[int, Field(ge=900, le=43_200, multiple_of=60, description="Seconds, whole minutes."), Number]
Line = Annotated[
    str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f]$")
]
Reason = Annotated[
    str,
    StringConstraints(min_length=3, max_length=500, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$"),
    Field(examples=["The first week went well."]),
]
Slug = Annotated[
    str,
    StringConstraints(max_length=60, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"),
    Field(examples=["memphis"]),
]
Lng = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False), Number]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False), Number]
Position = tuple[Lng, Lat]
Postcode = Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]


def _known_zone(key: str) -> str:
    if key not in available_timezones():
        raise ValueError("no time zone of the IANA database")
    return key


ZoneKey = Annotated[
    str, StringConstraints(max_length=60), AfterValidator(_known_zone), Field(examples=["America/Chicago"])
]


class Asked(BaseModel):
    """A request: nothing beside what is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class Outline(Asked):
    """A GeoJSON polygon (RFC 7946): one outer ring of ``[longitude, latitude]``."""

    type: Literal["Polygon"] = "Polygon"
    coordinates: Annotated[
        list[Annotated[list[Position], Field(min_length=3, max_length=1000)]],
        Field(min_length=1, max_length=1),
        Field(examples=[[[[-86.9, 36.0], [-86.6, 36.0], [-86.6, 36.3], [-86.9, 36.0]]]]),
    ]

    @classmethod
    def of(cls, area: Polygon) -> Self:
        """The outline of ``area``."""
        return cls(coordinates=[[(lng, lat) for lng, lat in rules.geojson_ring(area)]])

    def polygon(self) -> Polygon:
        """The area inside. Raises ValueError for a ring that encloses nothing."""
        return rules.polygon_of([list(position) for position in self.coordinates[0]])


class Express(Asked):
    """At the door within `promise_s` after the goods are ready."""

    promise_s: Annotated[int, Field(ge=600, le=21_600), Number] = 2700
    reach_m: Reach = 16_000


class Window(Asked):
    """Same-day windows on a grid of the local clock, bookable until `lead_s` before they start."""

    lengths_s: Annotated[list[Span], Field(min_length=1, max_length=6)] = [3600, 7200]
    step_s: Span = 3600
    lead_s: Annotated[int, Field(ge=0, le=43_200), Number] = 1800
    reach_m: Reach = 32_000


class NextDay(Asked):
    """Windows of tomorrow, bookable until `order_by_s` of the local clock."""

    lengths_s: Annotated[list[Span], Field(min_length=1, max_length=6)] = [7200]
    step_s: Span = 7200
    order_by_s: Annotated[int, Field(ge=0, le=86_400), Number] = 79_200
    reach_m: Reach = 48_000


class ServiceRules(Asked):
    """The service levels, each with its rule; null: not offered."""

    express: Express | None = Express()
    window: Window | None = Window()
    next_day: NextDay | None = NextDay()

    @classmethod
    def of(cls, offered: rules.ServiceRules) -> Self:
        """The rules as told."""
        levels = {name: level for name, level in asdict(offered).items() if name in cls.model_fields}
        return cls.model_validate(levels)

    def value(self) -> rules.ServiceRules:
        """The rules as asked."""
        express, window, next_day = self.express, self.window, self.next_day
        return rules.ServiceRules(
            express=None if express is None else rules.ExpressRule(**express.model_dump()),
            window=None if window is None else rules.WindowRule(**_spans(window)),
            next_day=None if next_day is None else rules.NextDayRule(**_spans(next_day)),
        )


def _spans(model: Window | NextDay) -> dict[str, Any]:
    return model.model_dump() | {"lengths_s": tuple(model.lengths_s)}


class TariffTerms(Asked):
    """What a delivery costs a merchant; zero means there is none of it."""

    base_minor: Minor = Field(examples=[995])
    included_m: Annotated[
        int, Field(ge=0, le=10_000_000, description="Metres that the base covers."), Number
    ] = 0
    per_mile_minor: Minor = 0
    minimum_cart_minor: Minor = 0
    small_order_below_minor: Minor = 0
    small_order_minor: Minor = 0
    express_minor: Minor = 0
    narrow_s: Annotated[
        int,
        Field(ge=0, le=86_400, description="Windows of at most this many seconds cost `narrow_minor`."),
        Number,
    ] = 0
    narrow_minor: Minor = 0
    tip_limit_minor: Minor = 100_00
    cancellation_minor: Minor = 0
    return_minor: Minor = 0
    currency: Literal["USD"] = "USD"

    def value(self) -> rules.TariffTerms:
        """The terms as asked."""
        return rules.TariffTerms(**self.model_dump())


class NewTariff(Asked):
    """Terms from an instant on; now when none is named."""

    kind: TariffKind
    terms: TariffTerms
    valid_from: Instant | None = None
    reason: Reason


class Tariff(Told):
    """Terms for one kind of merchant, valid until the next of the same kind."""

    kind: TariffKind
    valid_from: datetime
    terms: TariffTerms

    @classmethod
    def of(cls, tariff: rules.Tariff) -> Self:
        """The tariff as told."""
        return cls(kind=tariff.kind, valid_from=tariff.valid_from, terms=TariffTerms(**asdict(tariff.terms)))


class PayRates(Asked):
    """What a driver's base pay is made of; the floor is per delivery."""

    base_minor: PayMinor = Field(examples=[300])
    per_mile_minor: PayMinor = Field(examples=[67])
    per_minute_minor: PayMinor = Field(examples=[22])
    floor_minor: PayMinor = Field(examples=[700])
    return_per_mile_minor: PayMinor = Field(examples=[67])
    currency: Literal["USD"] = "USD"

    def value(self) -> rules.PayRates:
        """The rates as asked."""
        return rules.PayRates(**self.model_dump())


class NewPay(Asked):
    """Pay rates from an instant on; now when none is named."""

    rates: PayRates
    valid_from: Instant | None = None
    reason: Reason


class PayPeriod(Told):
    """Pay rates, valid until the next ones begin."""

    valid_from: datetime
    rates: PayRates

    @classmethod
    def of(cls, period: rules.DatedPay) -> Self:
        """The rates as told."""
        return cls(valid_from=period.valid_from, rates=PayRates(**asdict(period.rates)))


class NewStage(Asked):
    """The stage to move to, and why."""

    stage: Stage
    reason: Reason


KnobValue = Annotated[float, Field(allow_inf_nan=False), Number]
_KNOBS_SCHEMA = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": False,
    "properties": {
        name: {
            "type": ["integer" if knob.whole else "number", *([] if name == "tick_s" else ["null"])],
            "minimum": knob.lowest,
            "maximum": knob.highest,
            "description": knob.meaning,
        }
        for name, knob in rules.KNOBS.items()
    },
    "examples": [{"tick_s": 30, "max_bundle": 3}],
}


class NewKnobs(Asked):
    """Knobs to set; null gives one back to dispatch, those not named stay."""

    knobs: Annotated[
        dict[str, KnobValue | None],
        Field(min_length=1, max_length=len(rules.KNOBS)),
        WithJsonSchema(_KNOBS_SCHEMA),
    ]
    reason: Reason


class NewServiceRules(Asked):
    """The service levels from now on."""

    service_rules: ServiceRules
    reason: Reason


class Fallback(Asked):
    """Whether courier companies may take what no driver takes, and for how much at most."""

    allowed: Flag = True
    most_minor: Minor | None = None


class ZonePause(Asked):
    """Whether a postcode rests."""

    paused: Flag
    reason: Reason


class NewFallback(Asked):
    """The fallback from now on."""

    fallback: Fallback
    reason: Reason


FirstStage = Literal[Stage.PLANNED, Stage.PILOT, Stage.OPEN]


class DrawnMarket(Asked):
    """A market inside an outline. Its slug follows from its name when left out."""

    name: Line = Field(examples=["Memphis"])
    slug: Slug | None = None
    stage: FirstStage = Stage.PLANNED
    outline: Outline
    timezone: ZoneKey


class MetroMarket(Asked):
    """A market of a US metro (CBSA code). Name, slug and time zone follow from it when left out."""

    name: Line | None = None
    slug: Slug | None = None
    stage: FirstStage = Stage.PLANNED
    cbsa: Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")] = Field(examples=["34980"])


class ZipsMarket(Asked):
    """A market of US ZIPs. Name, slug and time zone follow from them when left out."""

    name: Line | None = None
    slug: Slug | None = None
    stage: FirstStage = Stage.PLANNED
    postcodes: Annotated[list[Postcode], Field(min_length=1, max_length=2000)]


def _made_of(wanted: object) -> str | None:
    if isinstance(wanted, dict):
        return next((word for word in ("outline", "cbsa", "postcodes") if word in wanted), None)
    return None


NewMarket = Annotated[
    Annotated[DrawnMarket, Tag("outline")]
    | Annotated[MetroMarket, Tag("cbsa")]
    | Annotated[ZipsMarket, Tag("postcodes")],
    Discriminator(
        _made_of,
        custom_error_type="market_of_what",
        custom_error_message="A market is made of an outline, a cbsa or postcodes",
    ),
]
"""A market to make, of one of the three."""


class Knob(Told):
    """One thing about dispatch that a market may set."""

    name: str
    value: float | None
    lowest: float
    highest: float
    whole: bool
    meaning: str


class Market(Told):
    """A market as staff sees it."""

    id: str = Field(examples=["mkt_01jd0000000000000000000000"])
    slug: str
    name: str
    timezone: str
    stage: Stage
    outline: Outline
    service_levels: list[ServiceLevel]
    service_rules: ServiceRules
    paused_zones: list[str] = Field(description="Postcodes to which nothing new is promised for now.")
    pay: PayRates
    knobs: list[Knob]
    fallback: Fallback
    currency: str

    @classmethod
    def of(cls, market: rules.Market) -> Self:
        """The market as told."""
        return cls(
            id=public("market", market.id),
            slug=market.slug,
            name=market.name,
            timezone=market.timezone.key,
            stage=market.stage,
            outline=Outline.of(market.area),
            service_levels=sorted(market.service_levels),
            service_rules=ServiceRules.of(market.rules),
            paused_zones=list(market.rules.paused_zones),
            pay=PayRates(**asdict(market.pay)),
            knobs=_knobs({**market.dispatch, "tick_s": market.tick_s}),
            fallback=Fallback(**asdict(market.fallback)),
            currency=market.currency,
        )


def _knobs(values: Mapping[str, float]) -> list[Knob]:
    return [
        Knob(
            name=name,
            value=values.get(name),
            lowest=knob.lowest,
            highest=knob.highest,
            whole=knob.whole,
            meaning=knob.meaning,
        )
        for name, knob in rules.KNOBS.items()
    ]


class PublicMarket(Told):
    """Where the network runs."""

    id: str = Field(examples=["mkt_01jd0000000000000000000000"])
    slug: str
    name: str
    timezone: str
    stage: Stage
    service_levels: list[ServiceLevel]
    outline: Outline

    @classmethod
    def of(cls, market: rules.Market) -> Self:
        """The market as the public sees it."""
        return cls(
            id=public("market", market.id),
            slug=market.slug,
            name=market.name,
            timezone=market.timezone.key,
            stage=market.stage,
            service_levels=sorted(market.service_levels),
            outline=Outline.of(market.area),
        )


class TakenBack(Asked):
    """Why a change is taken back."""

    reason: Reason


class Change(Told):
    """One line of a market's history."""

    seq: int
    kind: ChangeKind
    at: datetime
    actor: str
    actor_name: str = Field(description="Who that is; empty when it is nobody of ours.")
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    undoable: bool = Field(description="What it set still stands, and what stood before is known.")

    @classmethod
    def of(cls, change: rules.Change, standing: Standing, names: Mapping[str, str]) -> Self:
        """The change as told beside what stands now; ``names`` of actors by their labels."""
        return cls(
            seq=change.seq,
            kind=change.kind,
            at=change.at,
            actor=change.actor,
            actor_name=names.get(change.actor, ""),
            before=dict(change.before),
            after=dict(change.after),
            reason=change.reason,
            undoable=standing.still_holds(change),
        )
