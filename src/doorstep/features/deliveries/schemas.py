"""What merchants ask of deliveries on the wire; `answers` has what they are told.

Address, window, requirements and price lines read as they do on a quote.
"""

import re
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from doorstep.features.deliveries.placing import Order
from doorstep.features.deliveries.rules import (
    CancelReason,
    Requirements,
    ReturnPolicy,
    ServiceLevel,
)
from doorstep.features.deliveries.service import Amendment
from doorstep.features.identity.phones import e164
from doorstep.features.markets.rules import MOST_MINOR
from doorstep.features.merchants.schemas import Address, Point
from doorstep.features.quotes.requirements import REQUIREMENTS
from doorstep.features.quotes.schemas import CartMinor, PublicStore, Requirement, Window, instant_of
from doorstep.units.ids import parse
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

_RFC_3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")
_LINE = r"^[^\x00-\x1f\x7f]*$"
Line = Annotated[str, StringConstraints(max_length=120, pattern=_LINE)]
Name = Annotated[str, StringConstraints(max_length=80, pattern=_LINE)]
FirstName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f]$"),
    Field(examples=["Ann"]),
]
Text = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
Phone = Annotated[
    str,
    StringConstraints(max_length=40, pattern=_LINE),
    Field(description="As people write it; kept as E.164. Empty: none.", examples=["(615) 555-0111"]),
]
ExternalId = Annotated[
    str,
    StringConstraints(max_length=120, pattern=_LINE),
    Field(
        description="Your own reference, unique among your deliveries that have not ended. May be empty.",
        examples=["A-10234"],
    ),
]


def _number(value: object) -> object:
    """Whole numbers only: "3.00" read as three cents would be a costly kindness."""
    if isinstance(value, str | bytes | bool):
        raise ValueError("a number is meant, not a text")  # noqa: TRY004 (pydantic tells ValueErrors)
    return value


def _written(value: object) -> object:
    """Instants as RFC 3339 writes them; a bare number could be seconds or milliseconds."""
    if not isinstance(value, str) or not _RFC_3339.match(value):
        raise ValueError("an instant is written like 2026-11-21T18:00:00Z")
    return value


Number = BeforeValidator(_number)  # last in its list: bounds before it stay in the schema
Instant = Annotated[AwareDatetime, BeforeValidator(_written), Field(examples=["2026-11-21T18:00:00Z"])]
TipMinor = Annotated[
    int,
    Field(
        ge=0,
        le=MOST_MINOR,
        description="Minor units (cents); at most what the market's tariff allows, 100 dollars unless it says otherwise.",
        examples=[300],
    ),
    Number,
]
Items = Annotated[int, Field(ge=1, le=500, description="Bags or parcels count as their contents."), Number]
Units = Annotated[int, Field(ge=1, le=1000, description="Load units of a vehicle's capacity."), Number]
WeightG = Annotated[int, Field(ge=0, le=1_000_000, description="Grams, all together."), Number]
PropertyType = Literal["", "house", "apartment", "business", "other"]
Wish = Literal[
    "changed_mind", "ordered_by_mistake", "out_of_stock", "store_closed", "wrong_address", "too_late",
    "fraud_suspected", "other",
]  # fmt: skip
_FLAGS = frozenset(
    {"alcohol", "cold", "fragile", "heavy", "high_value", "signature", "pin", "photo", "contactless"}
)


