"""What would stop every process, or change what is not ours, is refused once, before anything starts."""

from pathlib import Path

import asyncpg
import pytest
from tests.conftest import Server
from tests.factories.commands import doorstep
from tests.factories.network import Network

from doorstep.app import launcher
from doorstep.app.cli import not_here
from doorstep.platform.auth.actors import system
from doorstep.platform.auth.gate import GATE
from doorstep.platform.clock_anchor import WrongMode
from doorstep.platform.postgres.errors import ServingRoleRefused
from doorstep.platform.postgres.roles import DatabaseUrls

LIVE = """INSERT INTO network (id, mode, scaled, anchor_market, anchor_wall, speed, speed_before, usual_speed, beat_market, beat_wall)
          VALUES (1, 'live', false, now(), now(), 1, 0, 1, now(), now())"""


@pytest.fixture
def urls(server: Server, database_name: str) -> DatabaseUrls:
    """A migrated database by its three roles."""
    return DatabaseUrls(
        *(server.url(database_name, f"doorstep_{role}") for role in ("owner", "web", "system"))
    )


async def run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def test_a_live_network_is_not_touched_by_a_demo(urls: DatabaseUrls) -> None:
    await launcher.look_first(urls, "demo")  # nobody has founded one yet
    await run(urls.owner, LIVE)
    await launcher.look_first(urls, "live")
    with pytest.raises(WrongMode, match="a live network"):
        await launcher.look_first(urls, "demo")


async def test_a_database_of_something_else_is_left_alone(
    server: Server, urls: DatabaseUrls, database_name: str
) -> None:
    await run(urls.owner, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE invoices (id int)")
    with pytest.raises(launcher.CannotStart, match="invoices"):
        await launcher.look_first(urls, "live")


async def test_roles_that_row_level_security_does_not_bind_serve_nobody(urls: DatabaseUrls) -> None:
    await launcher.check_roles(urls)
    with pytest.raises(ServingRoleRefused, match="doorstep_owner"):
        await launcher.check_roles(DatabaseUrls(urls.owner, urls.owner, urls.system))


async def test_a_process_alone_on_a_live_network_sends_to_no_private_address(
    urls: DatabaseUrls, tmp_path: Path
) -> None:
    await run(urls.owner, LIVE)
    said = doorstep(
        "worker",
        DATABASE_URL_SYSTEM=urls.system,
        DOORSTEP_HOME=str(tmp_path),
        DOORSTEP_WEBHOOK_ALLOW="127.0.0.1:9",
    )
    assert said.returncode == 1
    assert "DOORSTEP_WEBHOOK_ALLOW is for demos and tests alone" in said.stderr


def test_each_process_learns_its_own_address_alone() -> None:
    urls = DatabaseUrls("owner", "web", "system")
    told = {
        name: launcher.own_address([name, "--port", "1"], urls)
        for name in ("web", "dispatcher", "worker", "courier-twin", "demo-actors")
    }
    assert told == {
        "web": {"DATABASE_URL_WEB": "web"},
        "dispatcher": {"DATABASE_URL_SYSTEM": "system"},
        "worker": {"DATABASE_URL_SYSTEM": "system"},
        "courier-twin": {},
        "demo-actors": {},
    }


async def test_no_route_handler_works_under_the_system_role(network: Network) -> None:
    for database, actor in ((network.web, system("worker")), (network.system, GATE)):
        with pytest.raises(AssertionError, match="no route handler may use the system role"):
            async with database.work(actor):
                pass


async def test_a_process_alone_says_which_address_it_lacks(urls: DatabaseUrls, tmp_path: Path) -> None:
    said = doorstep("dispatcher", DATABASE_URL=urls.owner, DOORSTEP_HOME=str(tmp_path))
    assert said.returncode == 1
    assert "DATABASE_URL_SYSTEM is not set" in said.stderr


@pytest.mark.parametrize(
    ("system", "machine", "runs"),
    [
        ("linux", "x86_64", True),
        ("linux", "aarch64", True),
        ("linux", "riscv64", False),
        ("darwin", "arm64", False),
        ("win32", "AMD64", False),
    ],
)
def test_no_command_begins_where_it_could_not_go_on(system: str, machine: str, runs: bool) -> None:
    said = not_here(system, machine)
    assert (said is None) == runs
    assert runs or f"Linux, x86-64 or arm64; this is {system} on {machine}" in str(said)


def test_what_only_a_demo_on_this_machine_may_is_refused_elsewhere(tmp_path: Path) -> None:
    seen_by_others = doorstep("demo", DOORSTEP_HOME=str(tmp_path), HOST="0.0.0.0")
    assert (seen_by_others.returncode, list(tmp_path.iterdir())) == (1, [])
    assert "add --public-demo" in seen_by_others.stderr
    inward = doorstep("serve", DOORSTEP_HOME=str(tmp_path), DOORSTEP_WEBHOOK_ALLOW="127.0.0.1:9")
    assert (inward.returncode, list(tmp_path.iterdir())) == (1, [])
    assert "unset it to serve real people" in inward.stderr
    odd = doorstep("serve", DOORSTEP_HOME=str(tmp_path), PORT="eighty")
    assert (odd.returncode, odd.stderr) == (1, "PORT must be a number, not 'eighty'\n")
