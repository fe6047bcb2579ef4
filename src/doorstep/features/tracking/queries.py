"""The shopper's view."""

from uuid import UUID

from doorstep.connectors.maps.protocol import Travel
from doorstep.connectors.outside import Connectors
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries.rules import FINAL, Delivery, DeliveryState
from doorstep.features.fixes import queries as fixes
from doorstep.features.fixes.rules import Fix
from doorstep.features.markets import queries as markets
from doorstep.features.merchants import queries as merchants
from doorstep.features.tracking import rules
from doorstep.features.tracking.errors import Gone, NoSuchPicture
from doorstep.features.tracking.models import ArrivalPlanRow
from doorstep.features.tracking.rules import ArrivalPlan, ShopperView
from doorstep.platform.db.work import Work
from doorstep.platform.errors import NotFound
from doorstep.units.time import MarketInstant


async def plan(work: Work, delivery_id: UUID) -> ArrivalPlan | None:
    """What the carrier's stops say about this door, None when nobody carries it."""
    row = await work.session.get(ArrivalPlanRow, delivery_id, populate_existing=True)
    if row is None:
        return None
    return ArrivalPlan(MarketInstant(row.arrive_at), row.doors_before, MarketInstant(row.made_at))


async def living(work: Work, delivery_id: UUID) -> Delivery:
    """The delivery behind a link that has not ended. Raises Gone, UnknownDelivery."""
    delivery = await deliveries.delivery(work, delivery_id)
    if rules.link_is_dead(delivery.ended_at, work.now()):
        raise Gone
    return delivery


async def view(work: Work, connectors: Connectors, delivery_id: UUID) -> ShopperView:
    """Everything the shopper sees. Raises Gone a day after the end, UnknownDelivery."""
    delivery = await living(work, delivery_id)
    now, state = work.now(), delivery.state
    name, brand = await merchants.name_and_brand(work, delivery.merchant_id)
    market = await markets.market(work, delivery.market_id)
    note = delivery.carrier_note
    stops = await plan(work, delivery_id) if delivery.carrier else None
    doors_before = stops.doors_before if stops else 0
    fix = None
    if rules.may_see_position(state, doors_before) and delivery.carrier and delivery.carrier.driver_id:
        driver_id = delivery.carrier.driver_id
        fix = (await fixes.latest(work, [driver_id])).get(driver_id)
    wants_pin = delivery.requirements.pin and rules.needs_pin(state)
    sealed = await deliveries.sealed_pin(work, delivery_id) if wants_pin else None
    driver = str(note.get("first_name") or "").split(" ")[0]
    ended = delivery.ended_at is not None
    return ShopperView(
        state=state,
        step=rules.step(state),
        sentence=rules.sentence(state, name, driver, doors_before),
        merchant=name,
        brand=brand,
        market_id=delivery.market_id,
        order=delivery.external_id,
        items=delivery.items,
        shop=_shop(delivery),
        door=delivery.dropoff.point,
        requirements=frozenset(delivery.requirements.names()),
        doors_before=doors_before,
        booked_at=delivery.created_at,
        picked_up_at=delivery.picked_up_at,
        reached_at=await _reached(work, delivery),
        shopper=delivery.shopper_first_name,
        timezone=market.timezone.key,
        due_at=delivery.due_at,
        estimate=await _estimate(connectors.travel_for(market.timezone), delivery, stops, fix, now),
        position=_seen(fix, delivery),
        driver=driver,
        vehicle=str(note.get("vehicle") or ""),
        pin=connectors.secrets.unseal(sealed).decode() if sealed else None,
        instructions=delivery.dropoff.instructions,
        may_instruct=state not in FINAL,
        tip=delivery.tip,
        tip_limit=delivery.tip_limit,
        tip_status=delivery.tip_status,
        may_tip=rules.tip_is_open(state, delivery.ended_at, now),
        tip_only_rises=ended or delivery.carrier is not None,
        proofs=await _proofs(work, delivery),
        ended_at=delivery.ended_at,
        now=now,
    )


def _seen(fix: Fix | None, delivery: Delivery) -> rules.Seen | None:
    if fix is None:
        return None
    return rules.seen(fix.point, fix.device_at, delivery.dropoff.point, fix.accuracy_m or 0)


def _shop(delivery: Delivery) -> rules.Shop:
    place = delivery.pickup
    street = f"{place.line1} {place.line2}".strip()
    return rules.Shop(name=place.name, address=f"{street}, {place.city}", point=place.point)


async def _reached(work: Work, delivery: Delivery) -> MarketInstant | None:
    """When somebody last came to the door with the goods; None before, and once they are on their way back."""
    if rules.step(delivery.state) not in {rules.Step.AT_THE_DOOR, rules.Step.DELIVERED}:
        return None
    told = [
        one.device_at or one.at
        for one in await deliveries.timeline(work, delivery.id)
        if one.state_after is DeliveryState.AT_DROPOFF is not one.state_before
    ]
    return MarketInstant(told[-1]) if told else None


async def _proofs(work: Work, delivery: Delivery) -> tuple[rules.ProofSeen, ...]:
    if not rules.with_goods(delivery.state) and delivery.state is not DeliveryState.DELIVERED:
        return ()
    return tuple(
        rules.ProofSeen(proof.id, proof.kind, proof.at)
        for proof in await deliveries.proofs(work, delivery.id)
        if proof.ok and proof.kind in rules.PICTURES
    )


async def _estimate(
    travel: Travel, delivery: Delivery, stops: ArrivalPlan | None, fix: Fix | None, now: MarketInstant
) -> rules.Estimate | None:
    """When the door is reached, by the best that is known; None once there is nothing to wait for."""
    state = delivery.state
    if rules.step(state) not in {rules.Step.BOOKED, rules.Step.COLLECTING, rules.Step.ON_THE_WAY}:
        return None
    last_leg = state is DeliveryState.ENROUTE_TO_DROPOFF or (stops is not None and stops.doors_before == 0)
    if fix is not None and last_leg and now - fix.device_at <= rules.FRESH:
        leg = await travel.leg(fix.point, delivery.dropoff.point, now)
        return rules.from_position(leg.seconds, fix.device_at, now)
    if stops is not None and delivery.carrier is not None:
        return rules.from_plan(stops, now)
    leg_s = delivery.leg_s
    ready_at = MarketInstant(now if rules.with_goods(state) else delivery.ready_at)
    return rules.from_promise(delivery.due_at, ready_at, leg_s, now)


async def picture(work: Work, delivery_id: UUID, proof_id: UUID) -> tuple[str, str]:
    """Blob key and media type of a proof the shopper may look at. Raises NoSuchPicture, Gone."""
    delivery = await living(work, delivery_id)
    if proof_id not in {proof.id for proof in await _proofs(work, delivery)}:
        raise NoSuchPicture
    try:
        return await deliveries.proof_picture(work, delivery_id, proof_id)
    except NotFound as error:
        raise NoSuchPicture from error
