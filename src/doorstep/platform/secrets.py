"""Keys of this network: made at first start, kept in ``DOORSTEP_HOME/secrets`` (0600) or the environment.

Each purpose has a key of its own. A copied demo key never starts a live network: demo keys carry a mark.
"""

import hashlib
import hmac
import os
import secrets as chance
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

PURPOSES = ("tracking", "sealing", "sessions", "push")
DEMO_MARK = b"demo-only:"


class UnsafeSecrets(RuntimeError):
    """Keys that are missing, readable by others, too short, or made for a demo. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Keys by purpose, at least 32 bytes each."""

    tracking: bytes
    sealing: bytes
    sessions: bytes
    push: bytes

    def sign(self, purpose: str, message: bytes) -> bytes:
        """HMAC-SHA-256 of ``message`` under the key of ``purpose``, 32 bytes."""
        return hmac.digest(getattr(self, purpose), message, "sha256")

    def seal(self, plain: bytes) -> bytes:
        """Encrypt for storage (Fernet)."""
        return self._fernet().encrypt(plain)

    def unseal(self, sealed: bytes) -> bytes:
        """What ``seal`` hid. Raises UnsafeSecrets when the key has changed."""
        try:
            return self._fernet().decrypt(sealed)
        except InvalidToken as error:
            raise UnsafeSecrets("the sealing key does not fit what it sealed; restore the old key") from error

    def _fernet(self) -> Fernet:
        import base64

        return Fernet(base64.urlsafe_b64encode(hashlib.sha256(self.sealing).digest()))

    def all(self) -> dict[str, bytes]:
        """Keys by purpose."""
        return {purpose: getattr(self, purpose) for purpose in PURPOSES}


def load(folder: Path, *, demo: bool, env: Mapping[str, str] | None = None) -> Secrets:
    """The keys of this network: ``DOORSTEP_SECRET_<PURPOSE>`` in ``env`` wins over a file in ``folder``.

    Missing files are made with fresh random keys. Raises UnsafeSecrets when a key is short, a file is
    readable by others, or a live network would run on keys made for a demo.
    """
    env = os.environ if env is None else env
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = {}
    for purpose in PURPOSES:
        told = env.get(f"DOORSTEP_SECRET_{purpose.upper()}")
        key = told.encode() if told else _from_file(folder / f"{purpose}.key", demo=demo)
        if len(key) < 32:
            raise UnsafeSecrets(f"the {purpose} key is shorter than 32 bytes; use a longer random one")
        if not demo and key.startswith(DEMO_MARK):
            raise UnsafeSecrets(
                f"the {purpose} key was made for a demo; remove {folder} (a fresh key is made) or set"
                f" DOORSTEP_SECRET_{purpose.upper()}"
            )
        keys[purpose] = key
    return Secrets(**keys)


def _from_file(path: Path, *, demo: bool) -> bytes:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            raise UnsafeSecrets(f"{path} is readable by others; run: chmod 600 {path}") from None
        return path.read_bytes()
    key = (DEMO_MARK if demo else b"") + chance.token_hex(32).encode()
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
    return key


def ephemeral() -> Secrets:
    """Fresh keys that live as long as the process. For tests."""
    return Secrets(*(chance.token_bytes(32) for _ in PURPOSES))
