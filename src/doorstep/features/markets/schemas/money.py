"""Tariffs and pay on the wire."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
)

from doorstep.features.markets import rules
from doorstep.features.markets.rules import TariffKind
from doorstep.features.markets.schemas.wire import Asked, Minor, PayMinor, Reason, Told
from doorstep.platform.http.wire import Instant, Number


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
