"""The small step between our process and PostgreSQL's programs; run as a script, never imported.

``python -I -S launch.py OWNER_PID MODE UID GID PROGRAM ARG…`` takes on the identity that ``MODE`` names, asks the
kernel to send SIGINT (PostgreSQL's fast shutdown) when the owner ends, and becomes PROGRAM under the same
process id. A separate step rather than ``preexec_fn``: the owner may have threads, and Python code run
between fork and exec of a threaded process can hang for ever.

MODE ``plain`` keeps the identity; ``namespace`` enters a user namespace in which we are UID:GID (outside, files
stay ours); ``user`` becomes UID:GID for good. Exits 97 when the identity cannot be taken on.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

IDENTITY_REFUSED = 97
_PR_SET_PDEATHSIG = 1


def _enter_namespace(uid: int, gid: int) -> None:
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    os.unshare(os.CLONE_NEWUSER)
    own = Path("/proc/self")
    # An unprivileged map of groups is accepted only after setgroups is given up (user_namespaces(7)).
    (own / "setgroups").write_text("deny")
    (own / "uid_map").write_text(f"{uid} {outer_uid} 1")
    (own / "gid_map").write_text(f"{gid} {outer_gid} 1")


def _become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def main(arguments: list[str]) -> None:
    """Becomes the program named in ``arguments``; does not return."""
    owner_pid, mode, uid, gid, *program = arguments
    try:
        if mode == "namespace":
            _enter_namespace(int(uid), int(gid))
        elif mode == "user":
            _become(int(uid), int(gid))
    except OSError as refusal:
        sys.stderr.write(f"cannot take on the identity {mode} {uid}:{gid}: {refusal}\n")
        sys.exit(IDENTITY_REFUSED)
    # After the change of identity, which clears the setting. The kernel ties it to the owner's *thread*
    # that started us; the owner keeps one thread alive for that (see server.py).
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != int(owner_pid):  # it ended before the request was in place
        sys.exit(1)
    os.execv(program[0], program)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
