"""What was changed in a market is taken back while it stands, and nothing that ran once is rewritten."""

from datetime import timedelta
from typing import Any

import pytest
from tests.factories.identity import bearer, sign_staff_in
from tests.factories.markets import make_market
from tests.factories.network import Network

from doorstep.features.identity.rules import StaffRole
from doorstep.features.markets import queries, service, taking_back
from doorstep.features.markets.errors import ChangeOver, StageMoveRefused, UnknownChange
from doorstep.features.markets.rules import (
    ExpressRule,
    Fallback,
    Market,
    PayRates,
    ServiceRules,
    Stage,
    TariffKind,
    TariffTerms,
)
from doorstep.platform.db.work import Work
from doorstep.units.ids import public
from doorstep.units.time import MarketInstant

GROCERY = TariffKind.GROCERY_OWN


async def newest(work: Work, market: Market) -> int:
    return (await queries.history(work, market.id, limit=1))[0].seq


async def undoable(work: Work, market: Market) -> list[bool]:
    now = await taking_back.standing(work, market.id)
    return [now.still_holds(change) for change in await queries.history(work, market.id)]


async def test_each_kind_goes_back_to_what_stood_before(network: Network) -> None:
    async with network.work() as work:
        first = await make_market(work)
    async with network.work() as work:
        await service.set_dispatch(work, first.id, {"max_bundle": 2, "tick_s": 20}, "rush hour")
        await service.set_fallback(work, first.id, Fallback(most_minor=12_00), "dear")
        await service.set_rules(work, first.id, ServiceRules(express=ExpressRule(promise_s=1800)), "quick")
        await service.pause_zone(work, first.id, "37206", "flood", paused=True)
        await service.set_stage(work, first.id, Stage.PAUSED, "ice")
        assert await undoable(work, first) == [True, True, True, True, True, False]
        for seq in (6, 5, 4, 3, 2):
            await taking_back.take_back(work, first.id, seq, "a mistake")
        assert await queries.market(work, first.id) == first


async def test_a_change_that_others_have_overtaken_stays(network: Network) -> None:
    async with network.work() as work:
        market = await make_market(work)
        await service.set_dispatch(work, market.id, {"max_bundle": 2}, "rush hour")
        await service.set_dispatch(work, market.id, {"max_bundle": 4}, "more")
        assert await undoable(work, market) == [True, False, False]
        with pytest.raises(ChangeOver):
            await taking_back.take_back(work, market.id, 2, "a mistake")
        with pytest.raises(ChangeOver):
            await taking_back.take_back(work, market.id, 1, "a market stays made")
        with pytest.raises(UnknownChange):
            await taking_back.take_back(work, market.id, 9, "there is none")
        await taking_back.take_back(work, market.id, 3, "a mistake")
        assert (await queries.market(work, market.id)).dispatch == {"max_bundle": 2}


async def test_a_stage_that_cannot_be_returned_to_is_not_offered(network: Network) -> None:
    async with network.work() as work:
        market = await make_market(work, stage=Stage.PILOT)
        await service.set_stage(work, market.id, Stage.OPEN, "it works")
        assert await undoable(work, market) == [False, False]
        with pytest.raises(StageMoveRefused):
            await service.set_stage(work, market.id, Stage.PILOT, "back")


async def test_terms_that_have_not_begun_never_begin(network: Network) -> None:
    dearer, typo = TariffTerms(base_minor=11_95), PayRates(base_minor=30_000)
    async with network.work() as work:
        market = await make_market(work)
        monday = MarketInstant(work.now() + timedelta(days=2))
        await service.set_tariff(work, market.id, GROCERY, dearer, valid_from=monday, reason="costs rose")
        await service.set_pay(work, market.id, typo, valid_from=monday, reason="peak season")
        first = await queries.tariff(work, market.id, GROCERY, work.now())
    async with network.work() as work:
        await taking_back.take_back(work, market.id, 2, "not yet")
        await taking_back.take_back(work, market.id, 3, "a digit too many")
        tariffs = [one for one in await queries.tariffs(work, market.id) if one.kind is GROCERY]
        assert [one.terms for one in tariffs] == [first.terms, first.terms]
        assert [one.rates for one in await queries.pay_periods(work, market.id)] == [market.pay] * 2
        await taking_back.take_back(work, market.id, 4, "it was right")  # a taking back can be taken back
    network.clock.move_to(monday)
    async with network.work() as work:
        assert (await queries.tariff(work, market.id, GROCERY, work.now())).terms == dearer
        assert (await queries.market(work, market.id)).pay == market.pay


async def test_terms_that_count_already_end_now_and_stay_true_of_their_time(network: Network) -> None:
    async with network.work() as work:
        market = await make_market(work)
    network.clock.advance(60)
    better = PayRates(floor_minor=900)
    async with network.work() as work:
        await service.set_pay(work, market.id, better, reason="peak season")
        raised = work.now()
    network.clock.advance(3600)
    async with network.work() as work:
        after = await taking_back.take_back(work, market.id, await newest(work, market), "the season is over")
        assert after.pay == market.pay
        assert await queries.pay_rates(work, market.id, raised) == better


async def test_over_http_an_owner_undoes_and_a_dispatcher_does_not(network: Network) -> None:
    async with network.work() as work:
        market = await make_market(work)
    owner = bearer((await sign_staff_in(network)).token)
    dispatcher = bearer((await sign_staff_in(network, StaffRole.DISPATCHER, "d@example.com")).token)
    url = f"/staff/v1/markets/{public('market', market.id)}"

    async def post(path: str, headers: dict[str, str], **body: Any) -> Any:
        return await network.http.post(url + path, json=body | {"reason": "A typo."}, headers=headers)

    await post("/fallback", owner, fallback={"allowed": False})
    (newest, made) = (await network.http.get(f"{url}/history", headers=owner)).json()["items"]
    assert (newest["undoable"], made["undoable"]) == (True, False)
    undo = f"/history/{newest['seq']}/undo"
    assert (await post(undo, dispatcher)).status_code == 403
    assert (await post(undo, owner)).json()["fallback"]["allowed"] is True
    again = await post(undo, owner)
    assert (again.status_code, again.json()["code"]) == (409, "change_over")
    assert (await post("/history/99/undo", owner)).json()["code"] == "unknown_change"
    (period,) = (await network.http.get(f"{url}/pay", headers=owner)).json()
    assert period["rates"]["floor_minor"] == market.pay.floor_minor
