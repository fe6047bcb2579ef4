"""A shopper is told by text, in the shop's name."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.factories.deliveries import assigned_delivery, new_delivery, report_all
from tests.factories.identity import bearer, make_key
from tests.factories.merchants import make_merchant
from tests.factories.network import Network

from doorstep.connectors.messages.protocol import MessageRefused, MessageUnavailable
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.deliveries import service as delivering
from doorstep.features.deliveries.events import DeliveryPickedUp
from doorstep.features.deliveries.rules import CancelReason, Delivery, FactKind, Party
from doorstep.features.identity.rules import Scope
from doorstep.features.identity.tokens import tracking_token
from doorstep.features.merchants.rules import Merchant
from doorstep.features.notifications import queries, service
from doorstep.features.notifications.messages import Send
from doorstep.features.notifications.rules import Language, Moment, NotificationState, Wish

F = FactKind
TO_THE_CAR = [F.REACHED_PICKUP, F.PICKED_UP]
TO_THE_DOOR = [F.REACHED_DROPOFF, F.HANDED_OVER]
PHONE = "+16155550111"


@pytest.fixture
async def shop(network: Network) -> Merchant:
    async with network.work() as work:
        return await make_merchant(work)


async def on_its_way(network: Network, shop: Merchant, **changes: Any) -> Delivery:
    made = await assigned_delivery(network, merchant_id=shop.id, **changes)
    return await report_all(network, made.id, TO_THE_CAR)


async def told(network: Network, delivery: Delivery) -> list[tuple[Moment, NotificationState]]:
    async with network.work() as work:
        return [(one.moment, one.state) for one in await queries.of_delivery(work, delivery.id)]


async def test_she_is_told_when_it_leaves_and_when_it_is_there(network: Network, shop: Merchant) -> None:
    made = await on_its_way(network, shop)
    await network.run_jobs()
    link = f"{network.connectors.own_url}/track/{tracking_token(network.connectors.secrets, made.id)}"
    assert network.messages.sent == [
        (PHONE, f"{shop.name}: your order is on its way. Follow it here: {link}")
    ]
    await report_all(network, made.id, TO_THE_DOOR)
    await network.run_jobs()
    assert [to for to, _ in network.messages.sent] == [PHONE, PHONE]
    assert await told(network, made) == [
        (Moment.ON_THE_WAY, NotificationState.SENT),
        (Moment.DELIVERED, NotificationState.SENT),
    ]


async def test_in_the_language_and_at_the_moments_the_shop_wishes(network: Network, shop: Merchant) -> None:
    async with network.work() as work:
        wish = Wish(moments=frozenset({Moment.DELIVERED}), language=Language.ES)
        await service.set_wish(work, shop.id, wish)
    made = await on_its_way(network, shop)
    await report_all(network, made.id, TO_THE_DOOR)
    await network.run_jobs()
    [(_, text)] = network.messages.sent
    assert text.startswith(f"{shop.name}: su pedido fue entregado.")


async def test_what_was_overtaken_while_the_service_was_away_is_not_sent(
    network: Network, shop: Merchant
) -> None:
    away = _Service(MessageUnavailable("away"))
    network.connectors.messages, heard = away, network.connectors.messages
    made = await on_its_way(network, shop)
    await network.run_jobs()
    assert await told(network, made) == [(Moment.ON_THE_WAY, NotificationState.WAITING)]
    network.connectors.messages = heard
    await report_all(network, made.id, TO_THE_DOOR)
    await network.run_jobs()
    assert dict(await told(network, made)) == {
        Moment.ON_THE_WAY: NotificationState.STALE,
        Moment.DELIVERED: NotificationState.SENT,
    }


async def test_a_refusal_is_kept_without_the_number_and_an_absence_ends(
    network: Network, shop: Merchant
) -> None:
    network.connectors.messages = _Service(MessageRefused(f"{PHONE} has opted out"))
    refused = await on_its_way(network, shop)
    await network.run_jobs()
    async with network.work() as work:
        [one] = await queries.of_delivery(work, refused.id)
    assert (one.state, one.why, one.phone_end) == (NotificationState.REFUSED, "…0111 has opted out", "0111")

    network.connectors.messages = _Service(MessageUnavailable("nobody there"))
    alone = await on_its_way(network, shop)
    for _ in range(12):
        await network.run_jobs()
        network.clock.advance(120)
    async with network.work() as work:
        [one] = await queries.of_delivery(work, alone.id)
    assert (one.state, one.attempts) == (NotificationState.GIVEN_UP, 7)


async def test_no_phone_no_text_and_a_cancelled_one_is_told(network: Network, shop: Merchant) -> None:
    quiet = new_delivery(at=network.clock.market_now()).dropoff
    silent = await on_its_way(network, shop, dropoff=replace(quiet, phone=""))
    loud = await assigned_delivery(network, merchant_id=shop.id)
    async with network.work() as work:
        await delivering.cancel(work, loud.id, Party.MERCHANT, CancelReason.OUT_OF_STOCK)
    await network.run_jobs()
    assert await told(network, silent) == []
    assert await told(network, loud) == [(Moment.CANCELLED, NotificationState.SENT)]


async def test_a_shop_reads_and_says_what_is_told(network: Network, shop: Merchant) -> None:
    key = bearer(await make_key(network, shop.id))

    async def answer(response: httpx.Response) -> Any:
        assert response.status_code == 200, response.text
        return response.json()

    usual = await answer(await network.http.get("/v1/notifications", headers=key))
    assert usual["moments"] == ["cancelled", "delivered", "not_handed_over", "on_the_way"]
    assert usual["examples"]["delivered"].startswith(f"{shop.name}: your order was delivered.")
    wish = {"moments": [], "language": "es"}
    changed = await answer(await network.http.put("/v1/notifications", json=wish, headers=key))
    assert (changed["moments"], changed["language"]) == ([], "es")
    assert await answer(await network.http.get("/v1/notifications", headers=key)) == changed
    refused = await network.http.put("/v1/notifications", json={"moments": ["birthday"]}, headers=key)
    assert refused.status_code == 422


async def test_an_event_told_twice_and_a_job_run_twice_are_one_text(network: Network, shop: Merchant) -> None:
    """Reactions run at least once; a phone rings once for a moment."""
    made = await on_its_way(network, shop)
    await network.run_jobs()
    async with network.work() as work:
        work.schedule("notifications.send", Send(made.id, Moment.ON_THE_WAY))
        delivery = await deliveries.delivery(work, made.id)
        moved = DeliveryPickedUp(
            delivery_id=made.id, merchant_id=shop.id, market_id=made.market_id, store_id=made.store_id,
            external_id=made.external_id, seq=4, at=work.now(), state=delivery.state, state_before=delivery.state,
            driver_id=None, provider_id=None, provider_job_id=None, trip_id=None, fee_minor=0, tip_minor=0, currency="USD",
        )  # fmt: skip
        await service.tell(work, network.connectors, moved)
    await network.run_jobs()
    assert len(network.messages.sent) == 1


async def test_a_wish_is_its_merchants_own(network: Network, shop: Merchant) -> None:
    async with network.work() as work:
        other = await make_merchant(work, name="Sugar Rail")
    mine, theirs = bearer(await make_key(network, shop.id)), bearer(await make_key(network, other.id))
    await network.http.put("/v1/notifications", json={"moments": []}, headers=mine)
    assert len((await network.http.get("/v1/notifications", headers=theirs)).json()["moments"]) == 4
    reader = bearer(await make_key(network, shop.id, Scope.DELIVERIES_READ))
    refused = await network.http.put("/v1/notifications", json={"moments": ["delivered"]}, headers=reader)
    assert refused.status_code == 403
    assert (await network.http.get("/v1/notifications", headers=reader)).json()["moments"] == []


class _Service:
    """A message service that always says the same."""

    def __init__(self, trouble: Exception) -> None:
        self.trouble = trouble

    async def send(self, to: str, text: str) -> None:  # noqa: ARG002 (the protocol names them)
        raise self.trouble
