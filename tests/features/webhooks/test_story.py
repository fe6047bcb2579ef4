"""Messages on their way to a merchant's real server: signed, in order, tried for days, replayed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from standardwebhooks import Webhook
from tests.factories.couriers import free_port
from tests.factories.deliveries import MERCHANT, assigned_delivery, make_delivery, report_all
from tests.factories.network import Network
from tests.factories.webhooks import Receiver, make_endpoint, receiver

from doorstep.features.deliveries import service as delivering
from doorstep.features.deliveries.rules import FactKind
from doorstep.features.webhooks import queries, service
from doorstep.features.webhooks.egress import Answer, Egress
from doorstep.features.webhooks.messages import Send
from doorstep.features.webhooks.rules import (
    DisabledWhy,
    Endpoint,
    EndpointState,
    Message,
    MessageState,
)
from doorstep.features.webhooks.sending import Sending
from doorstep.features.webhooks.signing import headers, new_secret
from doorstep.platform.jobs import Attempt
from doorstep.units.ids import public

ROAD = [FactKind.REACHED_PICKUP, FactKind.PICKED_UP, FactKind.REACHED_DROPOFF, FactKind.HANDED_OVER]


@pytest.fixture
async def shop(network: Network) -> AsyncIterator[Receiver]:
    async with receiver(network) as opened:
        yield opened


async def messages(network: Network) -> list[Message]:
    """The merchant's log, oldest first."""
    async with network.work() as work:
        return (await queries.messages(work, MERCHANT, limit=100))[::-1]


async def endpoint_of(network: Network, made: service.NewEndpoint) -> Endpoint:
    async with network.work() as work:
        return await queries.endpoint(work, made.endpoint.id)


async def test_a_whole_delivery_arrives_in_order_and_signed(network: Network, shop: Receiver) -> None:
    made = await make_endpoint(network, shop.url)
    delivery = await assigned_delivery(network, external_id="order-7")
    await report_all(network, delivery.id, ROAD)
    await network.run_jobs()
    assert [letter.said["type"] for letter in shop.letters] == [
        "delivery.created", "delivery.assigned", "delivery.enroute_to_pickup", "delivery.at_pickup",
        "delivery.picked_up", "delivery.enroute_to_dropoff", "delivery.at_dropoff", "delivery.delivered",
    ]  # fmt: skip
    assert [letter.about for letter in shop.letters] == [
        (public("delivery", delivery.id), n) for n in range(1, 9)
    ]
    last = shop.letters[-1]
    assert (
        last.said["data"]["delivery"] | {"external_id": "order-7", "state": "delivered", "carrier": "driver"}
        == (last.said["data"]["delivery"])
    )
    assert len(last.body) < 20_000
    for letter in shop.letters:
        at = network.clock.wall_now()
        assert abs(int(letter.headers["webhook-timestamp"]) - at.timestamp()) < 1
        assert letter.headers["webhook-signature"] == Webhook(made.secret).sign(letter.id, at, letter.body)
        assert letter.id.startswith("evt_")
    log = await messages(network)
    assert [(m.state, len(m.attempts), m.attempts[0].status) for m in log] == [
        (MessageState.TAKEN, 1, 204)
    ] * 8


async def test_the_librarys_own_check_accepts_it() -> None:
    """With the machine's real time, as a receiver would run it."""
    old, fresh, body = new_secret(), new_secret(), '{"type":"delivery.created"}'
    signed = headers(UUID(int=5), datetime.now(UTC), body, [fresh, old])
    for secret in (old, fresh):
        assert Webhook(secret).verify(body, signed) == {"type": "delivery.created"}


async def test_the_next_is_not_sent_before_the_one_before_was_taken(network: Network, shop: Receiver) -> None:
    await make_endpoint(network, shop.url)
    refusing: list[int] = [0]

    def answer(said: dict[str, Any]) -> tuple[int, dict[str, str]]:
        if said["data"]["sequence"] == 2 and refusing[0] < 3:
            refusing[0] += 1
            return 500, {}
        return 204, {}

    shop.answer = answer
    first = await assigned_delivery(network)
    other = await make_delivery(network)
    await report_all(network, first.id, ROAD[:2])
    await network.run_jobs()
    stuck = public("delivery", first.id)
    assert [letter.about[1] for letter in shop.letters if letter.about[0] == stuck] == [1, 2]
    assert (public("delivery", other.id), 1) in [letter.about for letter in shop.letters], "others go on"
    for wait_s in (6, 331, 1981):
        network.clock.advance(wait_s)
        await network.run_jobs()
    sequence = [letter.about[1] for letter in shop.letters if letter.about[0] == stuck]
    assert sequence == [1, 2, 2, 2, 2, 3, 4, 5]
    assert len({letter.id for letter in shop.letters if letter.about == (stuck, 2)}) == 1, (
        "one id on every try"
    )


