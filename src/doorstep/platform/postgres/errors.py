"""What the embedded PostgreSQL refuses, each with what the operator can do about it."""

from collections.abc import Sequence


class PostgresRefused(Exception):
    """A refusal about the database server: ``fact`` says what is so, ``remedy`` what to do."""

    def __init__(self, fact: str, remedy: str) -> None:
        super().__init__(f"{fact} {remedy}")
        self.fact = fact
        self.remedy = remedy


class NoServerFound(PostgresRefused):
    """No PostgreSQL server of a supported version is on this machine."""


class WrongMajorVersion(PostgresRefused):
    """The data directory was written by a major version of which no server is here."""


class CannotRunAsRoot(PostgresRefused):
    """We are root, PostgreSQL refuses root, and neither way around it is open here."""


class UnsafeDirectory(PostgresRefused):
    """A directory or file the server needs belongs to somebody else or is open to others."""


class StartFailed(PostgresRefused):
    """The server ended, or did not become ready in time; ``fact`` ends with its last log lines."""


class PasswordsLost(PostgresRefused):
    """The data directory is there but the file with its passwords is not."""


class ServerTooOld(PostgresRefused):
    """The outside database is of a version below the oldest supported."""


class RolesMissing(PostgresRefused):
    """The given role may not make what Doorstep needs; ``sql`` is what an administrator runs by hand.

    Passwords stand in it as SCRAM verifiers, so the text may be shown and logged.
    """

    def __init__(self, fact: str, remedy: str, sql: Sequence[str]) -> None:
        self.sql = "\n".join(f"{statement};" for statement in sql)
        super().__init__(fact, f"{remedy}\n\n{self.sql}\n")


class ServingRoleRefused(PostgresRefused):
    """A serving process is signed in as a role that row-level security would not bind."""


class BackupFailed(PostgresRefused):
    """The copy was not made; no file of that name was written or replaced."""


class RestoreFailed(PostgresRefused):
    """The copy was not restored; the database is as it was before."""


class DatabaseNotEmpty(RestoreFailed):
    """The database to restore into holds tables already."""
