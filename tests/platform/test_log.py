"""Logs are lines that a machine reads, each with its process, its level and its real time."""

import json
import subprocess
import sys
from datetime import datetime, timedelta

SPEAK = """
import structlog
from doorstep.platform import log
log.configure("worker", "warning")
speaker = structlog.get_logger("anything")
speaker.info("too_quiet")
with structlog.contextvars.bound_contextvars(market="nashville"):
    speaker.warning("job_failed", job=7)
try:
    raise RuntimeError("nobody there")
except RuntimeError:
    speaker.exception("job_dead")
"""


def test_each_line_is_json_and_says_who_when_and_what() -> None:
    said = subprocess.run([sys.executable, "-c", SPEAK], capture_output=True, text=True, check=True)
    failed, dead = (json.loads(line) for line in said.stderr.splitlines())
    assert said.stdout == ""
    at = datetime.fromisoformat(failed.pop("timestamp"))
    assert at.utcoffset() == timedelta(0)
    assert failed == {
        "event": "job_failed", "level": "warning", "process": "worker", "market": "nashville", "job": 7,
    }  # fmt: skip
    assert (dead["event"], dead["level"], "market" in dead) == ("job_dead", "error", False)
    assert "RuntimeError: nobody there" in dead["exception"]
