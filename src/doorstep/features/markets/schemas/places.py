"""Markets, new and standing, on the wire."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Literal, Self

from pydantic import (
    Discriminator,
    Field,
    StringConstraints,
    Tag,
)

from doorstep.features.markets import rules
from doorstep.features.markets.rules import ServiceLevel, Stage
from doorstep.features.markets.schemas.acts import (
    Fallback,
)
from doorstep.features.markets.schemas.money import (
    PayRates,
)
from doorstep.features.markets.schemas.service import ServiceRules
from doorstep.features.markets.schemas.wire import (
    Asked,
    Line,
    Outline,
    Postcode,
    Slug,
    Told,
    ZoneKey,
)
from doorstep.units.ids import public

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
