"""Starting anew forgets a demo, and never anything else."""

from pathlib import Path

import asyncpg
import pytest
from tests.conftest import Server

from doorstep.app import demo_network, launcher, wiring
from doorstep.app.demo_network import BEGINS, forget, remove_folder
from doorstep.app.launcher import CannotStart, Plan
from doorstep.platform.postgres.roles import DatabaseUrls
from doorstep.platform.settings import Settings
from doorstep.units.time import MarketInstant


async def _empty(server: Server, name: str) -> Settings:
    admin = await asyncpg.connect(server.url("postgres"))
    for role in ("doorstep_owner", "doorstep_web", "doorstep_system"):
        if not await admin.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
            await admin.execute(f"CREATE ROLE {role} LOGIN")
    await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {name} OWNER doorstep_owner")
    await admin.close()
    admin = await asyncpg.connect(server.url(name))
    await admin.execute("ALTER SCHEMA public OWNER TO doorstep_owner")
    await admin.execute("GRANT CONNECT, CREATE ON DATABASE " + name + " TO doorstep_web, doorstep_system")
    await admin.close()
    return Settings(home=Path("/nowhere"), database_url=server.url(name, "doorstep_owner"))


async def _tables(url: str) -> int:
    owner = await asyncpg.connect(url)
    count: int = await owner.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    await owner.close()
    return count


def _urls(server: Server, name: str) -> DatabaseUrls:
    return DatabaseUrls(*(server.url(name, f"doorstep_{role}") for role in ("owner", "web", "system")))


async def _found(server: Server, name: str, mode: str, home: Path) -> Settings:
    settings = await _empty(server, name)
    wiring.import_rows()
    await launcher.prepare(
        _urls(server, name), Plan(mode=mode, children={}, start_market=MarketInstant(BEGINS))
    )
    return Settings(home=home, database_url=settings.database_url)


async def test_a_demo_is_forgotten_whole_and_can_begin_again(server: Server, tmp_path: Path) -> None:
    settings = await _found(server, "forget_demo", "demo", tmp_path)
    assert settings.database_url is not None
    assert await _tables(settings.database_url) > 30
    await demo_network.forget_database(settings.database_url)
    assert await _tables(settings.database_url) == 0
    plan = Plan(mode="demo", children={}, start_market=MarketInstant(BEGINS))
    await launcher.prepare(_urls(server, "forget_demo"), plan)  # the way is free for a new one
    assert await _tables(settings.database_url) > 30


async def test_a_live_network_is_never_forgotten(server: Server, tmp_path: Path) -> None:
    settings = await _found(server, "forget_live", "live", tmp_path)
    assert settings.database_url is not None
    tables = await _tables(settings.database_url)
    with pytest.raises(CannotStart, match="live network"):
        await demo_network.forget_database(settings.database_url)
    assert await _tables(settings.database_url) == tables


def test_a_home_without_a_network_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "messages").mkdir()
    (tmp_path / "messages" / "mine.txt").write_text("x")
    forget(Settings(home=tmp_path))
    assert (tmp_path / "messages" / "mine.txt").exists()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.txt").write_text("x")
    (tmp_path / "demo").symlink_to(elsewhere)
    remove_folder(tmp_path / "demo")
    assert (elsewhere / "mine.txt").exists()
