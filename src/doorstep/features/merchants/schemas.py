"""Merchants and stores on the wire."""

from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from doorstep.connectors.maps import protocol
from doorstep.features.markets.rules import TariffKind
from doorstep.features.merchants import rules
from doorstep.features.merchants.errors import MalformedBrand, MalformedHours
from doorstep.features.merchants.rules import DAY_MIN, StoreState
from doorstep.platform.errors import Fault
from doorstep.platform.http.wire import Day, Flag, Number
from doorstep.units.geo import LatLng
from doorstep.units.ids import public
from doorstep.units.time import MarketInstant

Line = Annotated[
    str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f]$")
]
Optional80 = Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]
Prose = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]
Reason = Annotated[
    str,
    StringConstraints(min_length=3, max_length=500, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$"),
    Field(examples=["Paid three invoices on time."]),
]
Slug = Annotated[
    str,
    StringConstraints(max_length=60, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"),
    Field(examples=["cupcake-corner"]),
]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$"), Field(examples=["#7a1f3d"])]
Minor = Annotated[int, Field(ge=0, le=100_000_000, description="Minor units (cents)."), Number]
Phone = Annotated[
    str,
    StringConstraints(max_length=30, pattern=r"^[^\x00-\x1f\x7f]*$"),
    Field(examples=["(615) 555-0142"]),
]


_Https = StringConstraints(
    max_length=500, pattern=r"^(https://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?(/[\x21-\x7e]*)?)?$"
)
LogoUrl = Annotated[str, _Https, Field(examples=["https://cupcakes.example/logo.svg"])]
HelpUrl = Annotated[str, _Https, Field(examples=["https://cupcakes.example/help"])]
Clock = Annotated[
    str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"), Field(examples=["08:30"])
]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, examples=[36.1512]), Number]
Lng = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, examples=[-86.7895]), Number]


class Asked(BaseModel):
    """A request: nothing beside what is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class Point(Asked):
    """A place in degrees (WGS 84)."""

    lat: Lat
    lng: Lng

    def value(self) -> LatLng:
        """The point as asked."""
        return LatLng(lat=self.lat, lng=self.lng)


class Address(Asked):
    """A postal address; `line2` is the unit."""

    line1: Line = Field(examples=["400 Redbud St"])
    line2: Optional80 = ""
    city: Line = Field(examples=["Nashville"])
    state: Annotated[str, StringConstraints(min_length=2, max_length=30, pattern=r"^[A-Za-z. ]+$")] = Field(
        examples=["TN"]
    )
    postcode: Annotated[str, StringConstraints(min_length=1, max_length=12, pattern=r"^[0-9A-Za-z -]+$")] = (
        Field(examples=["37203"])
    )
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "US"

    def value(self) -> protocol.Address:
        """The address as asked."""
        return protocol.Address(**self.model_dump())

    @classmethod
    def of(cls, address: protocol.Address) -> Self:
        """The address as told."""
        return cls.model_construct(
            line1=address.line1,
            line2=address.line2,
            city=address.city,
            state=address.state,
            postcode=address.postcode,
            country=address.country,
        )


class Span(Asked):
    """Open from one local time to another of the same day; `24:00` is the end of the day."""

    opens: Clock
    closes: Clock = Field(examples=["22:00"])

    def value(self) -> rules.Span:
        """The span as asked. Raises ValueError for an empty one."""
        return rules.Span(_minutes(self.opens), _minutes(self.closes))


Spans = Annotated[list[Span], Field(max_length=6)]
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Hours(Asked):
    """Opening hours in the store's local time. A day without spans is closed, and so are `closed_days`."""

    monday: Spans = []
    tuesday: Spans = []
    wednesday: Spans = []
    thursday: Spans = []
    friday: Spans = []
    saturday: Spans = []
    sunday: Spans = []
    closed_days: Annotated[list[Day], Field(max_length=100, examples=[["2026-12-25"]])] = []

    def value(self) -> rules.Hours:
        """The hours as asked. Raises MalformedHours."""
        faults: list[Fault] = []
        week: list[tuple[rules.Span, ...]] = []
        for day in DAYS:
            try:
                week.append(tuple(sorted(span.value() for span in getattr(self, day))))
                rules.Hours((*((),) * 6, week[-1]))
            except ValueError as error:
                faults.append(Fault(f"/hours/{day}", str(error)))
        if faults:
            raise MalformedHours(faults=faults)
        return rules.Hours(tuple(week), frozenset(self.closed_days))

    @classmethod
    def of(cls, hours: rules.Hours) -> Self:
        """The hours as told."""
        days = {
            day: [Span(opens=_clock(s.opens_min), closes=_clock(s.closes_min)) for s in spans]
            for day, spans in zip(DAYS, hours.week, strict=True)
        }
        return cls.model_validate({**days, "closed_days": sorted(hours.closed_days)})


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


_ALL_DAY = [Span(opens="00:00", closes=_clock(DAY_MIN))]
ALWAYS = Hours.model_validate(dict.fromkeys(DAYS, _ALL_DAY))


class BrandAsked(Asked):
    """How a merchant looks to its shoppers; what is left out stays."""

    name: Line | None = None
    colour: Colour | None = None
    text_colour: Colour | None = None
    logo_url: LogoUrl | None = None
    help_url: HelpUrl | None = None
    help_phone: Phone | None = None

    def onto(self, brand: rules.Brand) -> rules.Brand:
        """``brand`` with what was asked. Raises MalformedBrand."""
        try:
            return rules.Brand(
                colour=brand.colour if self.colour is None else self.colour,
                text_colour=brand.text_colour if self.text_colour is None else self.text_colour,
                logo_url=brand.logo_url if self.logo_url is None else self.logo_url,
                help_url=brand.help_url if self.help_url is None else self.help_url,
                help_phone=brand.help_phone if self.help_phone is None else self.help_phone,
            )
        except ValueError as error:
            raise MalformedBrand(str(error)) from error


