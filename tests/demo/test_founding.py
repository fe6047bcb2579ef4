"""The demo's network before anybody moves: who is there, what they may do, and that twice is once."""

from collections import Counter
from pathlib import Path

from tests.factories.identity import bearer
from tests.factories.network import Network

from doorstep.demo import founding, script
from doorstep.features.drivers import queries as drivers
from doorstep.features.markets import queries as markets
from doorstep.features.markets.rules import Stage
from doorstep.features.merchants import queries as merchants
from doorstep.features.providers import queries as providers


async def _found(network: Network, home: Path) -> script.Script:
    async with network.work() as work:
        made = await founding.found(work, network.connectors.secrets, home, 1)
    script.store_script(home, made)
    return made


async def test_nashville_is_open_and_new_orleans_a_pilot(network: Network, tmp_path: Path) -> None:
    await _found(network, tmp_path)
    async with network.work() as work:
        stages = {market.slug: market.stage for market in await markets.all_markets(work)}
        nashville = await markets.by_slug(work, "nashville")
        assert stages == {"nashville": Stage.OPEN, "new-orleans": Stage.PILOT}
        found = await drivers.search(work, limit=200, market_id=nashville.id)
        assert len(found) == founding.DRIVERS + 1  # and the visitor
        assert len(await providers.deals(work, nashville.id, work.now())) == 1


async def test_founding_twice_is_founding_once(network: Network, tmp_path: Path) -> None:
    first = await _found(network, tmp_path)
    second = await _found(network, tmp_path)
    assert first == second
    assert script.load_script(tmp_path) == first
    async with network.work() as work:
        assert len(await merchants.search(work, limit=100)) == len(first.merchants)


async def test_the_script_is_for_its_owner_alone_and_shows_no_secret_when_printed(
    network: Network, tmp_path: Path
) -> None:
    made = await _found(network, tmp_path)
    path = script.folder_of(tmp_path) / "script.json"
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    assert made.merchants[0].key not in repr(made)
    assert made.twin_key not in repr(made)


async def test_a_lost_script_gets_new_credentials_for_the_same_people(
    network: Network, tmp_path: Path
) -> None:
    first = await _found(network, tmp_path)
    (script.folder_of(tmp_path) / "script.json").unlink()
    second = await _found(network, tmp_path)
    assert second.drivers == first.drivers
    assert [part.stores for part in second.merchants] == [part.stores for part in first.merchants]
    assert Counter(part.key for part in (*first.merchants, *second.merchants)).most_common(1)[0][1] == 1
    for part in (*first.merchants, *second.merchants):
        answer = await network.http.get("/v1/deliveries", headers=bearer(part.key))
        assert answer.status_code == 200


async def test_one_click_enters_as_each_of_the_three(network: Network, tmp_path: Path) -> None:
    await _found(network, tmp_path)
    for role, own in (
        ("dispatcher", "/staff/v1/session"),
        ("driver", "/driver/v1/me"),
        ("shop", "/v1/session"),
    ):
        entered = await network.http.post(
            "/demo/enter", json={"as": role}, headers={"Origin": "http://127.0.0.1:8000"}
        )
        assert entered.status_code == 201, entered.text
        network.http.cookies.clear()
        answer = await network.http.get(own, headers=bearer(entered.json()["token"]))
        assert answer.status_code == 200
