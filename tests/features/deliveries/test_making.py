"""A delivery is made, changed and ended by wish."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import product
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event
from tests.factories.deliveries import (
    DRIVER,
    HOME,
    JOB,
    MERCHANT,
    PROVIDER,
    assigned_delivery,
    make_delivery,
    new_delivery,
    report_all,
)
from tests.factories.network import Network

from doorstep.features.deliveries import queries, service
from doorstep.features.deliveries.errors import (
    Contradiction,
    ExternalIdTaken,
    Frozen,
    NotCancellable,
    TipRefused,
    UnknownDelivery,
)
from doorstep.features.deliveries.rules import (
    ROAD,
    CancelReason,
    Carrier,
    DeliveryState,
    Part,
    Party,
    Requirements,
    ReturnPolicy,
    TipStatus,
    cancel_refusal,
    contradictions,
    frozen_since,
)
from doorstep.features.deliveries.service import Amendment
from doorstep.features.ledger import queries as ledger
from doorstep.features.ledger.errors import CreditExhausted
from doorstep.features.quotes.requirements import prohibited
from doorstep.units.geo import LatLng
from doorstep.units.ids import public
from doorstep.units.money import Money
from doorstep.units.time import MarketInstant

S = DeliveryState


async def test_a_delivery_is_made_with_its_first_event_and_its_money_set_aside(network: Network) -> None:
    made = await make_delivery(network, external_id="A-1")
    async with network.work() as work:
        read = await queries.delivery(work, made.id)
        told = await queries.timeline(work, made.id)
        owed = await ledger.owed(work, MERCHANT)
    assert read == made
    assert (made.state, made.version, made.events_count) == (S.REQUESTED, 1, 1)
    assert [(e.seq, e.name, e.state_after) for e in told] == [(1, "delivery.created", S.REQUESTED)]
    assert owed == made.fee + made.tip


async def test_over_its_credit_nothing_is_stored(network: Network) -> None:
    with pytest.raises(CreditExhausted):
        await make_delivery(network, credit_limit=Money(10_00))
    async with network.work() as work:
        assert await queries.search(work, limit=10) == []
        assert await ledger.owed(work, MERCHANT) == Money(0)


async def test_an_external_id_is_unique_among_live_deliveries_of_a_merchant(network: Network) -> None:
    first = await make_delivery(network, external_id="A-1")
    with pytest.raises(ExternalIdTaken) as refused:
        await make_delivery(network, external_id="A-1")
    assert refused.value.facts == {"delivery_id": public("delivery", first.id)}
    await make_delivery(network, external_id="A-1", merchant_id=uuid4())
    async with network.work() as work:
        await service.cancel(work, first.id, Party.MERCHANT, CancelReason.ORDERED_BY_MISTAKE)
    again = await make_delivery(network, external_id="A-1")
    assert again.id != first.id


async def test_any_number_may_carry_no_external_id(network: Network) -> None:
    assert (await make_delivery(network)).id != (await make_delivery(network)).id


async def test_of_twenty_at_once_with_one_external_id_one_is_made(network: Network) -> None:
    async def one() -> str:
        try:
            await make_delivery(network, external_id="A-1")
        except ExternalIdTaken:
            return "taken"
        return "made"

    told = await asyncio.gather(*(one() for _ in range(20)))
    assert sorted(told) == ["made"] + ["taken"] * 19


@pytest.mark.parametrize(
    ("wanted", "policy", "where"),
    [
        (Requirements(contactless=True, pin=True), ReturnPolicy.RETURN, {"/requirements/pin"}),
        (Requirements(contactless=True, signature=True), ReturnPolicy.RETURN, {"/requirements/signature"}),
        (Requirements(contactless=True, min_age=18), ReturnPolicy.RETURN, {"/requirements/min_age"}),
        (Requirements(alcohol=True, min_age=18), ReturnPolicy.RETURN, {"/requirements/alcohol"}),
        (Requirements(min_age=19), ReturnPolicy.RETURN, {"/requirements/min_age"}),
        (Requirements(signature=True, pin=True), ReturnPolicy.RETURN, {"/requirements/pin"}),
        (Requirements(pin=True), ReturnPolicy.LEAVE, {"/return_policy"}),
        (Requirements(min_age=21, alcohol=True), ReturnPolicy.DISCARD, {"/return_policy"}),
        (
            Requirements(contactless=True, alcohol=True),
            ReturnPolicy.RETURN,
            {"/requirements/alcohol"},
        ),
    ],
)
def test_flags_that_exclude_each_other_are_refused_by_name(
    wanted: Requirements, policy: ReturnPolicy, where: set[str]
) -> None:
    with pytest.raises(Contradiction) as refused:
        service.refuse_contradictions(wanted, policy)
    assert {fault.where for fault in refused.value.faults} == where


async def test_nothing_is_made_of_contradictory_wishes(network: Network) -> None:
    with pytest.raises(Contradiction):
        await make_delivery(network, requirements=Requirements(contactless=True, pin=True))
    async with network.work() as work:
        assert await queries.search(work, limit=10) == []


@given(
    st.builds(
        Requirements,
        min_age=st.sampled_from([0, 18, 21]),
        **{
            name: st.booleans()
            for name in ("alcohol", "cold", "fragile", "heavy", "high_value", "signature", "pin", "photo")
        },
        contactless=st.booleans(),
    ),
    st.sampled_from(ReturnPolicy),
)
def test_what_is_accepted_can_be_done_by_one_driver_at_one_door(
    wanted: Requirements, policy: ReturnPolicy
) -> None:
    found = contradictions(wanted, policy)
    flags = sorted("age" if flag == "min_age" else flag for flag, _ in found if flag != "return_policy")
    assert flags == sorted(name.split("_")[0] for name, _ in prohibited(wanted.names())), (
        "as when it is quoted"
    )
    if found:
        return
    needs_a_person = wanted.pin or wanted.signature or wanted.min_age
    may_be_left = wanted.contactless or policy is ReturnPolicy.LEAVE
    assert not (needs_a_person and may_be_left)
    assert not wanted.alcohol or wanted.min_age == 21


def test_who_may_end_a_delivery_when() -> None:
    for state, by, reason in product(
        (S.REQUESTED, S.BATCHED, S.ASSIGNED, S.ENROUTE_TO_PICKUP, S.AT_PICKUP),
        (Party.MERCHANT, Party.SHOPPER, Party.STAFF, Party.NETWORK),
        (CancelReason.CHANGED_MIND, CancelReason.OUT_OF_STOCK, CancelReason.OTHER),
    ):
        assert cancel_refusal(state, by, reason, ReturnPolicy.RETURN) is None
    for by in (Party.DRIVER, Party.PROVIDER):
        assert "gives a delivery back" in str(
            cancel_refusal(S.ASSIGNED, by, CancelReason.OTHER, ReturnPolicy.RETURN)
        )
    for state in (S.PICKED_UP, S.ENROUTE_TO_DROPOFF, S.AT_DROPOFF, S.ATTEMPT_FAILED, S.ENROUTE_TO_RETURN):
        for reason in CancelReason:
            assert cancel_refusal(state, Party.MERCHANT, reason, ReturnPolicy.RETURN) is not None
        assert cancel_refusal(state, Party.STAFF, CancelReason.GOODS_LOST, ReturnPolicy.RETURN) is None
        assert cancel_refusal(state, Party.STAFF, CancelReason.CHANGED_MIND, ReturnPolicy.RETURN) is not None
    assert cancel_refusal(S.DELIVERED, Party.STAFF, CancelReason.GOODS_LOST, ReturnPolicy.RETURN) is not None


def test_only_what_may_be_discarded_is_and_only_after_a_failed_attempt() -> None:
    discarded = CancelReason.DISCARDED
    assert cancel_refusal(S.ATTEMPT_FAILED, Party.DRIVER, discarded, ReturnPolicy.DISCARD) is None
    assert cancel_refusal(S.AT_DROPOFF, Party.DRIVER, discarded, ReturnPolicy.DISCARD) is not None
    assert cancel_refusal(S.ATTEMPT_FAILED, Party.DRIVER, discarded, ReturnPolicy.RETURN) is not None


async def test_a_cancellation_says_who_why_and_at_which_stage(network: Network) -> None:
    delivery = await assigned_delivery(network)
    await report_all(network, delivery.id, ROAD[:2])
    async with network.work() as work:
        ended = await service.cancel(work, delivery.id, Party.SHOPPER, CancelReason.CHANGED_MIND, "sorry")
        again = await service.cancel(work, delivery.id, Party.SHOPPER, CancelReason.CHANGED_MIND)
        told = await queries.timeline(work, delivery.id)
    assert ended.state is S.CANCELLED
    assert ended.ended_at is not None
    assert again.events_count == ended.events_count, "cancelling twice tells nothing new"
    assert told[-1].name == "delivery.cancelled"
    assert told[-1].body == {
        "by": "shopper",
        "reason": "changed_mind",
        "stage": "at_pickup",
        "reached_store": True,
        "note": "sorry",
    }


async def test_with_the_goods_on_their_way_a_merchant_cancels_no_more(network: Network) -> None:
    delivery = await assigned_delivery(network)
    await report_all(network, delivery.id, ROAD[:3])
    async with network.work() as work:
        with pytest.raises(NotCancellable):
            await service.cancel(work, delivery.id, Party.MERCHANT, CancelReason.CHANGED_MIND)
        assert (await queries.delivery(work, delivery.id)).state is S.PICKED_UP


async def test_what_nobody_took_expires_and_what_is_carried_does_not(network: Network) -> None:
    waiting, carried = await make_delivery(network), await assigned_delivery(network)
    async with network.work() as work:
        assert (await service.expire(work, waiting.id, "no_carrier")).state is S.EXPIRED
        assert (await service.expire(work, carried.id, "no_carrier")).state is S.ASSIGNED


ALL_PARTS = Amendment(
    dropoff=replace(HOME, line1="2100 Belmont Blvd", point=LatLng(lat=36.136, lng=-86.7936)),
    leg_m=4300,
    leg_s=620,
    phone="+16155550122",
    instructions="Green door",
    first_name="Bea",
    last_name="Low",
    items=4,
    units=2,
    weight_g=1500,
    return_policy=ReturnPolicy.LEAVE,
)


async def test_before_a_carrier_has_it_everything_can_be_amended(network: Network) -> None:
    made = await make_delivery(network)
    wish = replace(ALL_PARTS, due_at=MarketInstant(made.due_at + timedelta(minutes=30)))
    async with network.work() as work:
        told = await service.amend(work, made.id, wish)
        events = await queries.timeline(work, made.id)
    assert (told.dropoff.line1, told.dropoff.phone) == ("2100 Belmont Blvd", "+16155550122")
    assert told.dropoff.instructions == "Green door"
    assert (told.shopper_first_name, told.shopper_last_name) == ("Bea", "Low")
    assert (told.items, told.units, told.weight_g, told.leg_m, told.leg_s) == (4, 2, 1500, 4300, 620)
    assert told.due_at == made.due_at + timedelta(minutes=30)
    assert told.return_policy is ReturnPolicy.LEAVE
    assert told.version == made.version + 1
    assert events[-1].name == "delivery.amended"
    assert "dropoff" in events[-1].body["changed"]  # type: ignore[operator]


async def test_an_amendment_that_changes_nothing_tells_nothing(network: Network) -> None:
    made = await make_delivery(network)
    async with network.work() as work:
        told = await service.amend(work, made.id, Amendment(instructions="Blue door", items=3))
    assert told == made


async def test_door_and_phone_are_fixed_once_carried_the_rest_once_picked_up(network: Network) -> None:
    delivery = await assigned_delivery(network)
    async with network.work() as work:
        with pytest.raises(Frozen) as refused:
            await service.amend(work, delivery.id, ALL_PARTS)
        assert {fault.where for fault in refused.value.faults} == {"/dropoff", "/phone"}
        assert (await service.amend(work, delivery.id, Amendment(items=9))).items == 9
    await report_all(network, delivery.id, ROAD[:3])
    async with network.work() as work:
        with pytest.raises(Frozen) as refused:
            await service.amend(work, delivery.id, Amendment(items=8, instructions="Ring twice"))
        assert {fault.where for fault in refused.value.faults} == {"/items"}
        told = await service.amend(work, delivery.id, Amendment(instructions="Ring twice"))
    assert (told.items, told.dropoff.instructions) == (9, "Ring twice"), "all of a wish or nothing"


def test_after_the_end_nothing_can_be_amended() -> None:
    assert all(frozen_since(part, S.DELIVERED) for part in Part)


async def test_goods_that_need_a_person_cannot_be_amended_to_be_left(network: Network) -> None:
    made = await make_delivery(network, requirements=Requirements(signature=True))
    async with network.work() as work:
        with pytest.raises(Contradiction):
            await service.amend(work, made.id, Amendment(return_policy=ReturnPolicy.LEAVE))


async def test_the_store_moves_the_ready_time_until_pickup(network: Network) -> None:
    delivery = await assigned_delivery(network)
    later = MarketInstant(delivery.ready_at + timedelta(minutes=15))
    async with network.work() as work:
        assert (await service.move_ready(work, delivery.id, later)).ready_at == later
        assert (await queries.timeline(work, delivery.id))[-1].name == "delivery.ready_moved"
    await report_all(network, delivery.id, ROAD[:3])
    async with network.work() as work:
        with pytest.raises(Frozen):
            await service.move_ready(work, delivery.id, delivery.ready_at)


async def test_a_tip_rises_and_falls_until_an_offer_that_shows_it_is_accepted(network: Network) -> None:
    made = await make_delivery(network, tip=Money(3_00))
    assert made.tip_status is TipStatus.PENDING
    async with network.work() as work:
        await service.tip(work, made.id, Money(1_00))
        assert (await service.tip(work, made.id, Money(5_00))).tip == Money(5_00)
        taken = (await service.assign(work, [made.id], Carrier(driver_id=DRIVER)))[0]
        assert taken.tip_status is TipStatus.CONFIRMED
        with pytest.raises(TipRefused):
            await service.tip(work, made.id, Money(4_99))
        assert (await service.tip(work, made.id, Money(6_00))).tip == Money(6_00)
        told = await queries.timeline(work, made.id)
    assert [e.body["before_minor"] for e in told if e.name == "delivery.tip_changed"] == [3_00, 1_00, 5_00]


async def test_a_tip_stays_promised_when_the_delivery_goes_to_another_driver(network: Network) -> None:
    delivery = await assigned_delivery(network, tip=Money(3_00))
    async with network.work() as work:
        await service.unassign(work, delivery.id, "flat_tyre")
        with pytest.raises(TipRefused):
            await service.tip(work, delivery.id, Money(2_99))


async def test_an_outside_company_is_promised_no_tip(network: Network) -> None:
    made = await make_delivery(network, tip=Money(3_00))
    async with network.work() as work:
        await service.assign(work, [made.id], Carrier(provider_id=PROVIDER, provider_job_id=JOB))
        assert (await service.tip(work, made.id, Money(2_00))).tip == Money(2_00)


async def test_a_tip_can_be_given_for_a_day_after_the_end_and_then_only_rise(network: Network) -> None:
    delivery = await assigned_delivery(network, tip=Money(3_00))
    done = await report_all(network, delivery.id, ROAD)
    assert done.ended_at is not None
    async with network.work() as work:
        assert (await service.tip(work, delivery.id, Money(8_00))).tip == Money(8_00)
        assert (await queries.timeline(work, delivery.id))[-1].body["after_end"] is True
        with pytest.raises(TipRefused):
            await service.tip(work, delivery.id, Money(7_00))
    network.clock.move_to(done.ended_at + timedelta(hours=24))
    assert done.tip_status_at(network.clock.market_now()) is TipStatus.FINAL
    async with network.work() as work:
        with pytest.raises(TipRefused):
            await service.tip(work, delivery.id, Money(9_00))


async def test_a_tip_has_the_limits_of_its_tariff(network: Network) -> None:
    most = Money(20_00)
    made = await make_delivery(network, tip=most, tip_limit=most)
    for minor in (-1, 20_01):
        with pytest.raises(TipRefused, match=r"between \$0.00 and \$20.00"):
            await make_delivery(network, tip=Money(minor), tip_limit=most)
        async with network.work() as work:
            with pytest.raises(TipRefused):
                await service.tip(work, made.id, Money(minor))


async def test_a_delivery_that_did_not_take_place_gets_no_tip(network: Network) -> None:
    made = await make_delivery(network)
    async with network.work() as work:
        await service.cancel(work, made.id, Party.MERCHANT, CancelReason.CHANGED_MIND)
        with pytest.raises(TipRefused):
            await service.tip(work, made.id, Money(5_00))


async def test_planned_together_and_alone_again(network: Network) -> None:
    one, two, gone = [await make_delivery(network) for _ in range(3)]
    async with network.work() as work:
        await service.cancel(work, gone.id, Party.STAFF, CancelReason.OTHER)
        await service.batch(work, [one.id, two.id, gone.id], batched=True)
        await service.batch(work, [one.id], batched=True)
        states = [d.state for d in await queries.many(work, [one.id, two.id, gone.id])]
        await service.batch(work, [two.id], batched=False)
        names = [e.name for e in await queries.timeline(work, two.id)]
        assert len(await queries.timeline(work, one.id)) == 2, "batched twice is told once"
    assert states == [S.BATCHED, S.BATCHED, S.CANCELLED]
    assert names == ["delivery.created", "delivery.batched", "delivery.unbatched"]


async def test_nobody_knows_a_delivery_that_is_not(network: Network) -> None:
    async with network.work() as work:
        with pytest.raises(UnknownDelivery):
            await queries.delivery(work, UUID(int=7))


async def test_search_finds_by_reference_name_street_and_state(network: Network) -> None:
    one = await make_delivery(network, external_id="ORDER_77%", shopper_last_name="O'Neill")
    two = await make_delivery(network, external_id="ORDERS77x", dropoff=replace(HOME, postcode="37206"))
    async with network.work() as work:
        await service.cancel(work, two.id, Party.STAFF, CancelReason.OTHER)

        async def found(**wanted: object) -> list[UUID]:
            return [d.id for d in await queries.search(work, limit=10, **wanted)]  # type: ignore[arg-type]

        assert await found() == [two.id, one.id]
        assert await found(before=two.id) == [one.id]
        assert await found(text="r_77%") == [one.id], "% and _ are letters here"
        assert await found(text="o'neill") == [one.id]
        assert await found(text="37206") == [two.id]
        assert await found(states=["requested"]) == [one.id]
        assert await found(merchant_id=uuid4()) == []
        assert await found(created_until=network.clock.market_now()) == []


async def test_making_one_takes_few_statements(network: Network) -> None:
    statements: list[str] = []

    def count(_c: object, _cur: object, statement: str, *_rest: object) -> None:
        statements.append(statement.split("(", maxsplit=1)[0].strip())

    event.listen(network.system.engine.sync_engine, "before_cursor_execute", count)
    async with network.work() as work:
        await service.create(work, new_delivery(at=work.now()))
        made = list(statements)
    assert [s for s in made if "delivery_events" in s or "deliveries" in s] == [
        "INSERT INTO deliveries",
        "INSERT INTO delivery_events",
    ]
    assert len(made) <= 7, made
