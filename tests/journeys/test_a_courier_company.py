"""What no driver takes goes to an outside courier company, and is paid for."""

from datetime import timedelta

from tests.factories.journeys import a_city
from tests.factories.network import Network
from tests.factories.providers import outsourced


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
