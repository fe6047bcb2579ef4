"""What a company may be asked to carry, which one is asked, and how a job moves. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from doorstep.connectors.couriers.protocol import CourierJob, CourierQuote
from doorstep.connectors.couriers.protocol import JobState as Told
from doorstep.features.deliveries.rules import Delivery, DeliveryState, FactKind, ProofKind
from doorstep.units.geo import METRES_PER_MILE, LatLng
from doorstep.units.ids import DeliveryId, MarketId, ProviderId, ProviderJobId
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant


class Ability(StrEnum):
    """What a company's couriers can do beyond driving: the requirement flags of deliveries."""

    AGE_18 = "age_18"  # sees a paper that says 18 or older
    AGE_21 = "age_21"  # sees a paper that says 21 or older
    ALCOHOL = "alcohol"  # may carry alcohol
    COLD = "cold"  # keeps goods cold
    FRAGILE = "fragile"  # carries what breaks
    HEAVY = "heavy"  # carries what is heavy
    HIGH_VALUE = "high_value"  # is insured for what is dear
    SIGNATURE = "signature"  # takes a signature at the door
    PIN = "pin"  # asks for the shopper's code
    PHOTO = "photo"  # takes a photo at the door
    CONTACTLESS = "contactless"  # leaves goods at the door


class ProviderState(StrEnum):
    """Whether a company is asked."""

    ACTIVE = "active"  # asked by its deals
    PAUSED = "paused"  # not asked; jobs under way go on


class Pricing(StrEnum):
    """Who says what a job costs."""

    QUOTED = "quoted"  # the company, for each job
    FIXED = "fixed"  # the deal: flat, and so much per mile of the way


class JobState(StrEnum):
    """Where a job stands."""

    ASKED = "asked"  # chosen; a price is being asked for
    BOOKING = "booking"  # a courier was ordered; until the answer is known nothing else is tried
    BOOKED = "booked"  # the company has it, and the delivery is its
    CALLING_OFF = "calling_off"  # no longer wanted; until the company confirms, its delivery stays with it
    SET_ASIDE = "set_aside"  # staff let others have the delivery without the company's word; still called off
    REFUSED = "refused"  # the company declined, would not say its price, or holds no such order
    CANCELLED = "cancelled"  # called off
    LOST = "lost"  # the company lost its courier
    DELIVERED = "delivered"  # handed over
    RETURNED = "returned"  # back at the store


WANTED = frozenset({JobState.ASKED, JobState.BOOKING, JobState.BOOKED})
"""States of a job that we would like to see done."""
LIVE = WANTED | {JobState.CALLING_OFF}
"""States in which a courier may be on the way for us: one job of a delivery at a time, and no driver beside it."""
UNCONFIRMED = frozenset({JobState.BOOKING, JobState.CALLING_OFF})
"""States in which the company alone knows whether a courier is on the way."""
OFF = frozenset({JobState.CALLING_OFF, JobState.SET_ASIDE})
"""States in which the company is told that no courier is needed, until its books say so."""
OPEN = LIVE | OFF
EDGES: dict[JobState, frozenset[JobState]] = {
    JobState.ASKED: frozenset({JobState.BOOKING, JobState.REFUSED, JobState.CANCELLED}),
    JobState.BOOKING: frozenset({JobState.BOOKED, JobState.REFUSED, JobState.CALLING_OFF, JobState.SET_ASIDE}),
    JobState.BOOKED: frozenset({JobState.CALLING_OFF, JobState.LOST, JobState.DELIVERED, JobState.RETURNED, JobState.CANCELLED}),
    JobState.CALLING_OFF: frozenset({JobState.BOOKED, JobState.SET_ASIDE, JobState.CANCELLED, JobState.LOST, JobState.DELIVERED, JobState.RETURNED}),
    JobState.SET_ASIDE: frozenset({JobState.CANCELLED, JobState.LOST, JobState.DELIVERED, JobState.RETURNED}),
}  # fmt: skip
"""Where each state may lead; those left out are ends."""
ENDS: dict[Told, JobState] = {
    Told.DELIVERED: JobState.DELIVERED,
    Told.RETURNED: JobState.RETURNED,
    Told.CANCELLED: JobState.CANCELLED,
    Told.LOST: JobState.LOST,
}
"""How a company's last word ends our job."""
LOOKUP_WAITS_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Real seconds before each of the first looks for a booking whose answer did not come.

