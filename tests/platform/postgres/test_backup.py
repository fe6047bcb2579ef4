"""A copy of a database and its way back, with owners, grants and row-level security as they were."""

import asyncio
import stat
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from tests.platform.postgres.conftest import connected, query

from doorstep.platform.postgres.backup import backup, restore
from doorstep.platform.postgres.errors import BackupFailed, DatabaseNotEmpty, RestoreFailed
from doorstep.platform.postgres.server import EmbeddedPostgres

_numbers = count(1)


class Place:
    """One database of the shared server, with what the tests do to it."""

    def __init__(self, server: EmbeddedPostgres, name: str) -> None:
        self.server, self.name, self.dsn = server, name, server.superuser_dsn(name)

    def copy_to(self, file: Path) -> None:
        asyncio.run(backup(self.dsn, file, bindir=self.server.binaries.bindir))

    def bring_back(self, file: Path, *, force: bool = False) -> None:
        asyncio.run(restore(file, self.dsn, bindir=self.server.binaries.bindir, force=force))

    def rows(self) -> int:
        found: int = query(self.dsn, "SELECT count(*) FROM parcels")
        return found


@pytest.fixture
def empty(server: EmbeddedPostgres) -> Iterator[Place]:
    name = f"copies_{next(_numbers)}"
    query(server.superuser_dsn(), f"CREATE DATABASE {name} OWNER doorstep_owner", "SELECT 1")
    query(server.superuser_dsn(name), "CREATE EXTENSION btree_gist", "SELECT 1")
    yield Place(server, name)
    query(server.superuser_dsn(), f"DROP DATABASE {name} WITH (FORCE)", "SELECT 1")


@pytest.fixture
def filled(server: EmbeddedPostgres) -> Iterator[Place]:
    """A table under forced row-level security, of which web sees one tenant's rows."""
    name = f"copies_{next(_numbers)}"
    query(server.superuser_dsn(), f"CREATE DATABASE {name} OWNER doorstep_owner", "SELECT 1")
    query(
        server.urls(name).owner,
        "CREATE TABLE parcels (id int PRIMARY KEY, tenant int)",
        "INSERT INTO parcels SELECT n, n % 2 FROM generate_series(1, 500) n",
        "ALTER TABLE parcels ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE parcels FORCE ROW LEVEL SECURITY",
        "CREATE POLICY one ON parcels TO doorstep_web USING (tenant = 1)",
        "GRANT SELECT ON parcels TO doorstep_web",
        "SELECT 1",
    )
    yield Place(server, name)
    query(server.superuser_dsn(), f"DROP DATABASE {name} WITH (FORCE)", "SELECT 1")


def test_a_copy_comes_back_with_rows_owner_and_policies(filled: Place, empty: Place, tmp_path: Path) -> None:
    file = tmp_path / "copy.dump"
    filled.copy_to(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["copy.dump"]
    empty.bring_back(file)
    assert empty.rows() == 500
    urls = empty.server.urls(empty.name)
    assert query(urls.web, "SELECT count(*) FROM parcels") == 250
    assert query(urls.owner, "SELECT count(*) FROM parcels") == 0
    assert (
        query(empty.dsn, "SELECT tableowner FROM pg_tables WHERE tablename = 'parcels'") == "doorstep_owner"
    )


def test_a_full_database_is_replaced_only_when_asked(filled: Place, tmp_path: Path) -> None:
    file = tmp_path / "copy.dump"
    filled.copy_to(file)
    query(filled.dsn, "DELETE FROM parcels WHERE id > 10", "CREATE TABLE later (id int)", "SELECT 1")
    with pytest.raises(DatabaseNotEmpty, match="holds 2 tables"):
        filled.bring_back(file)
    assert filled.rows() == 10
    filled.bring_back(file, force=True)
    assert filled.rows() == 500
    assert query(filled.dsn, "SELECT to_regclass('later') IS NULL")
    left = "SELECT count(*) FROM pg_database WHERE datname ~ '_restoring$|_before_restore$'"
    assert query(filled.dsn, left) == 0
    assert query(filled.server.urls(filled.name).web, "SELECT count(*) FROM parcels") == 250


def test_a_database_in_use_is_not_replaced(filled: Place, tmp_path: Path) -> None:
    file = tmp_path / "copy.dump"
    filled.copy_to(file)

    async def replace_meanwhile(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        await restore(file, filled.dsn, bindir=filled.server.binaries.bindir, force=True)

    with pytest.raises(RestoreFailed, match=r"1 other session.s. use.*Stop every Doorstep process"):
        connected(filled.dsn, replace_meanwhile)
    assert filled.rows() == 500


def test_a_torn_copy_changes_nothing(filled: Place, empty: Place, tmp_path: Path) -> None:
    file = tmp_path / "copy.dump"
    filled.copy_to(file)
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(RestoreFailed, match="was not restored"):
        empty.bring_back(file)
    with pytest.raises(RestoreFailed):
        filled.bring_back(file, force=True)
    assert query(empty.dsn, "SELECT to_regclass('parcels') IS NULL")
    assert filled.rows() == 500


def test_a_role_that_does_not_see_every_row_makes_no_copy(filled: Place, tmp_path: Path) -> None:
    file = tmp_path / "copy.dump"
    file.write_text("the copy of yesterday")
    owner = filled.server.urls(filled.name).owner
    with pytest.raises(BackupFailed, match=r"row-level security.*superuser or BYPASSRLS"):
        asyncio.run(backup(owner, file, bindir=filled.server.binaries.bindir))
    assert file.read_text() == "the copy of yesterday"
    assert [found.name for found in tmp_path.iterdir()] == ["copy.dump"]
