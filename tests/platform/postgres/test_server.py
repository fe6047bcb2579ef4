"""One server per state directory: started, attached to, killed, brought back, ended with its owner."""

import asyncio
import os
import signal
import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from tests.platform.postgres.conftest import Owner, query, until

from doorstep.app.launcher import open_database
from doorstep.platform.postgres.errors import PasswordsLost, StartFailed, UnsafeDirectory, WrongMajorVersion
from doorstep.platform.postgres.keeping import kept_alive
from doorstep.platform.postgres.postmaster import server_pids
from doorstep.platform.postgres.server import EmbeddedPostgres
from doorstep.platform.settings import BadSetting, from_environment

StartOwner = Callable[..., Owner]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_cold_start_leads_to_a_durable_server_that_only_we_can_reach(tmp_path: Path) -> None:
    home = tmp_path  # on a disk, as in life
    with EmbeddedPostgres(home) as server:
        dsn = server.superuser_dsn()
        shown = [query(dsn, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "listen_addresses")]
        assert shown == ["on", "on", ""]
        assert query(
            dsn, "SELECT datcollate = 'C' AND pg_encoding_to_char(encoding) = 'UTF8' FROM pg_database LIMIT 1"
        )
        assert query(dsn, "SELECT bool_and(auth_method = 'scram-sha-256') FROM pg_hba_file_rules")
        assert query(dsn, "SELECT lower('ÉMILE')") == "émile"
        assert mode(server.postmaster.socket_dir) == 0o700
        assert mode(home / "postgres/data") == 0o700
        assert mode(home / "postgres/passwords.json") == 0o600
        assert server.alive()
    assert not server.alive()
    assert server_pids(home / "postgres/data") == set()


def test_a_wrong_password_opens_nothing(server: EmbeddedPostgres) -> None:
    dsn = server.superuser_dsn()
    with pytest.raises(Exception, match="password authentication failed"):
        query(dsn.replace(server.passwords.of("postgres"), "guess"), "SELECT 1")


