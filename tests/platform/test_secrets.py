"""Keys: made once, kept from others, never those of a demo in a network of real people."""

from pathlib import Path

import pytest

from doorstep.platform import secrets
from doorstep.platform.secrets import PURPOSES, UnsafeSecrets


def test_they_are_made_once_and_read_by_nobody_else(tmp_path: Path) -> None:
    made = secrets.load(tmp_path / "secrets", demo=False, env={})
    assert secrets.load(tmp_path / "secrets", demo=False, env={}) == made
    assert len(set(made.all().values())) == len(PURPOSES)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "secrets").iterdir()} == {0o600}
    assert made.unseal(made.seal(b"a code")) == b"a code"


def test_a_demos_keys_start_no_live_network(tmp_path: Path) -> None:
    secrets.load(tmp_path, demo=True, env={})
    with pytest.raises(UnsafeSecrets, match="made for a demo"):
        secrets.load(tmp_path, demo=False, env={})


def test_keys_that_others_can_read_or_guess_are_refused(tmp_path: Path) -> None:
    secrets.load(tmp_path, demo=False, env={})
    with pytest.raises(UnsafeSecrets, match="sessions key is shorter than 32 bytes"):
        secrets.load(tmp_path, demo=False, env={"DOORSTEP_SECRET_SESSIONS": "changeme"})
    (tmp_path / "push.key").chmod(0o644)
    with pytest.raises(UnsafeSecrets, match=r"chmod 600 .*push\.key"):
        secrets.load(tmp_path, demo=False, env={})


def test_what_another_key_sealed_is_not_guessed_at(tmp_path: Path) -> None:
    sealed = secrets.load(tmp_path / "a", demo=False, env={}).seal(b"a code")
    with pytest.raises(UnsafeSecrets, match="restore the old key"):
        secrets.load(tmp_path / "b", demo=False, env={}).unseal(sealed)
