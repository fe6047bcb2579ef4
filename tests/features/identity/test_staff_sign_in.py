"""Staff: the owner's link, passwords, the second factor, hours, roles."""

import asyncio
from uuid import uuid4

import httpx
import pyotp
import pytest
from sqlalchemy import text
from tests.factories.identity import PASSWORD, bearer, make_key, probes, sign_staff_in
from tests.factories.network import Network

from doorstep.features.identity import service
from doorstep.features.identity.gatekeeper import Gatekeeper
from doorstep.features.identity.rules import MerchantRole, StaffRole
from doorstep.features.identity.throttle import ACCOUNT_HERE
from doorstep.platform import audit
from doorstep.units.ids import public

OWNER = {"name": "Ada", "email": "Ada@Example.com", "password": PASSWORD}
SIGN_IN = {"email": "ada@example.com", "password": PASSWORD}


async def found_owner(network: Network) -> str:
    """The token of the network's first owner."""
    async with network.work() as work:
        link = await service.owner_link(work)
    answer = await network.http.post("/staff/v1/owner", json={"token": link, **OWNER})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


async def enrol(network: Network, token: str) -> pyotp.TOTP:
    begun = await network.http.post("/staff/v1/totp", headers=bearer(token))
    authenticator = pyotp.parse_uri(begun.json()["otpauth_uri"])
    assert isinstance(authenticator, pyotp.TOTP)
    code = authenticator.at(network.clock.wall_now())
    confirmed = await network.http.post("/staff/v1/totp/confirm", headers=bearer(token), json={"code": code})
    assert confirmed.status_code == 204
    return authenticator