def test_tcp_is_open_only_when_asked_for(settled: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(BadSetting, match="DOORSTEP_DATABASE_PORT must lie between"):
        from_environment({"DOORSTEP_DATABASE_PORT": "65536"})
    asked = from_environment({"DOORSTEP_HOME": str(settled), "DOORSTEP_DATABASE_PORT": str(port)})
    with open_database(asked) as (_, server):
        assert server is not None
        password = server.passwords.of("postgres")
        assert query(f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres", "SELECT 1") == 1


def test_a_second_process_attaches_and_takes_over_when_the_owner_is_gone(
    settled: Path, start_owner: StartOwner
) -> None:
    first = start_owner(settled)
    second = EmbeddedPostgres(settled)
    with second:
        assert first.word == "owner"
        before = second.owned
        assert second.postmaster.pid == first.postmaster_pid
        query(second.urls().owner, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7) RETURNING n")

        async def keep() -> None:
            async with kept_alive(second):
                first.process.kill()
                await asyncio.to_thread(until, lambda: second.owned and second.alive(), "it is ours now")

        asyncio.run(keep())
        assert (before, second.owned) == (False, True)
        assert query(second.urls().owner, "SELECT n FROM kept") == 7


def test_leaving_an_attached_server_leaves_it_running(settled: Path, start_owner: StartOwner) -> None:
    owner = start_owner(settled)
    with EmbeddedPostgres(settled):
        pass
    assert start_owner(settled).word == "attached"
    os.kill(owner.postmaster_pid, 0)


def test_of_two_that_start_at_once_one_owns_and_both_are_served(home: Path, start_owner: StartOwner) -> None:
    found: list[Owner] = []
    threads = [threading.Thread(target=lambda: found.append(start_owner(home))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(owner.word for owner in found) == ["attached", "owner"]
    assert found[0].postmaster_pid == found[1].postmaster_pid


def test_after_kill_9_of_the_server_every_acknowledged_row_is_there(settled: Path) -> None:
    with EmbeddedPostgres(settled) as server:
        dsn = server.urls().owner
        query(dsn, "CREATE TABLE fixes (n int)", "SELECT 1")
        query(dsn, "INSERT INTO fixes SELECT generate_series(1, 2000) RETURNING n")
        os.kill(server.postmaster.pid, signal.SIGKILL)
        until(lambda: not server.alive(), "the death is seen")
        assert server.restart_if_dead()
        assert not server.restart_if_dead()
        assert query(dsn, "SELECT count(*) FROM fixes") == 2000


def test_an_orphan_deep_in_a_query_does_not_bar_the_way_back(settled: Path) -> None:
    with EmbeddedPostgres(settled, fsync=False) as server:
        dsn = server.superuser_dsn()

        def loop_for_ever() -> None:
            with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
                query(dsn, "DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$", "SELECT 1")

        busy = threading.Thread(target=loop_for_ever)
        busy.start()
        active = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO%' AND state = 'active'"
        until(lambda: query(dsn, active) == 1, "the query runs")
        os.kill(server.postmaster.pid, signal.SIGKILL)
        until(lambda: not server.alive(), "the death is seen")
        assert server.restart_if_dead()
        assert query(dsn, active) == 0
        busy.join()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_owner_ends_all_in_order(
    settled: Path, start_owner: StartOwner, number: signal.Signals
) -> None:
    owner = start_owner(settled)
    owner.process.send_signal(number)
    assert owner.process.wait(20) == 128 + number
    assert server_pids(settled / "postgres/data") == set()
    assert "database system is shut down" in (settled / "postgres/log/server.log").read_text()
    assert not (settled / "postgres/data/postmaster.pid").exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_an_owner_that_dies_takes_its_server_along(
    settled: Path, start_owner: StartOwner, number: signal.Signals
) -> None:
    owner = start_owner(settled, "heedless")
    owner.process.send_signal(number)
    assert owner.process.wait(20) == -number
    until(lambda: not server_pids(settled / "postgres/data"), "the server ends")
    assert start_owner(settled).word == "owner"


def test_a_child_that_the_owner_forked_does_not_keep_the_lock(settled: Path, start_owner: StartOwner) -> None:
    owner = start_owner(settled, "forks")
    try:
        owner.process.kill()
        owner.process.wait()
        assert start_owner(settled).word == "owner"
    finally:
        os.kill(owner.child_pid, signal.SIGKILL)


def test_the_server_outlives_the_thread_that_asked_for_it(settled: Path) -> None:
    server = EmbeddedPostgres(settled, fsync=False)
    asking = threading.Thread(target=server.start)
    asking.start()
    asking.join()
    try:
        assert query(server.superuser_dsn(), "SELECT pg_sleep(0.2) IS NOT NULL")
        assert server.alive()
    finally:
        server.stop()


def test_a_state_directory_with_a_long_path_gets_a_short_socket_folder(home: Path) -> None:
    deep = home / ("long" * 25)
    with EmbeddedPostgres(deep, fsync=False, environ={}) as server:
        folder = server.postmaster.socket_dir
        assert folder.parent == Path("/tmp")
        assert mode(folder) == 0o700
        assert query(server.urls().system, "SELECT current_user") == "doorstep_system"
    assert not folder.exists()
    assert server_pids(deep / "postgres/data") == set()


def test_a_socket_folder_that_somebody_else_made_is_refused(home: Path) -> None:
    deep = home / ("long" * 25)
    runtime, elsewhere = home / "run", home / "elsewhere"
    runtime.mkdir()
    elsewhere.mkdir()
    server = EmbeddedPostgres(deep, fsync=False, environ={"XDG_RUNTIME_DIR": str(runtime)})
    with server:
        folder = server.postmaster.socket_dir
        assert folder.parent == runtime
    folder.symlink_to(elsewhere)
    with pytest.raises(UnsafeDirectory, match="not a folder of ours"):
        server.start()
    assert not server.owned


def test_data_of_another_major_version_are_refused_with_what_to_do(settled: Path) -> None:
    with EmbeddedPostgres(settled, fsync=False):
        pass
    (settled / "postgres/data/PG_VERSION").write_text("15\n")
    with pytest.raises(WrongMajorVersion, match=r"written by PostgreSQL 15; .*PG_BINDIR.*doorstep backup"):
        EmbeddedPostgres(settled).start()


def test_what_is_no_data_directory_is_left_alone(home: Path) -> None:
    stranger = home / "postgres/data/letter.txt"
    stranger.parent.mkdir(parents=True)
    stranger.write_text("dear")
    with pytest.raises(StartFailed, match="no PostgreSQL data directory"):
        EmbeddedPostgres(home).start()
    assert stranger.read_text() == "dear"


def test_passwords_that_others_may_read_or_that_are_lost_are_refused(settled: Path) -> None:
    with EmbeddedPostgres(settled, fsync=False):
        pass
    file = settled / "postgres/passwords.json"
    file.chmod(0o644)
    with pytest.raises(UnsafeDirectory, match="chmod 600"):
        EmbeddedPostgres(settled, fsync=False).start()
    file.unlink()
    with pytest.raises(PasswordsLost, match="restore a backup"):
        EmbeddedPostgres(settled, fsync=False).start()
    assert server_pids(settled / "postgres/data") == set()


def test_a_half_made_data_directory_is_made_anew(home: Path) -> None:
    half = home / "postgres/data.unfinished"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(home, fsync=False) as server:
        assert query(server.urls().web, "SELECT 1") == 1


def test_a_server_that_cannot_start_says_why(settled: Path) -> None:
    with pytest.raises(StartFailed, match=r"did not become ready(.|\n)*shared_buffers"):
        EmbeddedPostgres(settled, fsync=False, settings={"shared_buffers": "nonsense"}).start()