async def test_tried_for_75_hours_then_parked_and_the_next_goes_on(network: Network, shop: Receiver) -> None:
    await make_endpoint(network, shop.url)
    shop.answer = lambda said: (503 if said["type"] == "delivery.created" else 200, {})
    await assigned_delivery(network)
    began = network.clock.wall_now()
    await network.run_jobs()
    while (await messages(network))[0].state is MessageState.WAITING:
        due = (await messages(network))[0].next_try_wall
        assert due is not None
        network.clock.move_to(due)
        await network.run_jobs()
    lasted = network.clock.wall_now() - began
    assert timedelta(hours=68) < lasted < timedelta(hours=83)
    created, assigned = await messages(network)
    assert (created.state, len(created.attempts), created.tries) == (MessageState.PARKED, 10, 10)
    assert (assigned.state, assigned.attempts[0].answer) == (MessageState.TAKEN, "thanks")
    shop.answer = lambda _said: (204, {})
    async with network.work() as work:
        await service.replay(work, created.id)
    await network.run_jobs()
    assert (await messages(network))[0].state is MessageState.TAKEN
    assert shop.letters[-1].id == shop.letters[0].id


async def test_nobody_there_and_redirects_are_failures(network: Network, shop: Receiver) -> None:
    shop.answer = lambda _said: (302, {"location": shop.url})
    await make_endpoint(network, shop.url)
    port = free_port()
    network.connectors.webhook_allow |= {f"127.0.0.1:{port}"}
    await make_endpoint(network, f"http://127.0.0.1:{port}/")
    await make_delivery(network)
    await network.run_jobs()
    moved, gone = sorted(await messages(network), key=lambda m: m.attempts[0].status is None)
    assert (moved.attempts[0].status, moved.state) == (302, MessageState.WAITING)
    assert "ConnectError" in gone.attempts[0].error
    assert len(shop.letters) == 1


async def test_no_longer_allowed_means_not_sent(network: Network, shop: Receiver) -> None:
    """The rule is asked at every try, not only when the endpoint is made."""
    await make_endpoint(network, shop.url)
    network.connectors.webhook_allow = frozenset()
    await make_delivery(network)
    await network.run_jobs()
    assert shop.letters == []
    assert (await messages(network))[0].attempts[0].error.startswith("not sent")


async def test_retry_after_is_honoured(network: Network, shop: Receiver) -> None:
    await make_endpoint(network, shop.url)
    shop.answer = lambda _said: (429, {"retry-after": "3600"})
    await make_delivery(network)
    await network.run_jobs()
    due = (await messages(network))[0].next_try_wall
    assert due == network.clock.wall_now() + timedelta(hours=1)


async def test_gone_switches_the_endpoint_off(network: Network, shop: Receiver) -> None:
    made = await make_endpoint(network, shop.url)
    shop.answer = lambda _said: (410, {})
    await assigned_delivery(network)
    await network.run_jobs()
    endpoint = await endpoint_of(network, made)
    assert (endpoint.state, endpoint.disabled_why) == (EndpointState.DISABLED, DisabledWhy.GONE)
    assert [m.state for m in await messages(network)] == [MessageState.PARKED] * 2
    await make_delivery(network)
    await network.run_jobs()
    assert len(shop.letters) == 1, "nothing more was made or sent"


async def test_five_days_of_failures_alone_switch_it_off_and_one_success_does_not(
    network: Network, shop: Receiver
) -> None:
    made = await make_endpoint(network, shop.url)
    shop.answer = lambda _said: (500, {})
    for _ in range(5):
        await make_delivery(network)
        await network.run_jobs()
        assert (await endpoint_of(network, made)).state is EndpointState.ACTIVE
        network.clock.advance(86_400)
    await network.run_jobs()
    off = await endpoint_of(network, made)
    assert (off.state, off.disabled_why) == (EndpointState.DISABLED, DisabledWhy.FAILING)
    async with network.work() as work:
        on = await service.change_endpoint(work, made.endpoint.id, state=EndpointState.ACTIVE)
    assert on.failing_since_wall is None
    shop.answer = lambda _said: (204, {})
    async with network.work() as work:
        lined_up = await service.replay_since(
            work, made.endpoint.id, network.clock.wall_now() - timedelta(days=9)
        )
    assert lined_up == 5
    await network.run_jobs()
    assert len(shop.taken) == 5
    assert {m.state for m in await messages(network)} == {MessageState.TAKEN}


async def test_a_replay_goes_out_in_order(network: Network, shop: Receiver) -> None:
    made = await make_endpoint(network, shop.url)
    delivery = await assigned_delivery(network)
    await report_all(network, delivery.id, ROAD)
    await network.run_jobs()
    before = [letter.id for letter in shop.letters]
    async with network.work() as work:
        assert await service.replay_since(work, made.endpoint.id, network.clock.wall_now()) == 0
        since = network.clock.wall_now() - timedelta(days=1)
        assert await service.replay_since(work, made.endpoint.id, since) == 0, "all were taken"
        assert await service.replay_since(work, made.endpoint.id, since, taken_too=True) == 8
    await network.run_jobs()
    assert [letter.id for letter in shop.letters] == before + before