class Brand(Told):
    """How a merchant looks, and whether its text can be read on its colour."""

    colour: str = Field(examples=["#7a1f3d"])
    text_colour: str = Field(examples=["#ffffff"])
    logo_url: str
    help_url: str = Field(description="Where its shoppers find help with an order.")
    help_phone: str
    contrast: float = Field(description="Contrast of text on colour, 1 to 21 (WCAG 2.2).", examples=[9.41])
    readable: bool = Field(description="Whether the contrast reaches 4.5.")
    readable_text_colour: str = Field(
        description="The text colour pages use: the own one, else black or white."
    )

    @classmethod
    def of(cls, brand: rules.Brand) -> Self:
        """The brand as told."""
        return cls(
            colour=brand.colour,
            text_colour=brand.text_colour,
            logo_url=brand.logo_url,
            help_url=brand.help_url,
            help_phone=brand.help_phone,
            contrast=brand.contrast,
            readable=brand.readable,
            readable_text_colour=brand.readable_text,
        )


class Merchant(Told):
    """A merchant."""

    id: str = Field(examples=["mer_01jd0000000000000000000000"])
    name: str
    slug: str
    brand: Brand
    credit_limit_minor: int
    currency: str
    prepaid: bool
    tariff: TariffKind
    batching: bool

    @classmethod
    def of(cls, merchant: rules.Merchant) -> Self:
        """The merchant as told."""
        return cls(
            id=public("merchant", merchant.id),
            name=merchant.name,
            slug=merchant.slug,
            brand=Brand.of(merchant.brand),
            credit_limit_minor=merchant.billing.credit_limit.minor,
            currency=merchant.billing.credit_limit.currency,
            prepaid=merchant.billing.prepaid,
            tariff=merchant.tariff_kind,
            batching=merchant.batching,
        )


class NewMerchant(Asked):
    """A merchant to take in. Its slug follows from its name when left out."""

    name: Line = Field(examples=["Cupcake Corner"])
    slug: Slug | None = None
    brand: BrandAsked = BrandAsked()
    credit_limit_minor: Minor = 500_00
    currency: Literal["USD"] = "USD"
    prepaid: Flag = False
    tariff: TariffKind = TariffKind.MERCHANT_DISTANCE
    batching: Flag = True


class NewCredit(Asked):
    """How a merchant pays from now on, and why."""

    credit_limit_minor: Minor
    prepaid: Flag = False
    currency: Literal["USD"] = "USD"
    reason: Reason


class NewKey(Asked):
    """A key for a merchant's software or people."""

    label: Line = Field("first key", examples=["checkout, production"])


class KeyCreated(Told):
    """A fresh key. `secret` is shown this once."""

    id: str = Field(examples=["key_01jd0000000000000000000000"])
    secret: str


PrepSeconds = Annotated[
    int, Field(ge=0, le=86_400, description="Packing time from the order, in seconds."), Number
]
StoreNumber = Annotated[
    str, StringConstraints(max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$"), Field(examples=["0042"])
]


class NewStore(Asked):
    """A store to open. Without `point` the address is looked up, which may only find its ZIP."""

    name: Line = Field(examples=["Broadway"])
    external_id: StoreNumber = ""
    address: Address
    point: Point | None = None
    hours: Hours = ALWAYS
    instructions: Prose = ""
    prep_s: PrepSeconds = 900
    phone: Phone = ""


class StoreChange(Asked):
    """What to change about a store; what is left out stays."""

    name: Line | None = None
    external_id: StoreNumber | None = None
    address: Address | None = None
    point: Point | None = None
    hours: Hours | None = None
    instructions: Prose | None = None
    prep_s: PrepSeconds | None = None
    phone: Phone | None = None
    state: StoreState | None = None


class OpenSpan(Told):
    """The store is open from one instant to another."""

    start: datetime
    end: datetime


class Store(Told):
    """A store."""

    id: str = Field(examples=["str_01jd0000000000000000000000"])
    merchant: str
    market: str
    external_id: str
    name: str
    address: Address
    point: Point
    timezone: str
    hours: Hours
    open_now: bool
    next_open: OpenSpan | None = Field(description="The opening under way or the next within two weeks.")
    instructions: str
    prep_s: int
    phone: str
    state: StoreState

    @classmethod
    def of(cls, store: rules.Store, now: MarketInstant) -> Self:
        """The store as of ``now``."""
        ahead = rules.open_windows(store.hours, store.timezone, now, now + timedelta(days=14))
        span = next(ahead, None)
        return cls(
            id=public("store", store.id),
            merchant=public("merchant", store.merchant_id),
            market=public("market", store.market_id),
            external_id=store.external_id,
            name=store.name,
            address=Address.of(store.address),
            point=Point(lat=store.point.lat, lng=store.point.lng),
            timezone=store.timezone.key,
            hours=Hours.of(store.hours),
            open_now=span is not None and span.start <= now,
            next_open=None if span is None else OpenSpan(start=span.start, end=span.end),
            instructions=store.instructions,
            prep_s=store.prep_s,
            phone=store.phone,
            state=store.state,
        )
