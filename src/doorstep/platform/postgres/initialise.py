"""Making a new data directory: all of it, or nothing that a later start would take for one."""

import os
import shutil
import subprocess
from collections.abc import Sequence

from doorstep.platform.postgres.binaries import ServerBinaries
from doorstep.platform.postgres.errors import StartFailed
from doorstep.platform.postgres.folders import Folders
from doorstep.platform.postgres.identity import Identity, give
from doorstep.platform.postgres.passwords import PasswordFile
from doorstep.platform.postgres.postmaster import drain
from doorstep.platform.postgres.roles import SUPERUSER

_FIRST_MAJOR_WITH_OWN_LOCALE = 17


def initialise(
    folders: Folders, passwords: PasswordFile, binaries: ServerBinaries, identity: Identity, *, durable: bool
) -> None:
    """Fills ``folders.data`` with an empty cluster whose superuser has a random password, kept in ``passwords``.

    UTF-8, sorted by code point whatever the machine's languages are. ``durable`` waits until all of it is on disk.
    Must run on the thread that lives as long as the owner. Raises StartFailed with what ``initdb`` said.
    """
    drain(folders.unfinished)
    if folders.unfinished.exists():
        shutil.rmtree(folders.unfinished)
    folders.unfinished.mkdir(mode=0o700)
    give(folders.unfinished, identity)
    password = passwords.ensure(SUPERUSER)[SUPERUSER]
    password_file = folders.root / ".first-password"
    password_file.unlink(missing_ok=True)
    try:
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(password)
        give(password_file, identity)
        command = identity.command(
            binaries.program("initdb"),
            *("-D", str(folders.unfinished), f"--username={SUPERUSER}", f"--pwfile={password_file}"),
            *("--auth-local=scram-sha-256", "--auth-host=scram-sha-256", "--no-instructions"),
            *_locale(binaries.major),
            *(() if durable else ("--no-sync",)),
        )
        outcome = subprocess.run(  # noqa: S603 - our own step and the server found
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            start_new_session=True,
        )
    finally:
        password_file.unlink(missing_ok=True)
    if outcome.returncode != 0:
        raise StartFailed(
            f"initdb failed (exit {outcome.returncode}): {(outcome.stderr or outcome.stdout).strip()}.",
            "Free disk space or memory if it names them; DATABASE_URL leads to a database that runs elsewhere.",
        )
    folders.unfinished.rename(folders.data)
    if durable:
        _sync(folders)


def _locale(major: int) -> Sequence[str]:
    if major >= _FIRST_MAJOR_WITH_OWN_LOCALE:
        return ("--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    return ("--encoding=UTF8", "--no-locale")


def _sync(folders: Folders) -> None:
    descriptor = os.open(folders.root, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