async def test_two_signatures_for_a_day_after_rotation(network: Network, shop: Receiver) -> None:
    made = await make_endpoint(network, shop.url)
    async with network.work() as work:
        fresh, until = await service.rotate_secret(work, network.connectors.secrets, made.endpoint.id)
    await make_delivery(network)
    await network.run_jobs()
    network.clock.move_to(until)
    await make_delivery(network)
    await network.run_jobs()
    both, alone = shop.letters
    assert [
        [Webhook(secret).sign(letter.id, letter_at(letter.headers), letter.body) for secret in secrets]
        for letter, secrets in ((both, (fresh, made.secret)), (alone, (fresh,)))
    ] == [both.headers["webhook-signature"].split(" "), [alone.headers["webhook-signature"]]]


def letter_at(told: dict[str, str]) -> datetime:
    return datetime.fromtimestamp(int(told["webhook-timestamp"]), UTC)


async def test_only_wanted_events_in_order_without_gaps_between_them(
    network: Network, shop: Receiver
) -> None:
    await make_endpoint(network, shop.url, "delivery.picked_up", "delivery.delivered")
    delivery = await assigned_delivery(network)
    await report_all(network, delivery.id, ROAD)
    await network.run_jobs()
    assert [letter.said["type"] for letter in shop.letters] == ["delivery.picked_up", "delivery.delivered"]


async def test_an_event_that_was_rolled_back_is_never_told(network: Network, shop: Receiver) -> None:
    await make_endpoint(network, shop.url)
    delivery = await make_delivery(network)

    async def expired_after_all() -> None:
        async with network.work() as work:
            await delivering.expire(work, delivery.id, "never")
            await work.flush()
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        await expired_after_all()
    await network.run_jobs()
    assert [letter.said["type"] for letter in shop.letters] == ["delivery.created"]


async def test_a_new_address_gets_what_waits_at_once(network: Network, shop: Receiver) -> None:
    made = await make_endpoint(network, shop.url)
    async with receiver(network) as second:
        shop.answer = lambda _said: (500, {})
        await assigned_delivery(network)
        await network.run_jobs()
        async with network.work() as work:
            await service.change_endpoint(
                work, made.endpoint.id, url=second.url, allow=network.connectors.webhook_allow
            )
        await network.run_jobs()
        assert [letter.about[1] for letter in second.letters] == [1, 2]
        network.clock.advance(10)
        await network.run_jobs()
        assert len(second.letters) == 2, "the old jobs are idle"


async def test_a_deleted_endpoint_hears_nothing_more(network: Network, shop: Receiver) -> None:
    made = await make_endpoint(network, shop.url)
    await make_delivery(network)
    async with network.work() as work:
        await service.delete_endpoint(work, made.endpoint.id)
    await network.run_jobs()
    assert shop.letters == []


async def test_a_message_sent_but_not_recorded_is_sent_again_under_its_id(
    network: Network, shop: Receiver
) -> None:
    """The worker dies between the answer and its record: at least once, never lost."""
    await make_endpoint(network, shop.url)
    await make_delivery(network)
    await network.run_jobs()
    async with network.work() as work:  # as it was before the record
        await work.session.execute(text("DELETE FROM webhook_attempts"))
        await work.session.execute(
            text("UPDATE webhook_messages SET state = 'waiting', tries = 0, attempts_count = 0")
        )
        message = (await messages(network))[0]
        work.schedule("webhooks.send", Send(message.id, 1))
    await network.run_jobs()
    assert [letter.id for letter in shop.letters] == [public("event", message.id)] * 2


async def test_lined_up_anew_while_an_attempt_is_under_way_it_goes_out_once_more(
    network: Network, shop: Receiver
) -> None:
    """The attempt is in the log and settles nothing: what counts is the turn that was asked for last."""
    await make_endpoint(network, shop.url)
    await make_delivery(network)
    await network.run_jobs()
    [message] = await messages(network)

    async def once_more() -> None:
        async with network.work() as work:
            await service.replay(work, message.id)

    class Meanwhile(Egress):
        async def post(self, *said: Any) -> Answer:
            await once_more()
            return await super().post(*said)

    await once_more()
    sending = Sending(network.connectors, Meanwhile())
    await sending.send(network.system, Send(message.id, 2), Attempt(1, last=False))
    [now] = await messages(network)
    assert (now.state, len(now.attempts), len(shop.taken)) == (MessageState.WAITING, 2, 2)
    await network.run_jobs()
    [now] = await messages(network)
    assert (now.state, len(now.attempts), len(shop.taken)) == (MessageState.TAKEN, 3, 3)
