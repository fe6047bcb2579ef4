"""Who pressed the safety button stands before staff's eyes until it is settled."""

from datetime import datetime
from typing import Any

from tests.factories.identity import bearer, sign_staff_in
from tests.factories.network import Network
from tests.factories.offers import Town, a_town

from doorstep.features.identity.rules import StaffRole
from doorstep.units.ids import public


async def press(network: Network, town: Town, number: int, kind: str, **more: Any) -> None:
    network.clock.advance(60)
    pressed = {"report_id": f"s-{number}", "kind": kind, **more}
    answer = await network.http.post("/driver/v1/safety", headers=await town.phone(), json=pressed)
    assert answer.status_code == 201


async def test_she_is_waited_for_until_somebody_writes_down_what_was_done(network: Network) -> None:
    town = await a_town(network)
    desk = bearer((await sign_staff_in(network)).token)
    driver = town.drivers[0]
    url = f"/staff/v1/markets/{public('market', town.market.id)}/safety-calls"
    settle = f"/staff/v1/drivers/{public('driver', driver.id)}/safety-settled"

    async def waiting() -> Any:
        answer = await network.http.get(url, headers=desk)
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert await waiting() == []
    await press(network, town, 1, "not_safe", point={"lat": 36.16, "lng": -86.78})
    await press(network, town, 2, "call_me", note="at the car park")
    (told,) = await waiting()
    assert (told["driver"], told["phone"], told["presses"]) == (public("driver", driver.id), driver.phone, 2)
    assert (told["kind"], told["lat"], told["note"]) == ("not_safe", 36.16, "at the car park")
    assert datetime.fromisoformat(told["at"]) > datetime.fromisoformat(told["since"])

    await press(network, town, 3, "call_me")  # while somebody was writing
    body = {"seen_at": told["at"], "reason": "spoke to her, she is with the police"}
    looks = bearer((await sign_staff_in(network, StaffRole.READ_ONLY, "l@example.com")).token)
    assert (await network.http.post(settle, headers=looks, json=body)).status_code == 403
    assert (await network.http.post(settle, headers=desk, json=body)).status_code == 204
    (still,) = await waiting()
    assert (still["kind"], still["presses"]) == ("call_me", 1)
    await network.http.post(settle, headers=desk, json=body | {"seen_at": still["at"]})
    assert await waiting() == []
    await network.http.post(settle, headers=desk, json=body | {"seen_at": "2100-01-01T00:00:00Z"})
    await press(network, town, 4, "call_me")
    assert len(await waiting()) == 1, "nobody settles what is still to come"
    await network.http.post(settle, headers=desk, json=body | {"seen_at": (await waiting())[0]["at"]})
    told = (await network.http.get("/staff/v1/audit?act=driver.safety", headers=desk)).json()["items"][-1]
    assert (told["reason"], told["actor_name"]) == ("spoke to her, she is with the police", "Ada")


async def test_her_own_word_that_all_is_well_ends_it_and_a_day_does(network: Network) -> None:
    town = await a_town(network)
    desk = bearer((await sign_staff_in(network)).token)
    url = f"/staff/v1/markets/{public('market', town.market.id)}/safety-calls"
    await press(network, town, 1, "not_safe")
    await press(network, town, 2, "all_well")
    assert (await network.http.get(url, headers=desk)).json() == []
    await press(network, town, 3, "call_me")
    assert len((await network.http.get(url, headers=desk)).json()) == 1
    network.clock.advance(25 * 3600)
    desk = bearer((await sign_staff_in(network, StaffRole.DISPATCHER, "d@example.com")).token)
    assert (await network.http.get(url, headers=desk)).json() == []
