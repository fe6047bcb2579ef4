"""The command line as a person runs it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from typer.testing import CliRunner

from doorstep.app import cli


def doorstep(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """``doorstep`` with ``words``, in ``environment`` and nothing of this test's but the paths."""
    paths = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "doorstep.app.cli", *words],
        env={**paths, "LANG": "C.UTF-8", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def doorstep_here(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """The same within this process, for what need not be a process of its own: nothing is imported or loaded again."""
    ran = CliRunner().invoke(cli.whole(), words, env={"COLUMNS": "80", **environment})
    code, complaint = ran.exit_code, ran.stderr
    if isinstance(ran.exception, Exception):  # as ``cli.main`` would end
        said = cli.told(ran.exception)
        if said is None:
            raise ran.exception
        complaint += f"{said}\n"
    return subprocess.CompletedProcess(words, code, ran.stdout, complaint)


@contextmanager
def hearing_interrupts() -> Iterator[None]:
    """Processes begun within hear Ctrl-C, even where these tests themselves are run in the background of a shell, deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
