"""Copies of a database: one consistent file by ``pg_dump``, brought back whole or not at all by ``pg_restore``."""

import asyncio
import os
from pathlib import Path
from urllib.parse import quote, urlsplit

import asyncpg

from doorstep.platform.postgres.errors import BackupFailed, DatabaseNotEmpty, RestoreFailed
from doorstep.platform.postgres.roles import SERVING, grants, plain_url, quoted, url_password

_LAST_LINES = 5
_LEAVING_POLLS = 20
_LEAVING_POLL_S = 0.05


async def backup(dsn: str, file: Path, *, bindir: Path) -> None:
    """Writes the database ``dsn`` as of one moment to ``file`` (PostgreSQL's custom format, mode 0600).

    ``dsn``'s role must see every row: the superuser of the embedded server, or one with BYPASSRLS elsewhere.
    ``bindir`` holds ``pg_dump`` of the server's version or later. An earlier ``file`` is replaced only by a
    complete one. Raises BackupFailed.
    """
    part = file.with_name(f"{file.name}.part")
    try:
        _make_private(part)
        await _run(bindir / "pg_dump", dsn, "--format=custom", "--no-password", f"--file={part}")
        await _run(bindir / "pg_restore", None, "--list", str(part))
        _put_in_place(part, file)
    except (OSError, _ProgramFailed) as failure:
        part.unlink(missing_ok=True)
        raise BackupFailed(
            f"No copy was made: {failure}.",
            "The role must see every row (superuser or BYPASSRLS), the disk must have room, and pg_dump must be of the "
            "server's version or later (PG_BINDIR).",
        ) from failure


async def restore(file: Path, dsn: str, *, bindir: Path, force: bool = False) -> None:
    """Brings the database ``dsn`` to what ``file`` holds; owners, grants and policies included.

    The roles that the copy names must exist. Into an empty database in one transaction. With ``force`` a full one is
    replaced: the copy is restored beside it and then takes its name, for which ``dsn``'s role must be able to
    make databases and nobody else may be connected. Raises DatabaseNotEmpty, RestoreFailed; the database is
    then as before.
    """
    try:
        await _run(bindir / "pg_restore", None, "--list", str(file))
        connection = await asyncpg.connect(plain_url(dsn))
        try:
            name = str(await connection.fetchval("SELECT current_database()"))
            holds = int(await connection.fetchval(_OBJECTS))
        finally:
            await connection.close()
        if not holds:
            await _fill(file, dsn, bindir)
        elif force:
            await _replace(file, dsn, bindir, name)
        else:
            raise DatabaseNotEmpty(
                f"The database {name} holds {holds} tables, views and functions already.",
                "Restore into a new DOORSTEP_HOME or an empty database, or ask for replacement (--force).",
            )
    except (OSError, _ProgramFailed, _InUse, asyncpg.PostgresError) as failure:
        raise RestoreFailed(
            f"{file} was not restored: {failure}.",
            "The database is as it was. Stop every Doorstep process first; the roles named in the copy must exist.",
        ) from failure


_OBJECTS = """
SELECT (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                                     AND d.deptype = 'e'))
     + (SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
                                                     AND d.deptype = 'e'))
"""


async def _fill(file: Path, dsn: str, bindir: Path) -> None:
    await _run(
        bindir / "pg_restore", dsn, "--single-transaction", "--exit-on-error", "--no-password", str(file)
    )


async def _replace(file: Path, dsn: str, bindir: Path, name: str) -> None:
    fresh, former = f"{name}_restoring", f"{name}_before_restore"
    connection = await asyncpg.connect(_at(dsn, "postgres"))
    try:
        owner = str(
            await connection.fetchval("SELECT datdba::regrole FROM pg_database WHERE datname = $1", name)
        )
        await connection.execute(f"DROP DATABASE IF EXISTS {quoted(fresh)} WITH (FORCE)")
        await _refuse_others(connection, name)
        # The server's own language and encoding; regrole above is quoted already.
        await connection.execute(f"CREATE DATABASE {quoted(fresh)} OWNER {owner} TEMPLATE template0")
        try:
            await _fill(file, _at(dsn, fresh), bindir)
            await connection.execute(f"REVOKE ALL ON DATABASE {quoted(fresh)} FROM PUBLIC")
            present = await connection.fetch(
                "SELECT rolname FROM pg_roles WHERE rolname = ANY($1::text[])", SERVING
            )
            for statement in grants(fresh) if len(present) == len(SERVING) else ():
                await connection.execute(statement)
            async with connection.transaction():
                await connection.execute(f"ALTER DATABASE {quoted(name)} RENAME TO {quoted(former)}")
                await connection.execute(f"ALTER DATABASE {quoted(fresh)} RENAME TO {quoted(name)}")
        except BaseException:
            await connection.execute(f"DROP DATABASE IF EXISTS {quoted(fresh)} WITH (FORCE)")
            raise
        await connection.execute(f"DROP DATABASE {quoted(former)} WITH (FORCE)")
    finally:
        await connection.close()


async def _refuse_others(connection: "asyncpg.Connection[asyncpg.Record]", name: str) -> None:
    """Says so before the long work; the change of names at its end would only wait and fail."""
    others = 0
    for _ in range(_LEAVING_POLLS):  # those who have just signed out are seen for a moment longer
        others = int(
            await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE datname = $1", name)
        )
        if not others:
            return
        await asyncio.sleep(_LEAVING_POLL_S)
    raise _InUse(f"{others} other session(s) use the database {name}")


class _InUse(Exception):
    """Somebody else is connected."""


class _ProgramFailed(Exception):
    """One of PostgreSQL's programs did not succeed."""


async def _run(program: Path, dsn: str | None, *arguments: str) -> None:
    environment = dict(os.environ)
    if dsn is not None:
        # Other users of the machine can read command lines, so the password goes another way.
        address, password = url_password(dsn)
        arguments = (f"--dbname={address}", *arguments)
        if password is not None:
            environment["PGPASSWORD"] = password
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said = (await process.communicate())[1].decode(errors="replace").strip().splitlines()
    except BaseException:
        if process.returncode is None:
            process.kill()
        raise
    if process.returncode != 0:
        raise _ProgramFailed(
            " ".join(said[-_LAST_LINES:]) or f"{program.name} ended with {process.returncode}"
        )


def _at(dsn: str, database: str) -> str:
    url = plain_url(dsn)
    path = urlsplit(url).path
    head, _, query = url.partition("?")
    return f"{head.removesuffix(path)}/{quote(database, safe='')}" + (f"?{query}" if query else "")


def _make_private(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _put_in_place(part: Path, file: Path) -> None:
    part.replace(file)
    descriptor = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