So long an order that the company's books do not hold is sent again; after the last it is only asked after.
"""
LONGEST_LOOKUP_WAIT_S = 60.0
"""Real seconds between two looks at most, however long a company has been silent: it is never given up."""
SURE_AFTER = 3
"""How often a company's books must not hold an order before we believe that none is on its way any more."""
STAFF_ASKED_AFTER = timedelta(minutes=5)
"""Market time without the company's word after which staff are asked: nobody else is, by rule."""
POLL_EVERY_MINUTES = 3
"""Market minutes between two looks at a job under way, should its webhooks not arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A courier company. ``slug`` names its connector and its webhook address."""

    id: ProviderId
    name: str
    slug: str
    state: ProviderState


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """What a company carries for us: half-open from ``starts_at`` to ``ends_at``.

    ``areas`` are postcodes it goes to (empty: the whole market). ``rank`` orders companies: lower is asked first.
    """

    id: UUID
    provider_id: ProviderId
    market_id: MarketId
    service_levels: frozenset[str]
    starts_at: MarketInstant
    ends_at: MarketInstant | None
    pricing: Pricing
    flat: Money
    per_mile_minor: int
    most: Money | None  # a quote above it is not taken
    abilities: frozenset[Ability]
    heaviest_g: int
    furthest_m: int
    areas: frozenset[str]
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderJob:
    """A job as other rooms see it."""

    id: ProviderJobId
    delivery_id: DeliveryId
    provider_id: ProviderId
    deal_id: UUID
    market_id: MarketId
    reference: str
    state: JobState
    why: str
    external_id: str
    fee: Money
    told: str  # the company's own last word
    courier_name: str
    vehicle: str
    position: LatLng | None
    position_at: MarketInstant | None
    proof_url: str
    refusal: str
    asked_at: MarketInstant
    booked_at: MarketInstant | None
    unconfirmed_since: MarketInstant | None  # since when the company alone knows; None: it has told
    ended_at: MarketInstant | None


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a deal cannot serve a delivery, in words."""

    deal_id: UUID
    why: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The deals that can serve, best first, and why the others cannot."""

    deals: tuple[Deal, ...]
    unfit: tuple[Unfit, ...] = field(default=())


def misfit(deal: Deal, delivery: Delivery, at: datetime) -> str | None:
    """Why ``deal`` cannot serve ``delivery`` at ``at``; None when it can.

    The capability matrix: every requirement of the delivery must be among the deal's abilities.
    """
    if deal.market_id != delivery.market_id:
        return "another market"
    if not (deal.starts_at <= at and (deal.ends_at is None or at < deal.ends_at)):
        return "the deal is not in force"
    if delivery.service_level not in deal.service_levels:
        return f"does not do {delivery.service_level}"
    unmet = sorted(delivery.requirements.names() - deal.abilities)
    if unmet:
        return f"cannot do {', '.join(unmet)}"
    if delivery.weight_g > deal.heaviest_g:
        return f"carries up to {deal.heaviest_g} g"
    if delivery.leg_m > deal.furthest_m:
        return f"drives up to {deal.furthest_m} m"
    if deal.areas and delivery.dropoff.postcode[:5] not in deal.areas:
        return f"does not go to {delivery.dropoff.postcode[:5]}"
    return None


def choose(
    deals: Iterable[Deal], delivery: Delivery, at: datetime, tried: frozenset[UUID] = frozenset()
) -> Choice:
    """Deals that can serve ``delivery``, best rank first, ties by id; companies in ``tried`` are left out."""
    fit, unfit = [], []
    for deal in deals:
        why = "was asked before" if deal.provider_id in tried else misfit(deal, delivery, at)
        if why is None:
            fit.append(deal)
        else:
            unfit.append(Unfit(deal.id, why))
    return Choice(tuple(sorted(fit, key=lambda deal: (deal.rank, deal.id))), tuple(unfit))


def price(deal: Deal, leg_m: int, quote: CourierQuote, most_minor: int | None = None) -> Money:
    """What the job will cost: by the deal, or as quoted.

    ``most_minor``: what the market lets be booked without a person, None any. Raises TooDear above it, and above
    what the deal allows a quote to be.
    """
    fee = _agreed(deal, leg_m) if deal.pricing is Pricing.FIXED else quote.fee
    if deal.pricing is Pricing.QUOTED and deal.most is not None and deal.most < fee:
        raise TooDear(f"{fee} is above {deal.most}, the most of the deal")
    if most_minor is not None and most_minor < fee.minor:
        most = Money(most_minor, fee.currency)
        raise TooDear(f"{fee} is above {most}, the most that is booked without a person")
    return fee


def known_fee(deal: Deal, leg_m: int) -> Money | None:
    """What a job will cost at most, as far as the deal says so; None where only the company knows."""
    return _agreed(deal, leg_m) if deal.pricing is Pricing.FIXED else deal.most


