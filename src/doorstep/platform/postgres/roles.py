"""The three roles: one owns the schema, two serve and are bound by row-level security."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

import asyncpg

from doorstep.platform.postgres.errors import ServingRoleRefused
from doorstep.platform.postgres.passwords import PasswordFile, scram_verifier

DATABASE = "doorstep"
SUPERUSER = "postgres"
OWNER = "doorstep_owner"
WEB = "doorstep_web"
SYSTEM = "doorstep_system"
SERVING = (WEB, SYSTEM)
ATTRIBUTES = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION"
_LOCK = 0x646F6F7273746570  # "doorstep": one process at a time makes roles


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """Where one database is for each role, as ``postgresql://`` addresses with their passwords (never shown)."""

    owner: str = field(repr=False)
    """Migrations only."""
    web: str = field(repr=False)
    """Route handlers."""
    system: str = field(repr=False)
    """Dispatcher and worker."""


def local_url(role: str, password: str, socket_dir: Path, port: int, database: str) -> str:
    """The address of ``database`` through the socket in ``socket_dir``; for asyncpg, SQLAlchemy and libpq alike."""
    query = urlencode({"host": os.fspath(socket_dir), "port": port}, safe="/")
    return f"postgresql://{role}:{quote(password, safe='')}@/{quote(database, safe='')}?{query}"


def local_urls(
    passwords: Mapping[str, str], socket_dir: Path, port: int, database: str = DATABASE
) -> DatabaseUrls:
    """The addresses of the three roles, from their ``passwords``. KeyError when the roles were never made."""
    owner, web, system = (
        local_url(role, passwords[role], socket_dir, port, database) for role in (OWNER, WEB, SYSTEM)
    )
    return DatabaseUrls(owner, web, system)


async def make_roles(
    dsn: Callable[[str, str], str], passwords: PasswordFile, database: str = DATABASE
) -> None:
    """Makes roles, database, extension and grants of an embedded server; safe to repeat, mends what was changed.

    ``dsn(role, database)`` gives addresses; used for the superuser alone.
    """
    connection = await asyncpg.connect(dsn(SUPERUSER, "postgres"))
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        known = passwords.ensure(OWNER, *SERVING)
        for role in (OWNER, *SERVING):
            if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
                await connection.execute(f"CREATE ROLE {role}")
            await connection.execute(
                f"ALTER ROLE {role} {ATTRIBUTES} PASSWORD '{scram_verifier(known[role])}'"
            )
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
            await connection.execute(f"CREATE DATABASE {quoted(database)} OWNER {OWNER}")
        await connection.execute(f"ALTER DATABASE {quoted(database)} OWNER TO {OWNER}")
        await connection.execute(f"REVOKE ALL ON DATABASE {quoted(database)} FROM PUBLIC")
        for statement in grants(database):
            await connection.execute(statement)
    finally:
        await connection.close()
    connection = await asyncpg.connect(dsn(SUPERUSER, database))
    try:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        for statement in schema_grants():
            await connection.execute(statement)
    finally:
        await connection.close()


def grants(database: str) -> list[str]:
    """What lets the serving roles into the database."""
    return [f"GRANT CONNECT ON DATABASE {quoted(database)} TO {role}" for role in SERVING]


def schema_grants() -> list[str]:
    """What lets the serving roles see the schema; what they may do with each table is the migrations' to say."""
    return [f"GRANT USAGE ON SCHEMA public TO {role}" for role in SERVING]


def quoted(identifier: str) -> str:
    """``identifier`` as SQL."""
    return '"' + identifier.replace('"', '""') + '"'


async def check_serving_role(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Raises ServingRoleRefused unless row-level security binds whoever ``connection`` is signed in as.

    Refused: a superuser, BYPASSRLS, the owner of any table or of the database, and any member of such an owner
    (it could become it). Both the signed-in and the current role are looked at.
    """
    rows = await connection.fetch(_FAULTS_OF_ROLE)
    if rows:
        role = rows[0]["role"]
        faults = "; ".join(row["fault"] for row in rows)
        raise ServingRoleRefused(
            f"The role {role} must not serve: {faults}.",
            f"Give the serving processes DATABASE_URL_WEB and DATABASE_URL_SYSTEM with the roles {WEB} and {SYSTEM}; "
            f"the owner's address is for migrations alone.",
        )


_FAULTS_OF_ROLE = """
WITH me AS (SELECT oid, rolname, rolsuper, rolbypassrls FROM pg_roles
            WHERE rolname IN (session_user, current_user)),
owned AS (SELECT me.rolname, count(*) AS tables, min(c.oid::regclass::text) AS example
          FROM me JOIN pg_class c ON pg_has_role(me.oid, c.relowner, 'MEMBER')
          JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE c.relkind IN ('r', 'p', 'f', 'm') AND NOT me.rolsuper
            AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
          GROUP BY me.rolname)
SELECT rolname::text AS role, 'it is a superuser' AS fault FROM me WHERE rolsuper
UNION ALL SELECT rolname::text, 'it bypasses row-level security' FROM me WHERE rolbypassrls AND NOT rolsuper
UNION ALL SELECT rolname::text, 'it owns, or may act as the owner of, ' || tables || ' table(s), such as ' || example
          FROM owned
UNION ALL SELECT rolname::text, 'it owns, or may act as the owner of, the database'
          FROM me JOIN pg_database d ON d.datname = current_database() AND pg_has_role(me.oid, d.datdba, 'MEMBER')
          WHERE NOT rolsuper
"""
