"""As whom PostgreSQL runs. It refuses uid 0, so root needs a way around that makes no account.

An ordinary user runs it plainly. Root runs it in a user namespace, where the same files look like an ordinary
user's; where namespaces are barred (some containers), as ``nobody``; else we refuse.
"""

import os
import pwd
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from doorstep.platform.postgres.errors import CannotRunAsRoot

_LAUNCH = Path(__file__).with_name("launch.py")
_USUAL_UID = 1000


class RunMode(StrEnum):
    """The ways of starting the server."""

    PLAIN = "plain"
    """As ourselves, an ordinary user."""
    NAMESPACE = "namespace"
    """As ourselves, seen from inside a user namespace as an ordinary user."""
    USER = "user"
    """As ``nobody``, who must be able to reach the programs and the data."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One way of starting the server, and who must own its files (``owner_uid:owner_gid``, seen from outside)."""

    mode: RunMode
    uid: int
    gid: int
    owner_uid: int
    owner_gid: int

    def command(self, program: Path, *arguments: str) -> list[str]:
        """The command line that runs ``program`` in this identity, bound to the life of the calling thread."""
        step = [
            sys.executable,
            "-I",
            "-S",
            str(_LAUNCH),
            str(os.getpid()),
            self.mode,
            str(self.uid),
            str(self.gid),
        ]
        return [*step, str(program), *arguments]


def choose_identity(postgres: Path, folder: Path) -> Identity:
    """The first identity that works here for the program ``postgres`` and data in a folder of ours in ``folder``.

    Raises CannotRunAsRoot when none does.
    """
    own_uid, own_gid = os.geteuid(), os.getegid()
    plain = Identity(RunMode.PLAIN, own_uid, own_gid, own_uid, own_gid)
    if own_uid != 0 and _has_account(own_uid):
        return plain
    inner_uid = pick_inner_uid(entry.pw_uid for entry in pwd.getpwall())
    namespace = Identity(RunMode.NAMESPACE, inner_uid, inner_uid, own_uid, own_gid)
    namespace_refusal = _refusal(namespace, postgres)
    if namespace_refusal is None:
        return namespace
    if own_uid != 0:
        return plain  # without an account initdb may refuse; it says so itself
    nobody_refusal = "there is no account `nobody`"
    if account := _account("nobody"):
        nobody = Identity(RunMode.USER, account.pw_uid, account.pw_gid, account.pw_uid, account.pw_gid)
        closed = first_closed_folder(folder, account.pw_uid)
        nobody_refusal = (closed and f"`nobody` may not enter {closed}") or _refusal(nobody, postgres) or ""
        if not nobody_refusal:
            return nobody
    raise CannotRunAsRoot(
        "PostgreSQL refuses to run as root, and here it can be run neither in a user namespace "
        f"({namespace_refusal}) nor as `nobody` ({nobody_refusal}).",
        "Start Doorstep as an ordinary user, or put DOORSTEP_HOME where others may enter (mode o+x on "
        "each folder above it), or set DATABASE_URL to a database that runs elsewhere.",
    )


def pick_inner_uid(known_uids: Iterable[int]) -> int:
    """The uid to be inside a namespace: one that has an account, because initdb looks its own name up.

    1000 where it exists, else the lowest ordinary one; 65534 is left out, as it is what every unmapped file shows.
    """
    known = sorted(uid for uid in known_uids if 0 < uid < 65534)
    return _USUAL_UID if _USUAL_UID in known or not known else known[0]


def first_closed_folder(folder: Path, uid: int) -> Path | None:
    """The topmost folder on the way to ``folder`` that ``uid`` (of no group) may not enter; None when all are open."""
    for step in (*reversed(folder.parents), folder):
        if not step.exists():
            return None  # we make it, and open it as needed
        found = step.stat()
        if not found.st_mode & (0o100 if found.st_uid == uid else 0o001):
            return step
    return None


def give(path: Path, identity: Identity) -> None:
    """Makes ``path``, with all below it, belong to the identity; nothing to do unless we are root."""
    if os.geteuid() != 0 or path.lstat().st_uid == identity.owner_uid:
        return
    for below in path.rglob("*"):
        os.lchown(below, identity.owner_uid, identity.owner_gid)
    # The top last: a walk that was interrupted is taken up again at the next start.
    os.lchown(path, identity.owner_uid, identity.owner_gid)


def _refusal(identity: Identity, postgres: Path) -> str | None:
    trial: Sequence[str] = identity.command(postgres, "--version")
    outcome = subprocess.run(trial, capture_output=True, text=True, check=False)  # noqa: S603 - our own script
    if outcome.returncode == 0:
        return None
    return (outcome.stderr.strip().splitlines() or [f"exit {outcome.returncode}"])[-1]


def _account(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _has_account(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
