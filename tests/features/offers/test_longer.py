"""A driver who needs longer to answer: she asks once, her own offers last twice as long, nothing else changes."""

from datetime import timedelta

from tests.factories.identity import bearer, sign_staff_in
from tests.factories.network import Network
from tests.factories.offers import a_town

from doorstep.features.offers.rules import LONGER
from doorstep.units.money import Money


async def test_offers_to_her_alone_last_twice_as_long_and_their_terms_say_so(network: Network) -> None:
    town = await a_town(network)
    usual = await town.offer([await town.delivery(tip=Money(3_00))], [town.drivers[1]])
    told = await network.http.put(
        "/driver/v1/time-to-answer", json={"longer": True}, headers=await town.phone()
    )
    assert told.json()["longer_to_answer"] is True

    hers = await town.offer([await town.delivery(tip=Money(3_00))])
    assert hers.expires_at - hers.shown_at == LONGER * timedelta(seconds=60)
    assert hers.terms.expires_at == hers.expires_at
    assert (hers.terms.total, hers.terms.pay_lines) == (usual.terms.total, usual.terms.pay_lines)
    assert len(hers.terms_hash) == len(usual.terms_hash)
    network.clock.advance(61)
    await network.run_jobs()
    assert (await town.offer_now(usual.id)).accepted_by is None
    assert (await town.accept(hers)).offer_id == hers.id

    back = await network.http.put(
        "/driver/v1/time-to-answer", json={"longer": False}, headers=await town.phone()
    )
    assert back.json()["longer_to_answer"] is False


async def test_what_is_shown_to_many_waits_for_nobody(network: Network) -> None:
    town = await a_town(network)
    await network.http.put("/driver/v1/time-to-answer", json={"longer": True}, headers=await town.phone())
    shared = await town.offer([await town.delivery()], town.drivers)
    assert shared.expires_at - shared.shown_at == timedelta(seconds=60)


async def test_nobody_else_is_told(network: Network) -> None:
    town = await a_town(network)
    await network.http.put("/driver/v1/time-to-answer", json={"longer": True}, headers=await town.phone())
    office = bearer((await sign_staff_in(network)).token)
    assert "longer" not in (await network.http.get("/staff/v1/drivers", headers=office)).text