async def test_the_owners_link_works_once(network: Network) -> None:
    async with network.work() as work:
        link = await service.owner_link(work)
    answers = await asyncio.gather(
        *(
            network.http.post(
                "/staff/v1/owner", json={"token": link, **OWNER, "email": f"owner{n}@example.com"}
            )
            for n in range(5)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401, 401]
    token = next(answer for answer in answers if answer.status_code == 201).json()["token"]
    me = (await network.http.get("/staff/v1/session", headers=bearer(token))).json()
    assert (me["name"], me["role"]) == ("Ada", "owner")


async def test_an_owners_link_ends_after_a_day_or_with_the_next(network: Network) -> None:
    async with network.work() as work:
        first = await service.owner_link(work)
        second = await service.owner_link(work)
    spent = await network.http.post("/staff/v1/owner", json={"token": first, **OWNER})
    assert (spent.status_code, spent.json()["code"]) == (401, "link_spent")
    network.clock.advance(86_400)
    late = await network.http.post("/staff/v1/owner", json={"token": second, **OWNER})
    assert late.status_code == 401


async def test_a_taken_email_leaves_the_link_good(network: Network) -> None:
    await found_owner(network)
    async with network.work() as work:
        link = await service.owner_link(work)
    taken = await network.http.post(
        "/staff/v1/owner", json={"token": link, **OWNER, "email": "ADA@example.com"}
    )
    assert (taken.status_code, taken.json()["code"]) == (409, "email_taken")
    other = await network.http.post(
        "/staff/v1/owner", json={"token": link, **OWNER, "email": "b@example.com"}
    )
    assert other.status_code == 201


async def test_a_password_signs_in_and_out(network: Network) -> None:
    await found_owner(network)
    opened = await network.http.post("/staff/v1/session", json=SIGN_IN)
    assert opened.status_code == 201
    assert opened.headers["cache-control"] == "no-store"
    token = opened.json()["token"]
    assert (await network.http.get("/staff/v1/session", headers=bearer(token))).status_code == 200
    assert (await network.http.delete("/staff/v1/session", headers=bearer(token))).status_code == 204
    assert (await network.http.get("/staff/v1/session", headers=bearer(token))).status_code == 401


async def test_unknown_and_wrong_are_answered_alike(network: Network) -> None:
    await found_owner(network)
    wrong = await network.http.post("/staff/v1/session", json=SIGN_IN | {"password": "not her password"})
    unknown = await network.http.post("/staff/v1/session", json=SIGN_IN | {"email": "nobody@example.com"})
    assert wrong.status_code == unknown.status_code == 401
    first, second = wrong.json(), unknown.json()
    first.pop("request_id")
    second.pop("request_id")
    assert first == second


async def test_guessing_is_stopped_and_a_right_password_forgives(network: Network) -> None:
    await found_owner(network)
    wrong = SIGN_IN | {"password": "not her password"}
    for _ in range(ACCOUNT_HERE.amount - 1):
        assert (await network.http.post("/staff/v1/session", json=wrong)).status_code == 401
    assert (await network.http.post("/staff/v1/session", json=SIGN_IN)).status_code == 201
    for _ in range(ACCOUNT_HERE.amount):
        assert (await network.http.post("/staff/v1/session", json=wrong)).status_code == 401
    stopped = await network.http.post("/staff/v1/session", json=SIGN_IN)
    assert (stopped.status_code, stopped.json()["code"]) == (429, "too_many_tries")
    assert 0 < int(stopped.headers["retry-after"]) <= 900


async def test_one_place_cannot_try_many_accounts(network: Network) -> None:
    transport = httpx.ASGITransport(network.app, client=("203.0.113.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as stranger:
        answers = [
            await stranger.post(
                "/staff/v1/invitation", json={"token": "lk_guessed_one", "password": PASSWORD}
            )
            for _ in range(21)
        ]
    assert [answer.status_code for answer in answers] == [401] * 20 + [429]


async def test_a_session_ends_after_half_an_hour_without_use(network: Network) -> None:
    token = await found_owner(network)
    for _ in range(3):
        network.clock.advance(29 * 60)
        assert (await network.http.get("/staff/v1/session", headers=bearer(token))).status_code == 200
    network.clock.advance(30 * 60)
    assert (await network.http.get("/staff/v1/session", headers=bearer(token))).status_code == 401


async def test_another_process_knows_of_the_use(network: Network) -> None:
    token = await found_owner(network)
    network.clock.advance(20 * 60)
    assert (await network.http.get("/staff/v1/session", headers=bearer(token))).status_code == 200
    await network.app.state.authenticate.uses.write(network.web)
    network.app.state.authenticate = Gatekeeper(network.connectors.secrets)
    network.clock.advance(20 * 60)
    assert (await network.http.get("/staff/v1/session", headers=bearer(token))).status_code == 200


async def test_a_session_ends_after_twelve_hours_even_in_use(network: Network) -> None:
    token = await found_owner(network)
    for _ in range(12 * 3 - 1):
        network.clock.advance(20 * 60)
        assert (await network.http.get("/staff/v1/session", headers=bearer(token))).status_code == 200
    network.clock.advance(20 * 60)
    over = await network.http.get("/staff/v1/session", headers=bearer(token))
    assert (over.status_code, over.json()["detail"]) == (401, "This session is over.")


async def test_once_enrolled_the_second_factor_is_demanded(network: Network) -> None:
    authenticator = await enrol(network, await found_owner(network))
    network.clock.advance(60)
    without = await network.http.post("/staff/v1/session", json=SIGN_IN)
    assert (without.status_code, without.json()["code"]) == (401, "totp_needed")
    code = authenticator.at(network.clock.wall_now())
    wrong = await network.http.post(
        "/staff/v1/session", json=SIGN_IN | {"totp": f"{(int(code) + 1) % 10**6:06d}"}
    )
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_totp")
    right = await network.http.post("/staff/v1/session", json=SIGN_IN | {"totp": code})
    assert right.status_code == 201


async def test_a_second_factors_code_is_good_once(network: Network) -> None:
    authenticator = await enrol(network, await found_owner(network))
    network.clock.advance(90)
    body = SIGN_IN | {"totp": authenticator.at(network.clock.wall_now())}
    answers = await asyncio.gather(*(network.http.post("/staff/v1/session", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401]
    network.clock.advance(29)
    assert (await network.http.post("/staff/v1/session", json=body)).json()["code"] == "wrong_totp"


async def test_the_code_that_confirmed_the_enrolment_is_used_up(network: Network) -> None:
    authenticator = await enrol(network, await found_owner(network))
    body = SIGN_IN | {"totp": authenticator.at(network.clock.wall_now())}
    assert (await network.http.post("/staff/v1/session", json=body)).json()["code"] == "wrong_totp"


async def test_an_enrolled_factor_cannot_be_replaced_by_a_stolen_session(network: Network) -> None:
    token = await found_owner(network)
    await enrol(network, token)
    again = await network.http.post("/staff/v1/totp", headers=bearer(token))
    assert (again.status_code, again.json()["code"]) == (409, "totp_stands")
    nothing = await network.http.post(
        "/staff/v1/totp/confirm", headers=bearer(token), json={"code": "000000"}
    )
    assert nothing.status_code == 409


async def test_an_owner_invites_moves_and_shuts_out(network: Network) -> None:
    owner = bearer(await found_owner(network))
    wanted = {"email": "cy@example.com", "name": "Cy", "role": "support"}
    invited = await network.http.post("/staff/v1/staff", headers=owner, json=wanted)
    assert invited.status_code == 201
    assert invited.json()["staff"]["invited"]
    twice = await network.http.post("/staff/v1/staff", headers=owner, json=wanted)
    assert (twice.status_code, twice.json()["code"]) == (409, "email_taken")

    acceptance = {"token": invited.json()["token"], "password": PASSWORD}
    accepted = await network.http.post("/staff/v1/invitation", json=acceptance)
    assert accepted.status_code == 201
    assert (await network.http.post("/staff/v1/invitation", json=acceptance)).status_code == 401
    cy = bearer(accepted.json()["token"])
    assert (await network.http.get("/staff/v1/staff", headers=cy)).status_code == 403

    path = f"/staff/v1/staff/{invited.json()['staff']['id']}"
    moved = await network.http.put(f"{path}/role", headers=owner, json={"role": "finance"})
    assert moved.json()["role"] == "finance"
    assert (await network.http.get("/staff/v1/session", headers=cy)).json()["role"] == "finance"

    shut_out = await network.http.post(f"{path}/disable", headers=owner)
    assert shut_out.json()["disabled"]
    assert (await network.http.get("/staff/v1/session", headers=cy)).status_code == 401
    back = await network.http.post(
        "/staff/v1/session", json={"email": "cy@example.com", "password": PASSWORD}
    )
    assert back.status_code == 401
    everyone = (await network.http.get("/staff/v1/staff", headers=owner)).json()["items"]
    assert [person["name"] for person in everyone] == ["Ada", "Cy"]


async def test_a_lost_authenticator_is_forgotten_by_an_owner(network: Network) -> None:
    owner = bearer(await found_owner(network))
    cy = await sign_staff_in(network, StaffRole.SUPPORT, "cy@example.com")
    await enrol(network, cy.token)
    forgotten = await network.http.delete(
        f"/staff/v1/staff/{public('staff', cy.subject)}/totp", headers=owner
    )
    assert not forgotten.json()["totp"]
    assert (await network.http.get("/staff/v1/session", headers=bearer(cy.token))).status_code == 401
    again = await network.http.post(
        "/staff/v1/session", json={"email": "cy@example.com", "password": PASSWORD}
    )
    assert again.status_code == 201


@pytest.mark.parametrize("verb", ["role", "disable"])
async def test_the_last_owner_stays_owner(network: Network, verb: str) -> None:
    token = await found_owner(network)
    me = (await network.http.get("/staff/v1/session", headers=bearer(token))).json()["id"]
    path = f"/staff/v1/staff/{me}/{verb}"
    answer = (
        await network.http.put(path, headers=bearer(token), json={"role": "support"})
        if verb == "role"
        else await network.http.post(path, headers=bearer(token))
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")


async def test_two_owners_cannot_demote_each_other_at_once(network: Network) -> None:
    ada = await sign_staff_in(network, StaffRole.OWNER, "ada@example.com")
    bea = await sign_staff_in(network, StaffRole.OWNER, "bea@example.com")

    async def demote(by: str, whom: str) -> int:
        path = f"/staff/v1/staff/{whom}/role"
        return (await network.http.put(path, headers=bearer(by), json={"role": "support"})).status_code

    answers = await asyncio.gather(
        demote(ada.token, public("staff", bea.subject)), demote(bea.token, public("staff", ada.subject))
    )
    assert sorted(answers) in ([200, 403], [200, 409])


@pytest.mark.parametrize("role", [role for role in StaffRole if role is not StaffRole.OWNER])
async def test_only_owners_say_who_works_here(network: Network, role: StaffRole) -> None:
    token = bearer((await sign_staff_in(network, role)).token)
    target = "/staff/v1/staff/stf_00000000000000000000000000"
    for answer in (
        await network.http.get("/staff/v1/staff", headers=token),
        await network.http.post(
            "/staff/v1/staff", headers=token, json={"email": "x@example.com", "name": "X", "role": "owner"}
        ),
        await network.http.put(f"{target}/role", headers=token, json={"role": "owner"}),
        await network.http.post(f"{target}/disable", headers=token),
        await network.http.delete(f"{target}/totp", headers=token),
    ):
        assert answer.status_code == 403


async def test_who_only_looks_changes_nothing_whatever_a_route_forgets(network: Network) -> None:
    network.app.include_router(probes())
    token = bearer((await sign_staff_in(network, StaffRole.READ_ONLY)).token)
    assert (await network.http.get("/probe/staff", headers=token)).status_code == 200
    assert (await network.http.post("/probe/staff", headers=token)).status_code == 403
    assert (await network.http.post("/staff/v1/totp", headers=token)).status_code == 201
    assert (await network.http.delete("/staff/v1/session", headers=token)).status_code == 204


async def test_a_merchants_person_signs_in_and_out(network: Network) -> None:
    merchant = uuid4()
    async with network.work() as work:
        await service.create_user(
            work, merchant, email="Ben@example.com", name="Ben", role=MerchantRole.ADMIN, password=PASSWORD
        )
    body = {"email": "ben@EXAMPLE.com", "password": PASSWORD}
    assert (await network.http.post("/v1/session", json=body | {"password": "x"})).status_code == 401
    opened = await network.http.post("/v1/session", json=body)
    token = bearer(opened.json()["token"])
    told = (await network.http.get("/v1/session", headers=token)).json()
    assert (told["email"], told["role"], told["merchant"]) == (
        "ben@example.com",
        "admin",
        public("merchant", merchant),
    )
    made = await network.http.post("/v1/keys", headers=token, json={"label": "x", "scopes": ["quotes"]})
    assert made.status_code == 201
    assert (await network.http.delete("/v1/session", headers=token)).status_code == 204
    assert (await network.http.get("/v1/session", headers=token)).status_code == 401
    key = bearer(await make_key(network, merchant))
    assert (await network.http.delete("/v1/session", headers=key)).status_code == 204
    assert (await network.http.get("/v1/session", headers=key)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        SIGN_IN | {"more": 1},
        SIGN_IN | {"email": "no email"},
        SIGN_IN | {"email": "a\x00b@example.com"},
        SIGN_IN | {"email": "a" * 250 + "@example.com"},
        SIGN_IN | {"password": "x" * 201},
        SIGN_IN | {"totp": "12345"},
        SIGN_IN | {"totp": "١٢٣٤٥٦"},
    ],
)
async def test_what_is_no_sign_in_is_told_so(network: Network, body: dict[str, object]) -> None:
    assert (await network.http.post("/staff/v1/session", json=body)).status_code == 422


@pytest.mark.no_markets
async def test_every_act_stands_in_the_audit(network: Network) -> None:
    owner = bearer(await found_owner(network))
    wanted = {"email": "cy@example.com", "name": "Cy", "role": "support"}
    cy = (await network.http.post("/staff/v1/staff", headers=owner, json=wanted)).json()["staff"]["id"]
    await network.http.put(f"/staff/v1/staff/{cy}/role", headers=owner, json={"role": "finance"})
    await network.http.post(f"/staff/v1/staff/{cy}/disable", headers=owner)
    await make_key(network, uuid4())
    async with network.work() as work:
        rows = (
            await work.session.execute(text("SELECT act, actor, before, after FROM audit ORDER BY id"))
        ).all()
        assert await audit.verify(work) is None
    assert [row.act for row in rows] == [
        "owner_link.create",
        "staff.create",
        "staff.create",
        "staff.set_role",
        "staff.disable",
        "key.create",
    ]
    assert (rows[3].before, rows[3].after) == ({"role": "support"}, {"role": "finance"})
    assert rows[3].actor.startswith("staff:stf_")
    assert "secret" not in str(rows)
