"""Providers on the wire."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from doorstep.features.deliveries.rules import ServiceLevel
from doorstep.features.providers import rules
from doorstep.features.providers.rules import Ability, JobState, Pricing, ProviderState
from doorstep.units.ids import public

Line = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]


def _plausible(instant: datetime) -> datetime:
    if not 2000 <= instant.year < 2200:
        raise ValueError("must lie between the years 2000 and 2199")
    return instant


Instant = Annotated[AwareDatetime, AfterValidator(_plausible)]
Slug = Annotated[
    str,
    StringConstraints(min_length=2, max_length=40, pattern=r"^[a-z][a-z0-9-]*$"),
    Field(examples=["swift"]),
]
Postcode = Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Minor = Annotated[int, Field(ge=0, le=10_000_00, description="In cents.")]


class Asked(BaseModel):
    """A request: nothing beside what is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class ProviderWanted(Asked):
    """A courier company to work with."""

    name: Line = Field(examples=["Swift couriers"])
    slug: Slug


class StateWanted(Asked):
    """Whether the company is asked from now on."""

    state: ProviderState


class KeyLabel(Asked):
    """What a key is for."""

    label: Line = Field(default="provider", examples=["job list"])


class ProviderTold(Told):
    """A courier company."""

    id: str
    name: str
    slug: str
    state: ProviderState
    connected: bool = Field(description="This installation can speak to it.")

    @classmethod
    def of(cls, provider: rules.Provider, *, connected: bool) -> Self:
        """A company as staff see it."""
        return cls(
            id=public("provider", provider.id),
            name=provider.name,
            slug=provider.slug,
            state=provider.state,
            connected=connected,
        )


class ProviderEntered(Told):
    """A company just entered. `webhook_secret` is shown this once."""

    provider: ProviderTold
    webhook_secret: str
    webhook_path: str


class SecretRenewed(Told):
    """A fresh webhook secret, shown this once."""

    webhook_secret: str


class KeyMade(Told):
    """A fresh key. `secret` is shown this once."""

    id: str
    secret: str


class DealWanted(Asked):
    """What a company carries for us, from when to when, for how much."""

    market: str = Field(max_length=40, examples=["mkt_01jd0000000000000000000000"])
    service_levels: frozenset[ServiceLevel] = Field(min_length=1, max_length=len(ServiceLevel))
    starts_at: Instant
    ends_at: Instant | None = None
    pricing: Pricing = Pricing.QUOTED
    flat_minor: Minor = 0
    per_mile_minor: Minor = 0
    most_minor: Minor | None = Field(default=None, description="A quote above it is not taken.")
    currency: Currency = "USD"
    abilities: frozenset[Ability] = Field(default=frozenset(), max_length=len(Ability))
    heaviest_g: int = Field(default=25_000, ge=1, le=1_000_000)
    furthest_m: int = Field(default=40_000, ge=1, le=500_000)
    areas: frozenset[Postcode] = Field(
        default=frozenset(), max_length=500, description="Postcodes it goes to; empty: the whole market."
    )
    rank: int = Field(default=100, ge=0, le=1000, description="Lower is asked first.")


class DealEnd(Asked):
    """When a deal ends; left out: now."""

    ends_at: Instant | None = None


class DealTold(Told):
    """A deal."""

    id: str
    provider: str
    market: str
    service_levels: list[str]
    starts_at: datetime
    ends_at: datetime | None
    pricing: Pricing
    flat_minor: int
    per_mile_minor: int
    most_minor: int | None
    currency: str
    abilities: list[str]
    heaviest_g: int
    furthest_m: int
    areas: list[str]
    rank: int

    @classmethod
    def of(cls, deal: rules.Deal) -> Self:
        """A deal as staff see it."""
        return cls(
            id=public("deal", deal.id),
            provider=public("provider", deal.provider_id),
            market=public("market", deal.market_id),
            service_levels=sorted(deal.service_levels),
            starts_at=deal.starts_at,
            ends_at=deal.ends_at,
            pricing=deal.pricing,
            flat_minor=deal.flat.minor,
            per_mile_minor=deal.per_mile_minor,
            most_minor=None if deal.most is None else deal.most.minor,
            currency=deal.flat.currency,
            abilities=sorted(deal.abilities),
            heaviest_g=deal.heaviest_g,
            furthest_m=deal.furthest_m,
            areas=sorted(deal.areas),
            rank=deal.rank,
        )


class PointTold(Told):
    """A place."""

    lat: float
    lng: float


class JobTold(Told):
    """A job given to a courier company."""

    id: str
    reference: str
    delivery: str
    provider: str
    state: JobState
    told: str = Field(description="The company's own last word.")
    why: str = Field(description="Why a company was asked.")
    external_id: str
    fee_minor: int
    currency: str
    courier_name: str
    vehicle: str
    position: PointTold | None
    position_at: datetime | None
    refusal: str
    asked_at: datetime
    booked_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, job: rules.ProviderJob) -> Self:
        """A job as staff and its company see it."""
        position = None if job.position is None else PointTold(lat=job.position.lat, lng=job.position.lng)
        return cls(
            id=public("provider_job", job.id),
            reference=job.reference,
            delivery=public("delivery", job.delivery_id),
            provider=public("provider", job.provider_id),
            state=job.state,
            told=job.told,
            why=job.why,
            external_id=job.external_id,
            fee_minor=job.fee.minor,
            currency=job.fee.currency,
            courier_name=job.courier_name,
            vehicle=job.vehicle,
            position=position,
            position_at=job.position_at,
            refusal=job.refusal,
            asked_at=job.asked_at,
            booked_at=job.booked_at,
            ended_at=job.ended_at,
        )


class Heard(Told):
    """A webhook that was taken in."""

    accepted: bool = True
