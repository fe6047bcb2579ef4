"""The safety button: on record once, before staff's eyes, with no consequence for her work."""

from tests.factories.drivers import make_driver, phone_of
from tests.factories.identity import bearer, sign_staff_in
from tests.factories.network import Network
from tests.factories.offers import a_town


async def test_a_press_counts_once_and_staff_see_it_at_once(network: Network) -> None:
    town = await a_town(network)
    phone = await town.phone()
    pressed = {
        "report_id": "s-1",
        "kind": "not_safe",
        "point": {"lat": 36.16, "lng": -86.78},
        "note": "followed",
    }
    for _ in range(2):
        answer = await network.http.post("/driver/v1/safety", headers=phone, json=pressed)
        assert (answer.status_code, answer.json()["kind"]) == (201, "not_safe")
    staff = bearer((await sign_staff_in(network)).token)
    (call,) = (await network.http.get("/staff/v1/safety-calls", headers=staff)).json()
    assert (call["lat"], call["lng"], call["note"]) == (36.16, -86.78, "followed")
    me = (await network.http.get("/driver/v1/me", headers=phone)).json()
    assert me["duty"]["on"] is True
    well = {"report_id": "s-2", "kind": "all_well"}
    network.clock.advance(60)
    assert (await network.http.post("/driver/v1/safety", headers=phone, json=well)).status_code == 201
    calls = (await network.http.get("/staff/v1/safety-calls", headers=staff)).json()
    assert [one["kind"] for one in calls] == ["all_well", "not_safe"]


async def test_another_driver_sees_no_call_of_hers(network: Network) -> None:
    town = await a_town(network)
    await network.http.post(
        "/driver/v1/safety", headers=await town.phone(), json={"report_id": "s-1", "kind": "call_me"}
    )
    other = await phone_of(network, (await make_driver(network, town.market.id, 7)).id)
    assert (await network.http.get("/staff/v1/safety-calls", headers=other)).status_code in {401, 403}


async def test_the_phone_is_told_the_markets_clock_and_where_the_network_thinks_it_is(
    network: Network,
) -> None:
    town = await a_town(network)
    phone = await town.phone()
    me = (await network.http.get("/driver/v1/me", headers=phone)).json()
    assert me["now"].startswith(network.clock.market_now().isoformat()[:19])
    assert (await network.http.get("/driver/v1/position", headers=phone)).json() == {"position": None}
