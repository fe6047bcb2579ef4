"""Showing an offer: its terms are composed, frozen and hashed here and nowhere else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from doorstep.connectors.maps.protocol import Leg
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries import service as deliveries_service
from doorstep.features.deliveries.rules import WAITING, Delivery
from doorstep.features.drivers import queries as drivers
from doorstep.features.identity import queries as identity
from doorstep.features.identity.rules import DemoRole
from doorstep.features.markets import queries as markets
from doorstep.features.markets.rules import Market
from doorstep.features.offers import events, queries
from doorstep.features.offers.closing import one_at_a_time, wake
from doorstep.features.offers.errors import AlreadyOffered
from doorstep.features.offers.joining import compose_joining, open_trip
from doorstep.features.offers.models import OfferedRow, OfferRow, TripRow
from doorstep.features.offers.queries import offer_view
from doorstep.features.offers.rising import NEVER_PASSED, Passed, rise_of
from doorstep.features.offers.rules import (
    PERSON_OFFER_S,
    Offer,
    OfferMode,
    OfferState,
    Proposal,
    TripState,
    compose,
    document,
    document_hash,
    mode_of,
    open_until,
)
from doorstep.platform.db.work import Work
from doorstep.platform.metrics import OFFER_LATENCY
from doorstep.units.geo import Metres, Seconds
from doorstep.units.ids import DeliveryId, DriverId, public
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant


@dataclass(frozen=True, slots=True)
class OffersDue:
    """Some offer of a market runs out: look which."""

    market_id: UUID


async def show(work: Work, proposal: Proposal) -> Offer:
    """Freeze the terms of ``proposal`` and show it. For dispatcher and staff.

    Raises AlreadyOffered when a delivery is not waiting or is in an open offer, or when a driver asked
    alone has an offer to answer or two trips already, or the trip that it was to join has changed; ValueError when legs and stops do not fit.
    """
    await one_at_a_time(work, proposal.market_id)
    wanted = await _waiting(work, proposal)
    mode = mode_of(proposal)
    if mode is OfferMode.DIRECTED:
        await _can_be_asked(work, proposal.driver_ids)
    market = await markets.market(work, proposal.market_id)
    now = work.now()
    longer = mode is OfferMode.DIRECTED and await _wants_longer(work, proposal.driver_ids[0])
    wanted_until = MarketInstant(open_until(now, proposal.expires_at, longer=longer))
    expires_at = max(wanted_until, work.clock.market_after(await _least_real_s(work, proposal)))
    legs = proposal.legs or tuple(Leg(Metres(one.leg_m), Seconds(one.leg_s)) for one in wanted[:1])
    passed = await queries.passed(work, [delivery.id for delivery in wanted], rise_of(market.dispatch))
    if proposal.tick_id and mode is OfferMode.DIRECTED:
        _may_be_asked(proposal, passed)
    extras = _extras(proposal, wanted, passed, market)
    risen = Money.sum(extras, market.pay.currency) - (proposal.incentive or Money.zero(market.pay.currency))
    why = [proposal.reason] if proposal.reason else []
    reason = "; ".join(
        why + ([f"pays {risen} more than at first, as it was passed on"] if risen.minor else [])
    )
    if proposal.joins is not None:
        terms = compose_joining(
            await open_trip(work, proposal),
            deliveries=wanted,
            proposal=proposal,
            rates=market.pay,
            extras=extras,
            reason=reason,
            shown_at=now,
            expires_at=expires_at,
        )
    else:
        terms = compose(
            mode=mode,
            deliveries=wanted,
            legs=legs,
            rates=market.pay,
            extras=extras,
            reason=reason,
            shown_at=now,
            expires_at=expires_at,
            visits=proposal.visits,
            approach_m=None if proposal.approach is None else proposal.approach.metres,
            pickup_stop_s=proposal.pickup_stop_s,
            drop_stop_s=proposal.drop_stop_s,
        )
    stored = document(terms)
    approach_s = 0 if proposal.approach is None else proposal.approach.seconds
    driver_ids = list(dict.fromkeys(proposal.driver_ids))
    row = OfferRow(
        id=work.new_id(),
        market_id=proposal.market_id,
        mode=mode.value,
        state=OfferState.OPEN.value,
        driver_ids=driver_ids,
        delivery_ids=list(proposal.delivery_ids),
        directed_to=driver_ids[0] if mode is OfferMode.DIRECTED else None,
        terms=stored,
        terms_hash=document_hash(stored),
        legs_s=[approach_s, *(leg.seconds for leg in legs)],
        pickup_stop_s=proposal.pickup_stop_s,
        drop_stop_s=proposal.drop_stop_s,
        tick_id=proposal.tick_id,
        next_best_min=proposal.next_best_min,
        awaiting=len(driver_ids),
        shown_at=now,
        shown_wall=work.wall(),
        expires_at=expires_at,
        accepted_by=None,
        trip_id=None,
        closed_at=None,
        why="",
        events_count=1,
    )
    work.session.add(row)
    await work.session.flush()
    work.session.add_all(
        OfferedRow(
            offer_id=row.id,
            delivery_id=delivery.id,
            market_id=row.market_id,
            driver_ids=driver_ids,
            open=True,
        )
        for delivery in wanted
    )
    await work.session.flush()
    await deliveries_service.offer_to(work, proposal.delivery_ids, driver_ids)
    work.emit(
        events.OfferShown(
            offer_id=row.id,
            market_id=row.market_id,
            mode=row.mode,
            driver_ids=tuple(driver_ids),
            delivery_ids=tuple(proposal.delivery_ids),
            terms_hash=row.terms_hash,
            total_minor=terms.total.minor,
            currency=terms.currency,
            tick_id=row.tick_id,
            at=now,
            expires_at=expires_at,
        ),
        stream=events.offer_stream(row.id),
        seq=row.events_count,
        market_id=row.market_id,
    )
    work.schedule(
        "offers.expire",
        OffersDue(row.market_id),
        due_market=expires_at,
        key=str(row.id),
        market_id=row.market_id,
    )
    wake(work, row)
    return offer_view(row)


def _may_be_asked(proposal: Proposal, passed: Mapping[DeliveryId, Passed[UUID]]) -> None:
    """What a tick decided may have been passed on since it looked: nobody is asked again for the same pay."""
    for delivery_id, one in passed.items():
        if proposal.driver_ids[0] in one.barred:
            raise AlreadyOffered(
                "The driver has passed on it at this pay.",
                facts={"delivery_id": public("delivery", delivery_id)},
            )


def _extras(
    proposal: Proposal,
    wanted: Sequence[Delivery],
    passed: Mapping[DeliveryId, Passed[UUID]],
    market: Market,
) -> list[Money]:
    """What each delivery pays beyond base and tip: more with each no, and what is proposed on top."""
    nothing = Money.zero(market.pay.currency)
    on_top = (proposal.incentive or nothing).split([delivery.leg_m + 1 for delivery in wanted])
    return [
        Money(passed.get(delivery.id, NEVER_PASSED).extra_minor, nothing.currency) + part
        for delivery, part in zip(wanted, on_top, strict=True)
    ]


async def _wants_longer(work: Work, driver_id: DriverId) -> bool:
    found = (await drivers.many(work, [driver_id])).get(driver_id)
    return found is not None and found.longer_to_answer


async def _least_real_s(work: Work, proposal: Proposal) -> int:
    """How many real seconds it must stay open: longer when one of those asked is a visitor of the demo."""
    person = await identity.demo_subject(work, DemoRole.DRIVER)
    if person is not None and person in proposal.driver_ids:
        return max(proposal.least_real_s, PERSON_OFFER_S)
    return proposal.least_real_s


async def _waiting(work: Work, proposal: Proposal) -> list[Delivery]:
    """The deliveries, in drop sequence, when all of them can be offered."""
    wanted = await deliveries.many(work, proposal.delivery_ids)
    if not wanted or len(wanted) != len(set(proposal.delivery_ids)) or not proposal.driver_ids:
        raise AlreadyOffered("Some of these deliveries do not exist, or nobody is asked.")
    for delivery in wanted:
        if delivery.state not in WAITING or delivery.market_id != proposal.market_id:
            raise AlreadyOffered(
                f"This delivery is {delivery.state}.", facts={"delivery_id": public("delivery", delivery.id)}
            )
    before = (
        await work.session.execute(
            select(OfferedRow.delivery_id, OfferedRow.open).where(
                OfferedRow.delivery_id.in_(proposal.delivery_ids)
            )
        )
    ).all()
    for delivery_id, is_open in before:
        if is_open:
            raise AlreadyOffered(
                "This delivery is being offered.", facts={"delivery_id": public("delivery", delivery_id)}
            )
    offered = {delivery_id for delivery_id, _ in before}
    wall = work.wall()
    for delivery in wanted:
        if delivery.id not in offered:
            # The real time of its making stands in its id: milliseconds in the first 48 bits.
            made_s = (delivery.id.int >> 80) / 1000
            waited_s = max(0.0, wall.timestamp() - made_s)
            work.after_commit(lambda waited_s=waited_s: OFFER_LATENCY.observe(waited_s))  # type: ignore[misc]
    return wanted


async def _can_be_asked(work: Work, driver_ids: Sequence[DriverId]) -> None:
    if len(set(driver_ids)) != 1:
        raise AlreadyOffered("A directed offer asks exactly one driver.")
    busy = await work.session.scalar(
        select(OfferRow.id).where(
            OfferRow.directed_to == driver_ids[0], OfferRow.state == OfferState.OPEN.value
        )
    )
    if busy is not None:
        raise AlreadyOffered("The driver has an offer to answer.")
    following = await work.session.scalar(
        select(TripRow.id).where(TripRow.driver_id == driver_ids[0], TripRow.state == TripState.NEXT.value)
    )
    if following is not None:
        raise AlreadyOffered("The driver has her next trip already.")
