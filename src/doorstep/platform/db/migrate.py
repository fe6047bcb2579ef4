"""Brings a database to the schema of this version, with Alembic, as the owner role."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

LOCK = 0x646F6F72  # one migrator at a time, whoever starts first


def scripts() -> Path:
    """The folder of migrations: inside an installed package, or at the top of a checkout."""
    installed = Path(__file__).parents[2] / "migrations"
    return installed if installed.is_dir() else Path(__file__).parents[4] / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts()))
    return config


def head() -> str:
    """The newest revision this version knows."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    assert newest is not None
    return newest


def _upgrade(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def upgrade(owner_url: str) -> None:
    """Run all migrations that are missing, in one transaction. ``owner_url`` as plain ``postgresql://``."""
    engine = create_async_engine(owner_url.replace("postgresql://", "postgresql+asyncpg://", 1))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def revision(url: str) -> str | None:
    """The revision a database is at."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(
                lambda sync: MigrationContext.configure(sync).get_current_revision()
            )
    finally:
        await engine.dispose()
