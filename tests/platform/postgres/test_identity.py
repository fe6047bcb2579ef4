"""As whom the server runs: an ordinary user plainly, root in a user namespace or as nobody, else not at all."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.platform.postgres.conftest import OWNER, Owner, quick_folder

from doorstep.platform.postgres.binaries import find_server
from doorstep.platform.postgres.identity import first_closed_folder, pick_inner_uid
from doorstep.platform.postgres.postmaster import server_pids
from doorstep.platform.postgres.server import EmbeddedPostgres

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as somebody else")
# nobody reads the interpreter wherever it is installed, even under root's own home
NOT_ROOT = (
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)
# root as in a container that bars user namespaces
NO_NAMESPACES = (sys.executable, str(Path(__file__).with_name("no_namespaces.py")))


@pytest.fixture(scope="module")
def programs_for_nobody() -> Iterator[tuple[str, ...]]:
    """Says where the server's programs are that `nobody` may enter: where they are, or a copy when the way there is closed."""
    bindir = find_server().bindir
    if first_closed_folder(bindir, NOBODY) is None:
        yield ("env", f"PG_BINDIR={bindir}")
        return
    installed, package = bindir.parent, bindir.parents[1]
    libraries = package.with_name(f"{package.name}.libs")  # a wheel keeps them beside its package
    with tempfile.TemporaryDirectory(prefix="ds-", dir=quick_folder()) as folder:
        Path(folder).chmod(0o755)
        shutil.copytree(installed, Path(folder, package.name, installed.name), symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, Path(folder, libraries.name))
        yield ("env", f"PG_BINDIR={Path(folder, package.name, installed.name, bindir.name)}")


def works(prefix: tuple[str, ...]) -> bool:
    if shutil.which(prefix[0]) is None:
        return False
    return (
        subprocess.run([*prefix, sys.executable, "-c", ""], capture_output=True, check=False).returncode == 0
    )


@pytest.fixture
def open_home(home: Path) -> Path:
    home.chmod(0o755)
    return home


def owner_of(path: Path) -> int:
    return path.stat().st_uid


def test_the_files_stay_ours(home: Path) -> None:
    with EmbeddedPostgres(home, fsync=False) as server:
        assert owner_of(server.folders.data) == os.geteuid()
        assert owner_of(Path(f"/proc/{server.postmaster.pid}")) == os.geteuid()


@as_root
def test_an_ordinary_user_starts_it_plainly(
    home: Path, start_owner: Callable[..., Owner], programs_for_nobody: tuple[str, ...]
) -> None:
    if not works(NOT_ROOT):
        pytest.skip("setpriv cannot start a program as nobody here")
    os.chown(home, NOBODY, NOBODY)
    owner = start_owner(home, prefix=(*programs_for_nobody, *NOT_ROOT))
    assert owner_of(home / "postgres/data") == NOBODY
    assert owner_of(Path(f"/proc/{owner.postmaster_pid}")) == NOBODY
    owner.process.terminate()
    owner.process.wait()
    assert server_pids(home / "postgres/data") == set()


@as_root
def test_root_without_namespaces_runs_it_as_nobody_and_back(
    open_home: Path, start_owner: Callable[..., Owner], programs_for_nobody: tuple[str, ...]
) -> None:
    if not works(NO_NAMESPACES):
        pytest.skip("user namespaces cannot be barred here")
    owner = start_owner(open_home, prefix=(*programs_for_nobody, *NO_NAMESPACES))
    assert owner_of(open_home / "postgres/data") == NOBODY
    assert owner_of(open_home / "postgres/passwords.json") == 0
    owner.process.terminate()
    owner.process.wait()
    assert server_pids(open_home / "postgres/data") == set()
    with EmbeddedPostgres(open_home, fsync=False) as server:  # namespaces are allowed again
        assert server.alive()
        assert owner_of(open_home / "postgres/data") == 0
        assert owner_of(open_home / "postgres/data/base") == 0


@as_root
def test_root_with_neither_way_open_is_told_what_to_do(home: Path) -> None:
    if not works(NO_NAMESPACES):
        pytest.skip("user namespaces cannot be barred here")
    outcome = subprocess.run(
        [*NO_NAMESPACES, sys.executable, str(OWNER), str(home)], capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 1
    assert "CannotRunAsRoot" in outcome.stderr
    assert f"`nobody` may not enter {home}" in outcome.stderr
    assert "DATABASE_URL" in outcome.stderr


def test_inside_a_namespace_we_are_somebody_who_has_an_account() -> None:
    assert pick_inner_uid([0, 1, 1000, 65534]) == 1000
    assert pick_inner_uid([0, 65534, 33, 2]) == 2
    assert pick_inner_uid([0, 65534]) == 1000


def test_the_first_closed_folder_on_the_way_is_named(home: Path) -> None:
    (home / "a/b").mkdir(parents=True)
    home.chmod(0o755)
    assert first_closed_folder(home / "a/b/new", NOBODY) is None
    (home / "a").chmod(0o700)
    assert first_closed_folder(home / "a/b/new", NOBODY) == home / "a"
