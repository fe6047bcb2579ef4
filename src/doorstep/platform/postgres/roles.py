"""The three roles: one owns the schema, two serve and are bound by row-level security."""

import base64
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import asyncpg

from doorstep.platform.postgres.binaries import EXTENSION, OLDEST_MAJOR
from doorstep.platform.postgres.errors import RolesMissing, ServerTooOld, ServingRoleRefused
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
        await connection.execute(f"CREATE EXTENSION IF NOT EXISTS {EXTENSION}")
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


def plain_url(url: str) -> str:
    """``url`` as ``postgresql://``, whatever driver it names. ValueError when it is no address of a PostgreSQL."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.split("+")[0] not in {"postgresql", "postgres"}:
        raise ValueError("a database address starts with postgresql://")
    return f"postgresql://{rest}"


def url_password(url: str) -> tuple[str, str | None]:
    """``url`` without its password, and that password (None when it carries none)."""
    parts = urlsplit(plain_url(url))
    query = parse_qsl(parts.query, keep_blank_values=True)
    credentials, at, place = parts.netloc.rpartition("@")
    user, colon, written = credentials.partition(":")
    password = unquote(written) if colon else dict(query).get("password")
    rest = [(key, value) for key, value in query if key != "password"]
    without = parts._replace(netloc=f"{user}{at}{place}", query=urlencode(rest, safe="/"))
    # geturl() drops an empty place together with its slashes.
    return f"postgresql://{without.netloc}{without.path}" + (f"?{without.query}" if rest else ""), password


def url_as(url: str, role: str, password: str) -> str:
    """``url`` for another role."""
    parts = urlsplit(plain_url(url))
    rest = [(key, value) for key, value in parse_qsl(parts.query) if key not in {"user", "password"}]
    place = parts.netloc.rpartition("@")[2]
    query = f"?{urlencode(rest, safe='/')}" if rest else ""
    return f"postgresql://{quote(role, safe='')}:{quote(password, safe='')}@{place}{parts.path}{query}"


def serving_password(owner_password: str, role: str) -> str:
    """The password of a serving role beside an outside database: derived, so that every machine started with the same
    DATABASE_URL knows it and none has to store it; slow (scrypt, RFC 7914) so that it does not lead back.
    """
    key = hashlib.scrypt(
        owner_password.encode(), salt=f"doorstep role {role}".encode(), n=2**14, r=8, p=1, dklen=24
    )
    return base64.urlsafe_b64encode(key).decode()


async def provision(url: str, *, environ: Mapping[str, str] | None = None) -> DatabaseUrls:
    """The addresses of the three roles of the outside database ``url``, whose role owns the schema and migrates it.

    Makes what is missing (serving roles, their way in, the extension btree_gist); safe to repeat.
    DATABASE_URL_WEB and DATABASE_URL_SYSTEM in ``environ`` (the process's own by default) say how the serving roles sign
    in; a role of another name is made a member of the one the grants and policies name. Raises RolesMissing with the
    exact SQL when ``url``'s role may not, ServerTooOld below PostgreSQL 16, and what asyncpg raises when
    the database cannot be reached.
    """
    environ = os.environ if environ is None else environ
    owner = plain_url(url)
    given = {WEB: environ.get("DATABASE_URL_WEB"), SYSTEM: environ.get("DATABASE_URL_SYSTEM")}
    owner_password = url_password(owner)[1]
    derived = {role: serving_password(owner_password, role) for role in SERVING} if owner_password else {}
    connection = await asyncpg.connect(owner)
    try:
        if connection.get_server_version().major < OLDEST_MAJOR:
            raise ServerTooOld(
                f"The database of DATABASE_URL is PostgreSQL {connection.get_server_version().major}.",
                f"Doorstep needs {OLDEST_MAJOR} or later.",
            )
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        logins = {role: address for role, address in given.items() if address}
        await _make_missing(connection, logins, derived)
    finally:
        await connection.close()
    addresses = {
        role: plain_url(given[role] or url_as(owner, role, derived.get(role, ""))) for role in SERVING
    }
    for role, address in addresses.items():
        await _check_login(role, address, None if given[role] else derived.get(role))
    return DatabaseUrls(owner, addresses[WEB], addresses[SYSTEM])


async def _make_missing(
    connection: "asyncpg.Connection[asyncpg.Record]", logins: Mapping[str, str], derived: Mapping[str, str]
) -> None:
    database = str(await connection.fetchval("SELECT current_database()"))
    user = str(await connection.fetchval("SELECT current_user"))
    missing: list[str] = []
    for role in SERVING:
        exists = bool(await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role))
        if not exists:
            password = f" PASSWORD '{scram_verifier(derived[role])}'" if role in derived else ""
            missing.append(f"CREATE ROLE {role} {ATTRIBUTES}{password}")
        login = unquote(urlsplit(logins.get(role, "")).username or role)
        member = "SELECT pg_has_role(oid, $2, 'MEMBER') FROM pg_roles WHERE rolname = $1"
        if login != role and not (exists and await connection.fetchval(member, login, role)):
            missing.append(f"GRANT {role} TO {quoted(login)}")
        enters = "SELECT has_database_privilege($1, current_database(), 'CONNECT')"
        if not (exists and await connection.fetchval(enters, role)):
            missing.append(f"GRANT CONNECT ON DATABASE {quoted(database)} TO {role}")
        sees = "SELECT has_schema_privilege($1, 'public', 'USAGE')"
        if not (exists and await connection.fetchval(sees, role)):
            missing.append(f"GRANT USAGE ON SCHEMA public TO {role}")
    if not await connection.fetchval("SELECT has_schema_privilege('public', 'CREATE')"):
        missing.append(f"GRANT CREATE ON SCHEMA public TO {quoted(user)}")
    if not await connection.fetchval("SELECT true FROM pg_extension WHERE extname = $1", EXTENSION):
        missing.append(f"CREATE EXTENSION IF NOT EXISTS {EXTENSION}")
    try:
        async with connection.transaction():
            for statement in missing:
                await connection.execute(statement)
    except asyncpg.PostgresError as refusal:
        raise RolesMissing(
            f"The role {user} of DATABASE_URL may not make what Doorstep needs in {database} ({refusal}).",
            f"Let an administrator run this, connected to the database {database}, then start again:",
            missing,
        ) from refusal


async def _check_login(role: str, address: str, derived: str | None) -> None:
    try:
        connection = await asyncpg.connect(address)
    except asyncpg.InvalidAuthorizationSpecificationError as refusal:
        setting = {WEB: "DATABASE_URL_WEB", SYSTEM: "DATABASE_URL_SYSTEM"}[role]
        verifier = scram_verifier(derived) if derived else "choose one and put it into the address"
        raise RolesMissing(
            f"The role {role} is there, but its password is not the one tried ({refusal}).",
            f"Set {setting} to an address that signs in, or let an administrator run:",
            [f"ALTER ROLE {role} PASSWORD '{verifier}'"],
        ) from refusal
    await connection.close()


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
