"""A sleeping phone is woken by an offer, through a push service that reads what it is sent."""

from collections.abc import AsyncIterator

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from tests.factories.network import Network
from tests.factories.offers import Town, a_town
from tests.factories.push_service import Browser, PushService, push_service, unb64
from webpush import WebPush
from webpush.types import WebPushKeys, WebPushSubscription

from doorstep.features.wakeups.keys import vapid
from doorstep.features.wakeups.rules import LEAST_S, MOST_TTL_S, Outcome, outcome, ttl_s
from doorstep.platform.secrets import ephemeral
from doorstep.units.ids import public


@pytest.fixture
async def town(network: Network) -> Town:
    return await a_town(network)


@pytest.fixture
async def service(network: Network) -> AsyncIterator[PushService]:
    async with push_service(network) as made:
        yield made


async def subscribe(town: Town, service: PushService, **changes: str) -> None:
    answer = await town.network.http.put(
        "/driver/v1/push", json=service.subscription(**changes), headers=await town.phone()
    )
    assert answer.status_code == 200, answer.text


async def is_on(town: Town) -> bool:
    return bool((await town.network.http.get("/driver/v1/push", headers=await town.phone())).json()["on"])


class TestThePhone:
    def test_reads_the_example_of_rfc_8291(self) -> None:
        private = int.from_bytes(unb64("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
        phone = Browser(ec.derive_private_key(private, ec.SECP256R1()), unb64("BTBZMqHH6r4Tts7J_aSIgg"))
        sent = unb64(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6P"
            "Bru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        )
        assert phone.read(sent) == b"When I grow up, I want to be a watermelon"

    def test_nobody_elses_phone_can_read_it(self) -> None:
        key = vapid(ephemeral())
        sender = WebPush(key.private_pem, key.public_pem, subscriber="postmaster@example.com")
        keys = WebPushKeys(**Browser().keys())
        sent = sender.get({"a": 1}, WebPushSubscription(endpoint="https://push.example.com/a", keys=keys))
        with pytest.raises(InvalidTag):
            Browser().read(sent.encrypted)


class TestRinging:
    async def test_an_offer_rings_with_nothing_but_that_it_waits(
        self, town: Town, service: PushService
    ) -> None:
        await subscribe(town, service, language="es")
        offer = await town.offer([await town.delivery()], lasts_s=45)
        await town.network.run_jobs()
        (rung,) = service.rung
        assert rung.said == {
            "kind": "offer",
            "offer": public("offer", offer.id),
            "until": offer.expires_at.isoformat(),
            "zone": "America/Chicago",
            "lang": "es",
        }
        assert int(rung.headers["ttl"]) <= 45
        assert rung.headers["urgency"] == "high"
        assert rung.headers["content-encoding"] == "aes128gcm"

    async def test_it_is_signed_with_the_key_that_browsers_subscribe_to(
        self, town: Town, service: PushService
    ) -> None:
        await subscribe(town, service)
        await town.offer([await town.delivery()])
        await town.network.run_jobs()
        claims, key = service.rung[0].signer()
        told = (await town.network.http.get("/driver/v1/push/key", headers=await town.phone())).json()
        assert key == told["key"]
        assert len(unb64(key)) == 65
        assert claims["aud"] == "http://127.0.0.1"
        assert claims["sub"].startswith("mailto:")

    async def test_only_those_who_were_asked_and_want_it(self, town: Town, service: PushService) -> None:
        await subscribe(town, service)
        await town.offer([await town.delivery()], [town.drivers[1]])
        await town.network.run_jobs()
        assert service.rung == []

    async def test_what_was_answered_meanwhile_rings_nobody(self, town: Town, service: PushService) -> None:
        await subscribe(town, service)
        offer = await town.offer([await town.delivery()])
        await town.accept(offer)
        await town.network.run_jobs()
        assert service.rung == []

    async def test_a_busy_service_is_asked_again_and_a_broken_one_not_for_ever(
        self, town: Town, service: PushService
    ) -> None:
        await subscribe(town, service)
        service.answers = [503, 429]
        await town.offer([await town.delivery()])
        for _ in range(3):
            await town.network.run_jobs()
            town.network.clock.advance(6)
        assert len(service.rung) == 1
        service.answers = [500] * 10
        await town.offer([await town.delivery()], [town.drivers[0], town.drivers[1]])
        for _ in range(6):
            await town.network.run_jobs()
            town.network.clock.advance(6)
        assert len(service.rung) == 1
        assert len(service.answers) == 10 - 4, "no dead letter: an offer that is over needs no ring"


class TestForgetting:
    @pytest.mark.parametrize("status", [404, 410])
    async def test_a_subscription_its_service_does_not_know(
        self, town: Town, service: PushService, status: int
    ) -> None:
        await subscribe(town, service)
        service.answers = [status]
        await town.offer([await town.delivery()])
        await town.network.run_jobs()
        assert not await is_on(town)

    async def test_by_her_own_word(self, town: Town, service: PushService) -> None:
        await subscribe(town, service)
        assert await is_on(town)
        for _ in range(2):
            answer = await town.network.http.delete("/driver/v1/push", headers=await town.phone())
            assert answer.status_code == 204
        await town.offer([await town.delivery()])
        await town.network.run_jobs()
        assert service.rung == []

    async def test_the_phone_she_is_no_longer_signed_in_on(self, town: Town, service: PushService) -> None:
        await subscribe(town, service)
        town.network.clock.advance(60)
        town.phones.clear()
        await town.phone()  # signs in anew, on another phone
        await town.offer([await town.delivery()])
        await town.network.run_jobs()
        assert service.rung == []
        assert not await is_on(town)


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"endpoint": "https://10.0.0.7/push"}, "unsafe_url"),
            ({"endpoint": "http://push.example.com/a"}, "unsafe_url"),
            ({"endpoint": "https://localhost/push"}, "unsafe_url"),
            ({"p256dh": "A" * 87}, "bad_subscription"),
            ({"auth": "A" * 24}, "bad_subscription"),
            ({"language": "fr"}, "invalid"),
        ],
    )
    async def test_no_address_of_our_own_rooms_and_no_broken_keys(
        self, town: Town, service: PushService, changes: dict[str, str], code: str
    ) -> None:
        answer = await town.network.http.put(
            "/driver/v1/push", json=service.subscription(**changes), headers=await town.phone()
        )
        assert answer.status_code == 422
        assert answer.json()["code"] == code
        assert not await is_on(town)


@pytest.mark.parametrize(
    ("status", "what"),
    [
        (201, Outcome.TAKEN),
        (404, Outcome.GONE),
        (410, Outcome.GONE),
        (429, Outcome.LATER),
        (503, Outcome.LATER),
        (None, Outcome.LATER),
        (400, Outcome.REFUSED),
        (403, Outcome.REFUSED),
        (413, Outcome.REFUSED),
    ],
)
def test_what_an_answer_means(status: int | None, what: Outcome) -> None:
    assert outcome(status) is what


def test_a_ring_is_kept_no_longer_than_its_offer() -> None:
    assert ttl_s(LEAST_S - 0.1) is None
    assert ttl_s(45.9) == 45
    assert ttl_s(float("inf")) == MOST_TTL_S
