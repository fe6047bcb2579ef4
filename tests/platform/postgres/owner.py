"""A process that owns (or attaches to) an embedded server; run by the tests as a script.

``python owner.py HOME [heedless|forks]``: prints ``owner PID`` or ``attached PID`` when the server answers, then ends it
in order on SIGINT or SIGTERM. ``heedless`` keeps Python's own answer to signals, as a program without a
supervisor would; ``forks`` also leaves a child behind that sleeps.
"""

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from doorstep.platform.postgres.server import EmbeddedPostgres


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def main(home: Path, habit: str) -> None:
    if habit == "heedful":
        signal.signal(signal.SIGINT, _leave)
        signal.signal(signal.SIGTERM, _leave)
    with EmbeddedPostgres(home, fsync=False) as server:
        child = os.fork() if habit == "forks" else None
        if child == 0:
            time.sleep(600)
            os._exit(0)
        word = "owner" if server.owned else "attached"
        sys.stdout.write(f"{word} {server.postmaster.pid} {child or 0}\n")
        sys.stdout.flush()
        while True:
            signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "heedful")
