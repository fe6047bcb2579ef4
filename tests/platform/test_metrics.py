"""What several processes of a machine measure is told by any of them."""

import os
import subprocess
import sys
from pathlib import Path

from doorstep.platform import metrics

WORKER = "from doorstep.platform import metrics; metrics.OUTBOX_AGE_S.set(7.5); metrics.FIXES.inc({n})"
TELL = "import sys; from doorstep.platform import metrics; sys.stdout.buffer.write(metrics.told())"


def _python(code: str, folder: Path) -> str:
    environment = {**os.environ, metrics.FOLDER: str(folder)}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    ).stdout


def test_any_process_tells_the_sums_of_all(tmp_path: Path) -> None:
    _python(WORKER.format(n=3), tmp_path)
    _python(WORKER.format(n=4), tmp_path)
    told = _python(TELL, tmp_path)
    assert "doorstep_fixes_total 7.0" in told
    assert "doorstep_outbox_age_seconds 7.5" in told


def test_a_process_alone_tells_its_own() -> None:
    assert metrics.FOLDER not in os.environ
    assert b"doorstep_ledger_drift_minor" in metrics.told()
