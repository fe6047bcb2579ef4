"""What helps with each concern at this moment, and what it costs beyond what is due anyway."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from doorstep.features.console.rules import Concern, Remedy, possible
from doorstep.features.deliveries.rules import Delivery
from doorstep.features.drivers import queries as drivers
from doorstep.features.drivers.rules import Driver, why_not
from doorstep.features.fixes.rules import Fix
from doorstep.features.offers import queries as offers
from doorstep.features.offers.rules import Cause, kept_after
from doorstep.features.providers import queries as providers
from doorstep.platform.db.work import Work
from doorstep.units.geo import great_circle_m
from doorstep.units.ids import DriverId

PRICED = 12
"""For so many lines of the queue the price of each remedy is looked up; nobody can press more keys at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One remedy, ready to be used. ``price_minor`` None: a courier company will name it."""

    remedy: Remedy
    price_minor: int | None
    undoable: bool
    driver_id: UUID | None = None
    name: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubled:
    """A delivery in trouble, and what helps."""

    concern: Concern
    delivery: Delivery
    driver_name: str
    choices: Sequence[Choice]


def named(driver: Driver) -> str:
    """First name and the initial of the last, as people speak of each other at work."""
    return f"{driver.first_name} {driver.last_name[:1]}.".strip(" .") + ("." if driver.last_name else "")


async def helped(
    work: Work,
    market_id: UUID,
    found: Sequence[tuple[Concern, Delivery]],
    heard: Mapping[DriverId, Fix],
) -> list[Troubled]:
    """Each of ``found`` with its choices, the best first. A free driver is named once, for the dearest concern."""
    carriers = [one.carrier.driver_id for _, one in found if one.carrier is not None]
    people = await drivers.many(work, sorted({one for one in carriers if one is not None}))
    free = await _free(work, market_id) if any(possible(Remedy.ASSIGN, one) for _, one in found) else []
    told = []
    for number, (concern, one) in enumerate(found):
        driver = people.get(one.carrier.driver_id) if one.carrier and one.carrier.driver_id else None
        choices: list[Choice] = []
        if number < PRICED:
            for remedy in concern.remedies:
                choice = await _choice(work, remedy, one, driver, free, heard)
                if choice is not None:
                    choices.append(choice)
        told.append(
            Troubled(
                concern=concern, delivery=one, driver_name=named(driver) if driver else "", choices=choices
            )
        )
    return told


async def _free(work: Work, market_id: UUID) -> list[Driver]:
    busy = {trip.driver_id for trip in await offers.trips_under_way(work, market_id)}
    for offer in await offers.open_in_market(work, market_id):
        busy.update(offer.driver_ids)
    return [one for one in await drivers.on_duty(work, market_id) if one.id not in busy]


async def _choice(
    work: Work,
    remedy: Remedy,
    one: Delivery,
    driver: Driver | None,
    free: list[Driver],
    heard: Mapping[DriverId, Fix],
) -> Choice | None:
    if remedy is Remedy.ASSIGN:
        nearest = _nearest(one, free, heard)
        if nearest is None:
            return None
        free.remove(nearest)
        return Choice(remedy=remedy, price_minor=0, undoable=True, driver_id=nearest.id, name=named(nearest))
    if remedy is Remedy.PROVIDER:
        return Choice(remedy=remedy, price_minor=None, undoable=False)
    if (
        remedy is Remedy.SET_ASIDE
    ):  # dear if its courier comes after all: then the company is owed for nothing
        job = await providers.job_of(work, one.id)
        return Choice(remedy=remedy, price_minor=job.fee.minor if job else 0, undoable=False)
    if remedy is Remedy.CALL:
        if driver is None:
            return None
        return Choice(
            remedy=remedy,
            price_minor=0,
            undoable=True,
            driver_id=driver.id,
            name=named(driver),
            phone=driver.phone,
        )
    kept = await kept_minor(work, [one])
    return Choice(remedy=remedy, price_minor=kept, undoable=False, name=named(driver) if driver else "")


async def kept_minor(work: Work, taken: Iterable[Delivery]) -> int:
    """What drivers keep for deliveries that are taken from them before pickup, their tips covered."""
    total = 0
    for one in taken:
        if one.carrier is not None and one.carrier.driver_id is not None:
            terms = await offers.terms_of_delivery(work, one.id, one.carrier.driver_id)
            if terms is not None:
                total += sum(part.minor for part in kept_after(terms.part, Cause.STAFF))
    return total


def _nearest(one: Delivery, free: Sequence[Driver], heard: Mapping[DriverId, Fix]) -> Driver | None:
    able = [
        (great_circle_m(heard[driver.id].point, one.pickup.point), str(driver.id), driver)
        for driver in free
        if driver.id in heard and why_not(driver, one.requirements.names(), one.units) is None
    ]
    return min(able, key=lambda found: found[:2])[2] if able else None
