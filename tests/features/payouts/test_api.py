"""Earnings and the comparison over HTTP."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from tests.factories.identity import bearer, sign_driver_in, sign_staff_in
from tests.factories.network import Network
from tests.factories.payouts import HANDED_OVER, City, a_city

from doorstep.features.identity.rules import StaffRole
from doorstep.features.payouts.rules import FEWEST_DRIVERS
from doorstep.units.ids import public
from doorstep.units.money import Money


async def worked(city: City, driver: UUID, tip: int = 300) -> None:
    one = await city.delivery(tip=Money(tip))
    await city.accepted(driver, [one])
    await city.reported(one, HANDED_OVER)


async def told(network: Network, path: str, headers: dict[str, str] | None = None) -> Any:
    answer = await network.http.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_driver_can_check_every_cent(network: Network) -> None:
    city = await a_city(network)
    driver, other = await city.driver(1), await city.driver(2)
    await worked(city, driver)
    network.clock.advance(86_400)  # from Saturday to Sunday, then to the next week
    await worked(city, driver, tip=0)
    network.clock.advance(86_400)
    await worked(city, driver)
    await worked(city, other)
    headers = bearer((await sign_driver_in(network, driver)).token)
    found = await told(network, "/driver/v1/earnings", headers)
    assert len(found["work"]) == 3
    for piece in found["work"]:
        sums = piece["arithmetic"]
        assert sum(line["amount_minor"] for line in sums["trip_pay_lines"]) == sums["trip_base_minor"]
        assert sums["base_minor"] == sums["trip_base_minor"]  # one delivery: the whole trip is its share
        assert piece["offered_minor"] == piece["due_minor"] == piece["paid_minor"]
        assert sum(line["amount_minor"] for line in piece["lines"]) == piece["paid_minor"]
    total = found["totals"][0]
    for parts in (found["trips"], found["days"], found["weeks"]):
        assert sum(part["total_minor"] for part in parts) == total["total_minor"]
    assert [part["of"] for part in found["days"]] == ["2026-11-21", "2026-11-22", "2026-11-23"]
    assert [part["of"] for part in found["weeks"]] == ["2026-11-16", "2026-11-23"]
    assert total["tips_minor"] == 600

    weeks = await told(network, "/driver/v1/earnings/promised-versus-paid", headers)
    assert [(w["week"], w["deliveries"], w["difference_minor"]) for w in weeks] == [
        ("2026-11-16", 2, 0),
        ("2026-11-23", 1, 0),
    ]
    assert sum(w["paid_minor"] for w in weeks) == total["total_minor"]


async def test_a_statement_has_a_span(network: Network) -> None:
    city = await a_city(network)
    driver = await city.driver()
    await worked(city, driver)
    headers = bearer((await sign_driver_in(network, driver)).token)
    now = network.clock.market_now()
    later = {"since": now.isoformat(), "until": (now + timedelta(days=1)).isoformat()}
    answer = await network.http.get("/driver/v1/earnings", headers=headers, params=later)
    assert answer.json()["work"] == []
    for since, until in ((now, now - timedelta(days=1)), (now - timedelta(days=94), now)):
        wrong = {"since": since.isoformat(), "until": until.isoformat()}
        answer = await network.http.get("/driver/v1/earnings", headers=headers, params=wrong)
        assert answer.status_code == 422
    odd = {"since": "0001-01-01T00:00:00+14:00"}
    assert (await network.http.get("/driver/v1/earnings", headers=headers, params=odd)).status_code == 422
    far = {"since": "9999-12-01T00:00:00Z", "until": "9999-12-31T00:00:00Z"}
    assert (await told(network, "/driver/v1/earnings?" + urlencode(far), headers))["work"] == []


async def test_everybody_sees_weeks_of_ten_drivers_and_more(network: Network) -> None:
    city = await a_city(network)
    drivers = [await city.driver(number) for number in range(FEWEST_DRIVERS)]
    for driver in drivers[:-1]:
        await worked(city, driver)
    path = "/public/v1/promised-versus-paid"
    assert await told(network, path) == {"weeks": [], "suppressed": 1}
    staff = bearer((await sign_staff_in(network, StaffRole.FINANCE)).token)
    assert (await told(network, "/staff/v1/promised-versus-paid", staff))[0]["drivers"] == FEWEST_DRIVERS - 1

    await worked(city, drivers[-1])
    market = public("market", city.market.id)
    report = await told(network, f"{path}?market={market}")
    assert report["suppressed"] == 0
    assert len(report["weeks"]) == 1
    week = report["weeks"][0]
    assert (week["market"], week["drivers"], week["deliveries"]) == (market, 10, 10)
    assert week["promised_minor"] == week["paid_minor"] > 0
    assert (week["additions_minor"], week["difference_minor"]) == (0, 0)


async def test_only_finance_sees_weeks_of_few(network: Network) -> None:
    headers = bearer((await sign_staff_in(network, StaffRole.SUPPORT)).token)
    answer = await network.http.get("/staff/v1/promised-versus-paid", headers=headers)
    assert answer.status_code == 403
