"""The command line as a person runs it."""

import os
import subprocess
import sys


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
