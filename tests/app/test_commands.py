"""Commands of an operator, on the database of a day that really happened."""

import asyncio
import inspect
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import asyncpg
import typer
from tests.conftest import Server
from tests.factories.commands import doorstep_here
from tests.factories.journeys import TO_THE_DOOR, a_city
from tests.factories.network import Network
from typer.testing import CliRunner

from doorstep.app import commands, figures

FIGURELESS = {
    *("courier-twin", "demo-actors", "replay-network"),  # processes
    *("migrate", "restore"),  # say that it is done
    "simulate list",  # names
}


async def test_keys_dead_letters_the_ledger_and_a_copy_that_comes_back_whole(
    network: Network, server: Server, database_name: str, tmp_path: Path
) -> None:
    city = await a_city(network)
    made = await city.shop.order()
    await city.turn()
    trip = await city.phones[0].accept()
    await city.phones[0].report(trip, *TO_THE_DOOR, "handed_over")
    await city.settle()
    here = partial(
        asyncio.to_thread, doorstep_here, DATABASE_URL=server.url(database_name), DOORSTEP_HOME=str(tmp_path)
    )

    # A script gets a key, and it opens the API.
    said = await here(
        "keys", "create", (await city.office.get("/staff/v1/merchants"))["items"][0]["id"], "--json", "-"
    )
    assert said.returncode == 0, said.stderr
    headers = {"Authorization": f"Bearer {json.loads(said.stdout)['secret']}"}
    answer = await network.http.get(f"/v1/deliveries/{made['id']}", headers=headers)
    assert answer.json()["state"] == "delivered"
    unknown = await here("keys", "create", "nobody-of-that-name")
    assert unknown.returncode == 1
    assert "Traceback" not in unknown.stderr

    # A job gave up: it is listed, tried again by its number, and gone from the list. With `--json -` the figures are alone.
    row = await asyncpg.connect(server.url(database_name))
    job = await row.fetchval(
        "UPDATE jobs SET state = 'dead', last_error = 'no answer' WHERE id = (SELECT max(id) FROM jobs) RETURNING id"
    )
    await row.close()
    (letter,) = json.loads((await here("dead-letters", "list", "--json", "-")).stdout)
    assert (letter["id"], letter["last_error"]) == (job, "no answer")
    again = await here("dead-letters", "replay", str(job), "--json", "-")
    assert (json.loads(again.stdout), again.stderr) == ({"tried_again": 1}, "1 job will be tried again.\n")
    assert "No dead letters." in (await here("dead-letters", "list")).stdout

    # The ledger is a file that balances; every promise holds.
    exported = await here("ledger", "export", str(tmp_path / "all.beancount"), "--json", "-")
    assert json.loads(exported.stdout)["lines"] == len((tmp_path / "all.beancount").read_text().splitlines())
    owed = made["fee"]["total_minor"] + 3_00
    assert f"{owed / 100:.2f} ~ 0.00 USD" in (tmp_path / "all.beancount").read_text()
    before = await here("verify", "--json", str(tmp_path / "before.json"))
    assert before.returncode == 0, before.stdout

    # The whole schema comes back from a copy, functions, policies, deferred constraints and rows.
    copied = json.loads((await here("backup", str(tmp_path / "copy"), "--json", "-")).stdout)
    assert copied["size_bytes"] == (tmp_path / "copy").stat().st_size
    admin = await asyncpg.connect(server.url("postgres"))
    await admin.execute(f"CREATE DATABASE {database_name}_again OWNER doorstep_owner")
    try:
        there = partial(
            asyncio.to_thread,
            doorstep_here,
            DATABASE_URL=server.url(f"{database_name}_again"),
            DOORSTEP_HOME=str(tmp_path),
        )
        back = await there("restore", str(tmp_path / "copy"))
        assert back.returncode == 0, back.stderr
        assert (await there("verify", "--json", str(tmp_path / "after.json"))).returncode == 0
        assert (tmp_path / "after.json").read_text() == (tmp_path / "before.json").read_text()
        copy = await asyncpg.connect(server.url(f"{database_name}_again"))
        sums = "SELECT count(*), sum(amount_minor) FILTER (WHERE amount_minor > 0) FROM ledger_entries"
        original = await asyncpg.connect(server.url(database_name))
        assert await copy.fetch(sums) == await original.fetch(sums)
        await copy.close()
        await original.close()
        refused = await there("restore", str(tmp_path / "copy"))
        assert refused.returncode == 1
        assert "Traceback" not in refused.stderr
    finally:
        await admin.execute(f"DROP DATABASE {database_name}_again WITH (FORCE)")
        await admin.close()


def test_figures_alone_stand_on_standard_output_when_they_are_asked_for_there() -> None:
    app = typer.Typer()

    @app.command()
    def count(json: figures.Json = None) -> None:
        typer.echo("counting")
        figures.write(json, {"count": 2})

    alone, told = CliRunner().invoke(app, ["--json", "-"]), CliRunner().invoke(app, [])
    assert (json.loads(alone.stdout), alone.stderr) == ({"count": 2}, "counting\n")
    assert (told.stdout, told.stderr) == ("counting\n", "")


def test_a_file_that_cannot_be_written_is_told_before_any_work_is_done(tmp_path: Path) -> None:
    nowhere, untouched = {"DOORSTEP_HOME": str(tmp_path / "home")}, tmp_path / "ledger.beancount"
    asked = ("ledger", "export", str(untouched), "--json", str(tmp_path))
    for said in (
        doorstep_here(*asked, **nowhere),
        doorstep_here("owner-link", "--json", str(tmp_path), **nowhere),
    ):
        assert (said.returncode, said.stdout) == (2, "")
        assert said.stderr == f"--json {tmp_path}: cannot be written (Is a directory)\n"
    for words in (("ledger", "export", "/proc/x/ledger"), ("openapi", "/proc/x/openapi.json")):
        refused = doorstep_here(*words, **nowhere)
        assert refused.returncode == 2
        assert "cannot be written" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_every_command_that_tells_figures_writes_them_for_machines() -> None:
    app = typer.Typer()
    commands.install(app)
    told = dict(_commands(app))
    mute = {name for name, one in told.items() if "json" not in inspect.signature(one).parameters}
    assert mute == FIGURELESS


def _commands(app: typer.Typer, room: str = "") -> Iterator[tuple[str, Callable[..., object]]]:
    for command in app.registered_commands:
        assert command.callback is not None
        yield room + (command.name or command.callback.__name__), command.callback
    for group in app.registered_groups:
        assert group.typer_instance is not None
        yield from _commands(group.typer_instance, f"{group.name} ")
