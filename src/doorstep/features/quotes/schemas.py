"""Quotes on the wire. Instants are UTC; ``local`` ones carry the market's offset."""

from datetime import datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from doorstep.connectors.maps.protocol import Precision
from doorstep.features.markets.rules import ServiceLevel
from doorstep.features.merchants.schemas import Address, Point
from doorstep.features.quotes import rules
from doorstep.features.quotes.eligibility import Answer
from doorstep.features.quotes.errors import MalformedWindow
from doorstep.features.quotes.prices import LineKind, Price
from doorstep.features.quotes.requirements import REQUIREMENTS
from doorstep.features.quotes.rules import Why
from doorstep.features.quotes.windows import WindowOffer
from doorstep.platform.errors import Fault
from doorstep.platform.http.wire import Instant, Number
from doorstep.units.ids import public
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant, TimeWindow, market_instant

PublicStore = Annotated[
    str, StringConstraints(max_length=40), Field(examples=["str_01jd0000000000000000000000"])
]
Requirement = Annotated[
    str,
    StringConstraints(max_length=20, pattern=f"^({'|'.join(sorted(REQUIREMENTS))})$"),
    Field(examples=["photo"]),
]
CartMinor = Annotated[
    int, Field(ge=0, le=10_000_000, description="Minor units (cents).", examples=[4250]), Number
]