def _agreed(deal: Deal, leg_m: int) -> Money:
    miles = Decimal(leg_m) / Decimal(str(METRES_PER_MILE))
    return deal.flat + Money(deal.per_mile_minor, deal.flat.currency).times(miles)


class TooDear(Exception):
    """A price above what the deal, or the market without a person, allows."""


def final_cost(deal: Deal, agreed: Money, told: CourierJob) -> Money:
    """What a job that ended costs.

    Quoted: what the company says in the end (a cancellation fee, the way back). Fixed: the deal's price when it was
    driven to the door, otherwise what the company says, never more than the deal's price.
    """
    if deal.pricing is Pricing.QUOTED:
        return told.fee
    if told.state in {Told.DELIVERED, Told.RETURNED}:
        return agreed
    return min(agreed, told.fee, key=lambda money: money.minor)


_FACTS: dict[Told, tuple[FactKind, ...]] = {
    Told.TO_PICKUP: (FactKind.DEPARTED_TO_PICKUP,),
    Told.AT_PICKUP: (FactKind.REACHED_PICKUP,),
    Told.PICKED_UP: (FactKind.PICKED_UP, FactKind.DEPARTED_TO_DROPOFF),  # a courier's next stop is this door
    Told.AT_DROPOFF: (FactKind.REACHED_DROPOFF,),
    Told.DELIVERED: (FactKind.HANDED_OVER,),
    Told.RETURNING: (FactKind.ATTEMPT_FAILED, FactKind.DEPARTED_TO_RETURN),
    Told.RETURNED: (FactKind.ATTEMPT_FAILED, FactKind.RETURNED_TO_STORE),
}
_GOODS_WITH_US = frozenset({DeliveryState.ASSIGNED, DeliveryState.ENROUTE_TO_PICKUP, DeliveryState.AT_PICKUP})


_ORDER = (
    Told.PENDING, Told.TO_PICKUP, Told.AT_PICKUP, Told.PICKED_UP, Told.AT_DROPOFF, Told.RETURNING,
    Told.DELIVERED, Told.RETURNED, Told.CANCELLED, Told.LOST,
)  # fmt: skip
LOST_ON_THE_WAY = "called_back"
"""The reason, in the deliveries' own words, of an attempt that ended with the courier before the door."""


def older(told: Told, known: str) -> bool:
    """Whether ``told`` comes before what the company said already: an answer that was overtaken."""
    return known != "" and _ORDER.index(told) < _ORDER.index(Told(known))


def attested(names: Iterable[str]) -> frozenset[ProofKind]:
    """The proofs a company vouches for, as deliveries know them; unknown names are left out."""
    known = {str(kind) for kind in ProofKind}
    return frozenset(ProofKind(name) for name in names if name in known)


def facts(told: Told) -> tuple[FactKind, ...]:
    """What the delivery learns when the company says ``told``; earlier facts are implied by later ones."""
    return _FACTS.get(told, ())


_GOODS_WITH_THEM = frozenset({Told.PICKED_UP, Told.AT_DROPOFF, Told.RETURNING, Told.DELIVERED, Told.RETURNED})


def too_late_to_call_off(told: Told) -> bool:
    """Whether the company's courier has, or had, the goods: nobody else can carry them."""
    return told in _GOODS_WITH_THEM


def lookup_wait_s(lookups: int) -> float:
    """Real seconds before the next look, after ``lookups`` of them brought no answer: ever longer, to a bound."""
    if lookups < len(LOOKUP_WAITS_S):
        return LOOKUP_WAITS_S[lookups]
    return min(LOOKUP_WAITS_S[-1] * 2.0 ** min(lookups - len(LOOKUP_WAITS_S) + 1, 10), LONGEST_LOOKUP_WAIT_S)


def gives_back(told: Told, state: DeliveryState) -> bool:
    """Whether the company gave the delivery up before the goods left the store: it waits for a carrier again."""
    return told in {Told.LOST, Told.CANCELLED} and state in _GOODS_WITH_US


def strands(told: Told, state: DeliveryState) -> bool:
    """Whether the company gave up with the goods on board: somebody must look for them."""
    return (
        told in {Told.LOST, Told.CANCELLED}
        and state not in _GOODS_WITH_US
        and state in {DeliveryState.PICKED_UP, DeliveryState.ENROUTE_TO_DROPOFF, DeliveryState.AT_DROPOFF}
    )


def may_move(before: JobState, after: JobState) -> bool:
    """Whether a job may go from ``before`` to ``after``."""
    return after in EDGES.get(before, frozenset())


def unknown_abilities(names: Sequence[str]) -> list[str]:
    """Names that are no ability."""
    return sorted(set(names) - set(Ability))
