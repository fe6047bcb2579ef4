"""The log stays short while writers hold it open."""

import stat
from pathlib import Path

from doorstep.platform.postgres.server_log import ServerLog


def test_a_long_log_is_cut_under_its_writer(tmp_path: Path) -> None:
    log = ServerLog(tmp_path)
    log.begin()
    with log.file.open("ab", buffering=0) as writer:
        writer.write(b"old " * 100)
        log.shorten(limit_bytes=1000)
        assert log.file.stat().st_size == 400
        log.shorten(limit_bytes=300)
        writer.write(b"new\n")
    assert log.tail() == "new"
    assert (tmp_path / "server.log.1").read_bytes() == b"old " * 100
    assert stat.S_IMODE(log.file.stat().st_mode) == 0o600


def test_a_new_start_begins_a_new_log_and_keeps_the_former(tmp_path: Path) -> None:
    log = ServerLog(tmp_path)
    assert log.tail() == ""
    for text in ("first", "second"):
        log.begin()
        log.file.write_text(text)
    assert log.tail() == "second"
    assert (tmp_path / "server.log.1").read_text() == "first"
