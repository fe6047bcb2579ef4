"""Commands of an operator, run as processes on the database of a day that really happened."""

import json
from functools import partial
from pathlib import Path

import asyncpg
from tests.conftest import Server
from tests.factories.commands import doorstep
from tests.factories.journeys import TO_THE_DOOR, a_city
from tests.factories.network import Network


async def test_keys_dead_letters_the_ledger_and_a_copy_that_comes_back_whole(
    network: Network, server: Server, database_name: str, tmp_path: Path
) -> None:
    city = await a_city(network)
    made = await city.shop.order()
    await city.turn()
    trip = await city.phones[0].accept()
    await city.phones[0].report(trip, *TO_THE_DOOR, "handed_over")
    await city.settle()
    here = partial(doorstep, DATABASE_URL=server.url(database_name), DOORSTEP_HOME=str(tmp_path))

    # A script gets a key, and it opens the API.
    said = here(
        "keys", "create", (await city.office.get("/staff/v1/merchants"))["items"][0]["id"], "--json", "-"
    )
    assert said.returncode == 0, said.stderr
    headers = {"Authorization": f"Bearer {json.loads(said.stdout)['secret']}"}
    answer = await network.http.get(f"/v1/deliveries/{made['id']}", headers=headers)
    assert answer.json()["state"] == "delivered"
    unknown = here("keys", "create", "nobody-of-that-name")
    assert unknown.returncode == 1
    assert "Traceback" not in unknown.stderr

    # Nothing gave up; the ledger is a file that balances; every promise holds.
    assert "No dead letters." in here("dead-letters", "list").stdout
    assert here("ledger", "export", str(tmp_path / "all.beancount")).returncode == 0
    owed = made["fee"]["total_minor"] + 3_00
    assert f"{owed / 100:.2f} ~ 0.00 USD" in (tmp_path / "all.beancount").read_text()
    before = here("verify", "--json", str(tmp_path / "before.json"))
    assert before.returncode == 0, before.stdout

    # The whole schema comes back from a copy, functions, policies, deferred constraints and rows.
    assert here("backup", str(tmp_path / "copy")).returncode == 0
    admin = await asyncpg.connect(server.url("postgres"))
    await admin.execute(f"CREATE DATABASE {database_name}_again OWNER doorstep_owner")
    try:
        there = partial(
            doorstep, DATABASE_URL=server.url(f"{database_name}_again"), DOORSTEP_HOME=str(tmp_path)
        )
        back = there("restore", str(tmp_path / "copy"))
        assert back.returncode == 0, back.stderr
        assert there("verify", "--json", str(tmp_path / "after.json")).returncode == 0
        assert (tmp_path / "after.json").read_text() == (tmp_path / "before.json").read_text()
        copy = await asyncpg.connect(server.url(f"{database_name}_again"))
        sums = "SELECT count(*), sum(amount_minor) FILTER (WHERE amount_minor > 0) FROM ledger_entries"
        original = await asyncpg.connect(server.url(database_name))
        assert await copy.fetch(sums) == await original.fetch(sums)
        await copy.close()
        await original.close()
        refused = there("restore", str(tmp_path / "copy"))
        assert refused.returncode == 1
        assert "Traceback" not in refused.stderr
    finally:
        await admin.execute(f"DROP DATABASE {database_name}_again WITH (FORCE)")
        await admin.close()
