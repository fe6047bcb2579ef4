"""The file with the database's passwords: mode 0600, JSON of role name to password, written whole or not at all."""

import base64
import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path

from doorstep.platform.postgres.errors import PasswordsLost, UnsafeDirectory

_SCRAM_ITERATIONS = 4096


class PasswordFile:
    """Passwords by role. Writers take turns by a lock of their own (the server's, or one in the database)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def exists(self) -> bool:
        """Whether the file is there."""
        return self.path.exists()

    def read(self) -> dict[str, str]:
        """All passwords; empty when there is no file. Raises UnsafeDirectory when others may read it."""
        try:
            mode = self.path.stat().st_mode
        except FileNotFoundError:
            return {}
        if mode & 0o077:
            raise UnsafeDirectory(
                f"{self.path} holds passwords and is open to others (mode {mode & 0o777:03o}).",
                f"Run `chmod 600 {self.path}`; if others may have read it, change the passwords.",
            )
        found: dict[str, str] = json.loads(self.path.read_text())
        return found

    def of(self, role: str) -> str:
        """The password of ``role``. Raises PasswordsLost when the file does not hold it."""
        password = self.read().get(role)
        if password is None:
            raise PasswordsLost(
                f"{self.path} holds no password of the role {role}.",
                "Bring the file back from a copy of the state directory, or restore a backup into a new one.",
            )
        return password

    def ensure(self, *roles: str) -> dict[str, str]:
        """All passwords, after making and keeping a random one for each of ``roles`` that has none."""
        known = self.read()
        missing = {role: secrets.token_urlsafe(24) for role in roles if role not in known}
        if missing:
            self._write(known | missing)
        return known | missing

    def _write(self, passwords: dict[str, str]) -> None:
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(passwords, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)


def scram_verifier(password: str, salt: bytes | None = None) -> str:
    """What PostgreSQL stores of ``password`` (RFC 5802, RFC 7677), so that no statement and no log carries itself.

    ``password`` must be ASCII, where the RFC's SASLprep changes nothing.
    """
    if not password.isascii():
        raise ValueError("only ASCII passwords are used here")
    salt = secrets.token_bytes(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _SCRAM_ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt_text, stored_text, server_text = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${_SCRAM_ITERATIONS}:{salt_text}${stored_text}:{server_text}"
