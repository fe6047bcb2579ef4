"""Five audiences, five credentials, none worth anything in another's routes."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from tests.factories.identity import (
    PASSWORD,
    bearer,
    make_key,
    make_provider_key,
    probes,
    sign_driver_in,
    sign_staff_in,
    sign_user_in,
    tracking_link,
)
from tests.factories.network import Network

from doorstep.features.identity import service
from doorstep.features.identity.rules import MerchantRole, Scope
from doorstep.platform.auth.actors import Actor, Audience
from doorstep.platform.errors import NotFound
from doorstep.units.ids import public

MERCHANT, DRIVER, PROVIDER, DELIVERY = (uuid4() for _ in range(4))


async def test_each_credential_opens_its_own_routes_and_no_others(network: Network) -> None:
    network.app.include_router(probes())
    link = tracking_link(network, DELIVERY)
    shown = {
        "merchant": [await make_key(network, MERCHANT), (await sign_user_in(network, MERCHANT)).token],
        "staff": [(await sign_staff_in(network)).token],
        "driver": [(await sign_driver_in(network, DRIVER)).token],
        "provider": [await make_provider_key(network, PROVIDER)],
        "shopper": [link],
    }
    for kind, tokens in shown.items():
        for token in tokens:
            for audience in ("merchant", "staff", "driver", "provider"):
                answer = await network.http.get(f"/probe/{audience}", headers=bearer(token))
                assert answer.status_code == (200 if kind == audience else 401), (kind, audience)
            answer = await network.http.get(f"/probe/shopper/{token}")
            assert answer.status_code == (200 if kind == "shopper" else 401), kind
    assert (await network.http.get(f"/probe/shopper/{link}")).json()["subject"] == str(DELIVERY)
    who = (await network.http.get("/probe/merchant", headers=bearer(shown["merchant"][0]))).json()
    assert who == {"audience": "merchant", "subject": None, "tenant": str(MERCHANT)}
    assert (await network.http.get("/probe/provider", headers=bearer(shown["provider"][0]))).json()[
        "subject"
    ] == str(PROVIDER)


async def test_without_or_with_a_broken_credential_nobody_is_let_in(network: Network) -> None:
    network.app.include_router(probes())
    token = await make_key(network, MERCHANT)
    for headers in (
        {},
        {"Authorization": token},
        {"Authorization": f"Basic {token}"},
        bearer(""),
        bearer(token[:-1]),
        bearer(token + "x"),
        bearer(token[:-1] + ("a" if token[-1] != "a" else "b")),
        bearer("sk_live_" + token.removeprefix("sk_test_")),
    ):
        answer = await network.http.get("/probe/merchant", headers=headers)
        assert answer.status_code == 401, headers
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"
    assert (await network.http.get("/probe/public")).status_code == 200


async def test_a_revoked_key_is_refused_by_the_very_next_request(network: Network) -> None:
    merchant = bearer(await make_key(network, MERCHANT))
    made = await network.http.post(
        "/v1/keys", headers=merchant, json={"label": "till 4", "scopes": ["deliveries:read"]}
    )
    assert made.status_code == 201
    other = bearer(made.json()["secret"])
    assert (await network.http.get("/v1/session", headers=other)).json()["scopes"] == ["deliveries:read"]

    gone = await network.http.delete(f"/v1/keys/{made.json()['id']}", headers=merchant)
    assert gone.status_code == 204
    assert (await network.http.get("/v1/session", headers=other)).status_code == 401
    listed = (await network.http.get("/v1/keys", headers=merchant)).json()["items"]
    assert [(key["label"], key["revoked_at"] is not None) for key in listed] == [
        ("till 4", True),
        ("test", False),
    ]
    assert made.json()["secret"].startswith(listed[0]["prefix"])
    again = await network.http.delete(f"/v1/keys/{made.json()['id']}", headers=merchant)
    assert again.status_code == 204


async def test_a_key_ends_at_its_hour(network: Network) -> None:
    async with network.work() as work:
        ends = work.wall() + timedelta(hours=1)
        key = await service.create_key(work, MERCHANT, [Scope.QUOTES], "for an hour", expires_wall=ends)
    network.clock.advance(3599)
    assert (await network.http.get("/v1/session", headers=bearer(key.secret))).status_code == 200
    network.clock.advance(1)
    assert (await network.http.get("/v1/session", headers=bearer(key.secret))).status_code == 401


async def test_a_key_cannot_make_a_mightier_one(network: Network) -> None:
    weak = bearer(await make_key(network, MERCHANT, Scope.KEYS_WRITE, Scope.QUOTES))
    wide = await network.http.post("/v1/keys", headers=weak, json={"label": "x", "scopes": ["webhooks"]})
    assert (wide.status_code, wide.json()["code"]) == (403, "scope_too_wide")
    fits = await network.http.post("/v1/keys", headers=weak, json={"label": "x", "scopes": ["quotes"]})
    assert fits.status_code == 201
    none = bearer(fits.json()["secret"])
    refused = await network.http.post("/v1/keys", headers=none, json={"label": "x", "scopes": ["quotes"]})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")


async def test_a_merchant_neither_sees_nor_revokes_anothers_keys(network: Network) -> None:
    async with network.work() as work:
        theirs = await service.create_key(work, uuid4(), [Scope.QUOTES], "theirs")
    mine = bearer(await make_key(network, MERCHANT))
    assert len((await network.http.get("/v1/keys", headers=mine)).json()["items"]) == 1
    answer = await network.http.delete(f"/v1/keys/{public('key', theirs.id)}", headers=mine)
    assert answer.status_code == 404
    assert (await network.http.get("/v1/session", headers=bearer(theirs.secret))).status_code == 200


async def test_keys_are_listed_page_by_page(network: Network) -> None:
    secrets = [await make_key(network, MERCHANT) for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await network.http.get("/v1/keys", headers=bearer(secrets[0]), params=query)).json()
        seen += [key["id"] for key in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)


async def test_no_more_than_fifty_keys_live_at_once(network: Network) -> None:
    async with network.work() as work:
        for _ in range(50):
            last = await service.create_key(work, MERCHANT, [Scope.KEYS_WRITE, Scope.QUOTES], "one of many")
    wanted = {"label": "one more", "scopes": ["quotes"]}
    answer = await network.http.post("/v1/keys", headers=bearer(last.secret), json=wanted)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_keys")


async def test_a_demo_network_makes_test_keys_and_a_live_one_live_keys(network: Network) -> None:
    assert (await make_key(network, MERCHANT)).startswith("sk_test_")
    async with network.work() as work:
        await work.session.execute(text("UPDATE network SET mode = 'live'"))
    assert (await make_key(network, MERCHANT)).startswith("sk_live_")


async def test_no_secret_is_in_the_database(network: Network) -> None:
    secrets = [
        await make_key(network, MERCHANT),
        await make_provider_key(network, PROVIDER),
        (await sign_staff_in(network)).token,
        (await sign_driver_in(network, DRIVER)).token,
        PASSWORD,
    ]
    stored = ""
    async with network.work() as work:
        for table in ("access_keys", "sessions", "staff", "merchant_users", "jobs"):
            stored += str((await work.session.execute(text(f"SELECT t::text FROM {table} t"))).all())
    assert stored.count("$argon2id$") == 1
    for secret in secrets:
        assert secret[-30:] not in stored


async def test_last_use_is_noted_once_a_minute_and_written_behind(network: Network) -> None:
    secret = await make_key(network, MERCHANT)
    keeper = network.app.state.authenticate

    async def last_used() -> object:
        async with network.work() as work:
            return (await work.session.execute(text("SELECT last_used_wall FROM access_keys"))).scalar_one()

    first = network.clock.wall_now()
    await network.http.get("/v1/session", headers=bearer(secret))
    await keeper.uses.write(network.web)
    assert await last_used() == first
    network.clock.advance(59)
    await network.http.get("/v1/session", headers=bearer(secret))
    await keeper.uses.write(network.web)
    assert await last_used() == first
    network.clock.advance(1)
    await network.http.get("/v1/session", headers=bearer(secret))
    await keeper.uses.write(network.web)
    assert await last_used() == network.clock.wall_now()


async def test_store_staff_see_deliveries_and_the_counter_and_make_no_keys(network: Network) -> None:
    session = await sign_user_in(network, MERCHANT, MerchantRole.STORE)
    told = (await network.http.get("/v1/session", headers=bearer(session.token))).json()
    assert told["scopes"] == ["deliveries:read", "store"]
    assert told["role"] == "store"
    assert (await network.http.get("/v1/keys", headers=bearer(session.token))).status_code == 403


async def test_the_web_role_sees_identity_rows_of_its_own_tenant_alone(network: Network) -> None:
    await make_key(network, MERCHANT)
    await sign_user_in(network, MERCHANT)
    await sign_driver_in(network, DRIVER)
    await sign_staff_in(network)

    async def counts(actor: Actor) -> list[int]:
        tables = ("access_keys", "merchant_users", "sessions", "staff", "driver_phones", "entry_links")
        async with network.work(actor) as work:
            return [
                (await work.session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
                for table in tables
            ]

    assert await counts(Actor(Audience.MERCHANT, tenant=MERCHANT)) == [1, 1, 0, 0, 0, 0]
    assert await counts(Actor(Audience.MERCHANT, tenant=uuid4())) == [0, 0, 0, 0, 0, 0]
    assert await counts(Actor(Audience.DRIVER, subject=DRIVER)) == [0, 0, 1, 0, 0, 0]
    assert await counts(Actor(Audience.SHOPPER, subject=DELIVERY)) == [0] * 6
    assert await counts(Actor(Audience.PUBLIC)) == [0] * 6


async def test_revoking_what_is_not_there_is_refused(network: Network) -> None:
    with pytest.raises(NotFound):
        async with network.work() as work:
            await service.revoke_key(work, UUID(int=1))