class Asked(BaseModel):
    """A request: nothing beside what is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def requirements_of(words: list[str]) -> Requirements:
    """The requirements behind their words; of two ages the higher one counts."""
    ages = [int(word.removeprefix("age_")) for word in words if word.startswith("age_")]
    return Requirements(min_age=max(ages, default=0), **{word: True for word in words if word in _FLAGS})


class Shopper(Asked):
    """Where to, and who is there."""

    address: Address
    point: Point | None = None
    first_name: FirstName
    last_name: Name = ""
    phone: Phone = ""
    instructions: Text = ""
    property_type: PropertyType = ""


class Contained(Asked):
    """One kind of goods inside."""

    name: Annotated[
        str,
        StringConstraints(min_length=1, max_length=120, pattern=_LINE),
        Field(examples=["Red velvet cupcake"]),
    ]
    quantity: Annotated[int, Field(ge=1, le=10_000), Number] = 1
    code: Annotated[
        str,
        StringConstraints(max_length=80, pattern=_LINE),
        Field(description="A barcode or article number."),
    ] = ""


class DeliveryAsked(Asked):
    """A delivery to make. With `quote_id`, everything the quote was for must be repeated exactly."""

    store: PublicStore
    external_id: ExternalId = ""
    quote_id: (
        Annotated[str, StringConstraints(max_length=40), Field(examples=["qte_01jd0000000000000000000000"])]
        | None
    ) = None
    service_level: ServiceLevel = ServiceLevel.EXPRESS
    window: Window | None = None
    ready_at: Instant | None = None
    dropoff: Shopper
    cart_minor: Annotated[CartMinor, Number]
    currency: Literal["USD"] = "USD"
    items: Items = 1
    units: Units | None = None
    weight_g: WeightG = 0
    contains: Annotated[list[Contained], Field(max_length=100)] = []
    requirements: Annotated[list[Requirement], Field(max_length=len(REQUIREMENTS))] = []
    return_policy: ReturnPolicy = ReturnPolicy.RETURN
    tip_minor: TipMinor = 0

    def order(self) -> Order:
        """The order as asked. Raises MalformedId, MalformedWindow, NoPhone."""
        return Order(
            store_id=parse("store", self.store),
            external_id=self.external_id,
            quote_id=None if self.quote_id is None else parse("quote", self.quote_id),
            level=self.service_level,
            window=None if self.window is None else self.window.value(),
            ready_at=instant_of(self.ready_at),
            address=self.dropoff.address.value(),
            point=None if self.dropoff.point is None else self.dropoff.point.value(),
            first_name=self.dropoff.first_name,
            last_name=self.dropoff.last_name,
            phone=e164(self.dropoff.phone) if self.dropoff.phone else "",
            instructions=self.dropoff.instructions,
            property_type=self.dropoff.property_type,
            items=self.items,
            units=self.units,
            weight_g=self.weight_g,
            cart=Money(self.cart_minor, self.currency),
            manifest=[part.model_dump() for part in self.contains],
            requirements=requirements_of(self.requirements),
            return_policy=self.return_policy,
            tip=Money(self.tip_minor, self.currency),
        )


class NewDoor(Asked):
    """Another address."""

    address: Address
    point: Point | None = None


class DeliveryAmended(Asked):
    """What shall change; what is left out stays. All of it or nothing."""

    dropoff: NewDoor | None = None
    window: Window | None = None
    phone: Phone | None = None
    instructions: Text | None = None
    first_name: FirstName | None = None
    last_name: Name | None = None
    ready_at: Instant | None = None
    items: Items | None = None
    units: Units | None = None
    weight_g: WeightG | None = None
    return_policy: ReturnPolicy | None = None

    def amendment(self) -> Amendment:
        """The parts that need no map."""
        return Amendment(
            phone=e164(self.phone) if self.phone else self.phone,
            instructions=self.instructions,
            first_name=self.first_name,
            last_name=self.last_name,
            ready_at=instant_of(self.ready_at),
            items=self.items,
            units=self.units,
            weight_g=self.weight_g,
            return_policy=self.return_policy,
        )


class CancelAsked(Asked):
    """Why it shall not take place."""

    reason: Wish = Field(examples=["changed_mind"])
    note: Text = ""

    def why(self) -> CancelReason:
        """The reason as a value."""
        return CancelReason(self.reason)


class TipAsked(Asked):
    """The tip as it shall be, not what is added."""

    tip_minor: TipMinor


class ReadyAsked(Asked):
    """When the goods are ready; left out: now."""

    ready_at: Instant | None = None

    def at(self, now: MarketInstant) -> MarketInstant:
        """The instant meant."""
        return instant_of(self.ready_at) or now