class Asked(BaseModel):
    """A request: nothing beside what is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class Window(Asked):
    """A half-open span of time, with offsets."""

    start: Instant = Field(examples=["2026-11-21T20:00:00Z"])
    end: Instant = Field(examples=["2026-11-21T22:00:00Z"])

    def value(self) -> TimeWindow:
        """The window as asked. Raises MalformedWindow when it does not end after its start."""
        try:
            return TimeWindow(market_instant(self.start), market_instant(self.end))
        except (ValueError, OverflowError) as error:
            raise MalformedWindow(faults=[Fault("/window", "ends after it starts")]) from error


def instant_of(value: datetime | None) -> MarketInstant | None:
    """An asked instant in UTC. Raises MalformedWindow outside the calendar."""
    try:
        return None if value is None else market_instant(value)
    except OverflowError as error:
        raise MalformedWindow(faults=[Fault("/ready_at", "out of the calendar")]) from error


class Drop(Asked):
    """Where to. Without `point` the address may only find its ZIP: right for a price."""

    address: Address
    point: Point | None = None


class Terms(Asked):
    """How fast, and what. Without `ready_at` the store packs from now, or from its next opening on."""

    service_level: ServiceLevel = ServiceLevel.EXPRESS
    window: Window | None = None
    ready_at: Instant | None = None
    requirements: Annotated[list[Requirement], Field(max_length=len(REQUIREMENTS))] = []
    currency: Literal["USD"] = "USD"


class QuoteAsked(Terms):
    """A delivery to price."""

    store: PublicStore
    dropoff: Drop
    cart_minor: CartMinor


class EligibilityAsked(Terms):
    """Up to ten stores and up to ten places. Without a cart, minimum and price are left out."""

    stores: Annotated[list[PublicStore], Field(min_length=1, max_length=10)]
    dropoffs: Annotated[list[Drop], Field(min_length=1, max_length=10)]
    cart_minor: CartMinor | None = None

    def cart(self) -> Money | None:
        """The cart, if it is known."""
        return None if self.cart_minor is None else Money(self.cart_minor, self.currency)


class Line(Told):
    """One part of a price."""

    kind: LineKind
    text: str = Field(examples=["2.10 miles beyond the first 3.0 at $0.95 a mile"])
    amount_minor: int = Field(examples=[200])


class Fee(Told):
    """A price and its parts, which add up to it."""

    total_minor: int = Field(examples=[995])
    currency: str = Field(examples=["USD"])
    lines: list[Line]

    @classmethod
    def of(cls, price: Price) -> Self:
        """The price as told."""
        return cls(
            total_minor=price.total.minor,
            currency=price.total.currency,
            lines=[
                Line(kind=line.kind, text=line.text, amount_minor=line.amount.minor) for line in price.lines
            ],
        )


class Reason(Told):
    """Why not."""

    code: Why
    text: str
    suggestions: list[str] = Field(description="Addresses that may have been meant.")


class Alternative(Told):
    """The nearest thing that can be had instead."""

    store: str
    service_level: ServiceLevel
    window: Window | None
    text: str


class Way(Told):
    """The drive from the store."""

    metres: int
    seconds: int


class Pair(Told):
    """The answer for one store and one place, by their numbers in the question."""

    store: int
    dropoff: int
    eligible: bool
    reasons: list[Reason]
    alternative: Alternative | None
    way: Way | None
    price: Fee | None
    due_at: datetime | None

    @classmethod
    def of(cls, answer: Answer) -> Self:
        """The answer as told."""
        other, promise = answer.alternative, answer.verdict.promise
        return cls(
            store=answer.pickup,
            dropoff=answer.dropoff,
            eligible=answer.verdict.eligible,
            reasons=[
                Reason(code=r.code, text=r.text, suggestions=list(r.suggestions))
                for r in answer.verdict.reasons
            ],
            alternative=None if other is None else alternative_of(other),
            way=None if answer.leg is None else Way(metres=answer.leg.metres, seconds=answer.leg.seconds),
            price=None if answer.price is None else Fee.of(answer.price),
            due_at=None if promise is None else promise.due_at,
        )


def alternative_of(other: rules.Alternative) -> Alternative:
    """The alternative as told."""
    window = other.window
    return Alternative(
        store=public("store", other.store_id),
        service_level=other.level,
        window=None if window is None else Window(start=window.start, end=window.end),
        text=other.text,
    )


class Eligibility(Told):
    """One answer per pair, stores first."""

    answers: list[Pair]


class Quote(Told):
    """A price and a promise, honoured once until `expires_at` for exactly these details."""

    id: str = Field(examples=["qte_01jd0000000000000000000000"])
    store: str
    dropoff: Drop
    precision: Precision
    note: str
    service_level: ServiceLevel
    window: Window | None
    cart_minor: int
    requirements: list[str]
    way: Way
    price: Fee
    ready_at: datetime
    earliest_drop_at: datetime | None
    due_at: datetime
    created_at: datetime
    expires_at: datetime
    used: bool

    @classmethod
    def of(cls, quote: rules.Quote) -> Self:
        """The quote as told."""
        wanted = quote.wanted
        window = wanted.window
        return cls(
            id=public("quote", quote.id),
            store=public("store", wanted.store_id),
            dropoff=Drop.model_construct(
                address=Address.of(wanted.address), point=Point(lat=wanted.point.lat, lng=wanted.point.lng)
            ),
            precision=quote.precision,
            note=quote.note,
            service_level=wanted.level,
            window=None if window is None else Window(start=window.start, end=window.end),
            cart_minor=wanted.cart.minor,
            requirements=sorted(wanted.requirements),
            way=Way(metres=quote.leg.metres, seconds=quote.leg.seconds),
            price=Fee.of(quote.price),
            ready_at=quote.promise.ready_at,
            earliest_drop_at=quote.promise.earliest_drop_at,
            due_at=quote.promise.due_at,
            created_at=quote.created_at,
            expires_at=quote.expires_at,
            used=quote.used_at is not None,
        )


class OfferedWindow(Told):
    """A window that can be booked now."""

    service_level: ServiceLevel
    start: datetime
    end: datetime
    local_start: str = Field(examples=["2026-11-21T14:00:00-06:00"])
    local_end: str = Field(examples=["2026-11-21T16:00:00-06:00"])

    @classmethod
    def of(cls, offer: WindowOffer, zone: ZoneInfo) -> Self:
        """The window as told, in UTC and on the clocks of ``zone``."""
        start, end = offer.window.start, offer.window.end
        return cls(
            service_level=offer.level,
            start=start,
            end=end,
            local_start=start.astimezone(zone).isoformat(),
            local_end=end.astimezone(zone).isoformat(),
        )


class Windows(Told):
    """What a store can promise right now. `reasons` say why there is nothing."""

    store: str
    timezone: str
    express_due_at: datetime | None = Field(
        description="When an express delivery asked for now would be due."
    )
    windows: list[OfferedWindow]
    reasons: list[Reason]
