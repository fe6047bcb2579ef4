"""Earnings on the wire."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from doorstep.features.payouts.rules import (
    FEWEST_DRIVERS,
    Comparison,
    Earning,
    EarningKind,
    Ending,
    Reckoning,
    week_of,
)
from doorstep.units.ids import public
from doorstep.units.money import Money


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class LineTold(Told):
    """One amount, and why it is due."""

    kind: EarningKind
    amount_minor: int = Field(examples=[701])
    currency: str = Field(examples=["USD"])
    promised: bool = Field(description="Whether it was promised by the offer; else it is an addition.")
    why: str = Field(examples=["as offered"])
    at: datetime

    @classmethod
    def of(cls, line: Earning) -> Self:
        """As told of ``line``."""
        return cls(
            kind=line.kind,
            amount_minor=line.amount.minor,
            currency=line.amount.currency,
            promised=line.promised,
            why=line.why,
            at=line.at,
        )


class PayLineTold(Told):
    """One line of the arithmetic of a trip's base pay."""

    what: str = Field(examples=["6.2 miles"])
    amount_minor: int = Field(examples=[415])


class Arithmetic(Told):
    """How the offer reckoned: a trip's base pay by miles and minutes, and this delivery's share of it."""

    trip_pay_lines: list[PayLineTold] = Field(description="They add up to `trip_base_minor`.")
    trip_base_minor: int
    trip_distance_m: int
    trip_minutes: int
    base_minor: int = Field(description="This delivery's share of the trip's base pay.")
    incentive_minor: int
    tip_minor: int = Field(description="The tip that was shown.")
    leg_m: int = Field(description="The way to this door, in metres.")
    return_m: int = Field(description="The way back to the shop, in metres.")


class WorkTold(Told):
    """One finished delivery: what the offer showed, what came due, and every line of it."""

    delivery: str = Field(examples=["dlv_01jd000000000000000000000z"])
    trip: str = Field(examples=["trp_01jd000000000000000000000z"])
    offer: str = Field(examples=["off_01jd000000000000000000000z"])
    ending: Ending
    offered_minor: int = Field(examples=[1201])
    due_minor: int = Field(examples=[1201])
    paid_minor: int = Field(description="All lines, additions included.", examples=[1401])
    currency: str = Field(examples=["USD"])
    arithmetic: Arithmetic
    terms_hash: str = Field(description="SHA-256 of the offer's terms, as frozen when it was shown.")
    at: datetime
    lines: list[LineTold]

    @classmethod
    def of(cls, work: Reckoning) -> Self:
        """As told of ``work``."""
        return cls(
            delivery=public("delivery", work.delivery_id),
            trip=public("trip", work.trip_id),
            offer=public("offer", work.offer_id),
            ending=work.ending,
            offered_minor=work.offered.minor,
            due_minor=work.due.minor,
            paid_minor=sum(line.amount.minor for line in work.lines),
            currency=work.due.currency,
            arithmetic=Arithmetic.model_validate(
                dict(work.inputs)
                | {
                    "trip_pay_lines": [
                        {"what": w, "amount_minor": m} for w, m in work.inputs["trip_pay_lines"]
                    ]
                }
            ),
            terms_hash=work.terms_hash,
            at=work.at,
            lines=[LineTold.of(line) for line in work.lines],
        )


class SumTold(Told):
    """The sum of a trip, a day or a week."""

    of: str = Field(examples=["2026-11-21"])
    currency: str = Field(examples=["USD"])
    pay_minor: int = Field(description="Base, incentive, return legs, guarantees.")
    tips_minor: int
    total_minor: int


class EarningsTold(Told):
    """A driver's earnings with the arithmetic: lines add up to deliveries, deliveries to trips, days and weeks."""

    work: list[WorkTold]
    trips: list[SumTold]
    days: list[SumTold]
    weeks: list[SumTold]
    totals: list[SumTold]

    @classmethod
    def of(cls, found: Sequence[Reckoning]) -> Self:
        """As told of ``found``."""
        lines = [line for work in found for line in work.lines]
        return cls(
            work=[WorkTold.of(work) for work in found],
            trips=_sums(lines, [public("trip", line.trip_id) for line in lines]),
            days=_sums(lines, [line.day.isoformat() for line in lines]),
            weeks=_sums(lines, [week_of(line.day).isoformat() for line in lines]),
            totals=_sums(lines, ["total"] * len(lines)),
        )


_TIPS = frozenset({EarningKind.TIP, EarningKind.ADDED_TIP})


def _sums(lines: Sequence[Earning], names: Sequence[str]) -> list[SumTold]:
    groups: dict[tuple[str, str], list[Earning]] = {}
    for name, line in zip(names, lines, strict=True):
        groups.setdefault((name, line.amount.currency), []).append(line)
    told = []
    for (name, currency), members in groups.items():
        tips = Money.sum([m.amount for m in members if m.kind in _TIPS], currency)
        total = Money.sum([m.amount for m in members], currency)
        told.append(
            SumTold(
                of=name,
                currency=currency,
                pay_minor=(total - tips).minor,
                tips_minor=tips.minor,
                total_minor=total.minor,
            )
        )
    return told


class ComparisonTold(Told):
    """Promised beside paid for one market and week (Monday to Sunday, in the market's own time)."""

    market: str = Field(examples=["mkt_01jd000000000000000000000z"])
    week: date = Field(examples=["2026-11-16"])
    currency: str = Field(examples=["USD"])
    drivers: int
    deliveries: int
    promised_minor: int = Field(description="What came due under the terms frozen at the offer.")
    paid_minor: int = Field(description="What the ledger holds for the drivers, without additions.")
    additions_minor: int = Field(description="Beyond the promise: tips that came after the offer.")
    difference_minor: int = Field(
        description="Absolute differences per finished delivery, added up: errors cannot cancel.",
        examples=[0],
    )

    @classmethod
    def of(cls, found: Comparison) -> Self:
        """As told of ``found``."""
        return cls(
            market=public("market", found.market_id),
            week=found.week,
            currency=found.promised.currency,
            drivers=found.drivers,
            deliveries=found.deliveries,
            promised_minor=found.promised.minor,
            paid_minor=found.paid.minor,
            additions_minor=found.additions.minor,
            difference_minor=found.difference.minor,
        )


class PublicReport(Told):
    """Promised beside paid, for everybody."""

    weeks: list[ComparisonTold]
    suppressed: int = Field(
        description=f"Weeks of a market with fewer than {FEWEST_DRIVERS} drivers, not shown."
    )

    @classmethod
    def of(cls, found: Sequence[Comparison]) -> Self:
        """What of ``found`` may be published."""
        shown = [ComparisonTold.of(one) for one in found if one.published]
        return cls(weeks=shown, suppressed=len(found) - len(shown))
