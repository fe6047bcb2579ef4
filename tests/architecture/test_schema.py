"""The database is what the rows say, and its walls stand."""

import asyncpg
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from tests.conftest import Server

from doorstep.app import wiring
from doorstep.platform.db import migrate, schema
from doorstep.platform.db.rows import Row, visible_of


async def _catalog(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Everything about the schema that a migration could forget."""
    connection = await asyncpg.connect(url)
    wanted = {
        "policies": "SELECT tablename, policyname, cmd, roles::text, qual, with_check FROM pg_policies WHERE schemaname = 'public'",
        "forced": "SELECT relname, relrowsecurity, relforcerowsecurity, relpersistence FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')",
        "grants": "SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants WHERE table_schema = 'public'",
        "column_grants": "SELECT table_name, column_name, grantee, privilege_type FROM information_schema.column_privileges WHERE table_schema = 'public'",
        "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
        "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns WHERE table_schema = 'public'",
        "triggers": "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "functions": "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname NOT LIKE 'g%'",
    }
    found = {name: sorted(tuple(row) for row in await connection.fetch(sql)) for name, sql in wanted.items()}
    await connection.close()
    for rows in (
        found["indexes"],
        found["columns"],
        found["grants"],
        found["column_grants"],
        found["constraints"],
        found["forced"],
    ):
        rows[:] = [row for row in rows if not any("alembic_version" in str(cell) for cell in row)]
    return found


async def test_migrations_and_rows_tell_the_same(server: Server, database_name: str) -> None:
    """The database of the declared rows and the one of the migrations have the same catalog."""
    admin = await asyncpg.connect(server.url("postgres"))
    await admin.execute(f"CREATE DATABASE {database_name}_m OWNER doorstep_owner")
    await admin.close()
    prepare = await asyncpg.connect(server.url(f"{database_name}_m"))
    await prepare.execute(
        "CREATE EXTENSION IF NOT EXISTS btree_gist; ALTER SCHEMA public OWNER TO doorstep_owner"
    )
    await prepare.close()
    url = server.url(f"{database_name}_m", "doorstep_owner")
    await migrate.upgrade(url)
    assert await migrate.revision(url) == migrate.head()
    await migrate.upgrade(url)  # twice is once
    declared, migrated = (
        await _catalog(server.url(database_name)),
        await _catalog(server.url(f"{database_name}_m")),
    )
    for part, rows in declared.items():
        assert rows == migrated[part], (
            f"{part} differ: run `make schema` before the first release, else write a migration"
        )
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), Row.metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_every_tenant_table_forces_row_level_security(server: Server, database_name: str) -> None:
    wiring.import_rows()
    connection = await asyncpg.connect(server.url(database_name))
    rows = await connection.fetch(
        "SELECT relname, relrowsecurity AND relforcerowsecurity AS walled FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    )
    tenants = {
        row["table_name"]
        for row in await connection.fetch(
            "SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND column_name IN ('merchant_id', 'driver_id', 'provider_id', 'delivery_id', 'owner_id', 'tenant')"
        )
    }
    await connection.close()
    open_tables = {row["relname"] for row in rows if not row["walled"]}
    assert not open_tables & tenants
    for table in open_tables:
        assert visible_of(table).why, f"{table} stands open and does not say why"


async def test_serving_roles_own_nothing_and_bypass_nothing(server: Server, database_name: str) -> None:
    connection = await asyncpg.connect(server.url(database_name))
    for role in schema.SERVING.values():
        row = await connection.fetchrow(
            "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = $1", role
        )
        assert row is not None
        assert not row["rolsuper"]
        assert not row["rolbypassrls"]
        owned = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE tableowner = $1", role)
        assert owned == 0
    await connection.close()
