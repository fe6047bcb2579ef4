"""What no driver takes goes to an outside courier company, and is paid for."""

from datetime import timedelta
from typing import Any

from tests.factories.journeys import a_city
from tests.factories.network import Network
from tests.factories.providers import outsourced

from doorstep.units.ids import public


async def test_nobody_drives_so_a_company_brings_it(network: Network) -> None:
    city = await a_city(network, drivers=0)
    shop = city.shop
    async with outsourced(network, market_id=city.market.id) as out:
        made = await shop.order()
        for _ in range(45):
            if (await city.wait(60)).providers:
                break
        await network.run_jobs()
        (job,) = (await city.office.get("/staff/v1/provider-jobs"))["items"]
        assert (job["delivery"], job["state"]) == (made["id"], "booked")
        now = await shop.delivery(made)
        assert (now["state"], now["carrier"]["kind"]) == ("assigned", "courier_company")
        assert (await city.turn()).providers == 0, "one courier at a time"
        latest = network.clock.market_now() + timedelta(hours=3)
        while (await shop.delivery(made))["state"] != "delivered":
            assert network.clock.market_now() < latest, "the courier never came"
            await out.run(10)
            await city.turn()  # drivers or not, dispatch goes on, and leaves it alone
            (job,) = (await city.office.get("/staff/v1/provider-jobs"))["items"]
        page = await city.page(made)
        assert page["step"] == "delivered"
        assert out.provider.name not in str(page), "the shopper deals with her shop"
    await city.settle()
    (job,) = (await city.office.get("/staff/v1/provider-jobs"))["items"]
    entries = await city.entries(made)
    cost = entries["provider-cost"]
    assert cost == job["fee_minor"] > 0
    owed = (await shop.account())["owed_minor"]
    assert owed == made["fee"]["total_minor"] + 3_00
    tips = [amount for account, amount in entries.items() if account.endswith(":tips")]
    assert tips == [-3_00], "the tip is the courier's, whoever employs her"
    await shop.events(made)


async def test_a_market_says_whether_companies_are_asked_and_a_person_decides_above_its_price(
    network: Network,
) -> None:
    city = await a_city(network, drivers=0)
    market = f"/staff/v1/markets/{public('market', city.market.id)}"

    async def fall_back(*, allowed: bool, most_minor: int | None) -> None:
        wanted = {"allowed": allowed, "most_minor": most_minor}
        await city.office.post(f"{market}/fallback", {"fallback": wanted, "reason": "a quiet week"})

    async def jobs() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await city.office.get("/staff/v1/provider-jobs"))["items"]
        return found

    async with outsourced(network, market_id=city.market.id) as out:
        await fall_back(allowed=False, most_minor=None)
        made = await city.shop.order()
        for _ in range(3):
            assert (await city.wait(15 * 60)).providers == 0
            assert await jobs() == [], "the market asks nobody"
        await fall_back(allowed=True, most_minor=1)
        assert (await city.turn()).providers == 1
        (job,) = await jobs()
        assert (job["state"], job["refusal"].split(":")[0]) == ("refused", "too_dear")
        assert not out.twin.company.world.jobs
        assert (await city.wait(60)).providers == 0, "by rule a company is asked once"
        await city.office.post(
            f"/staff/v1/deliveries/{made['id']}/provider", {"reason": "it is a birthday"}, 202
        )
        await network.run_jobs()
        assert [job["state"] for job in await jobs()] == ["booked", "refused"]
