"""The first schema: every table, policy and trigger, as written in the SQL file beside this one."""

from pathlib import Path

from alembic import op

revision = "2026_11_21_0000"
down_revision = None


def upgrade() -> None:
    """Run the whole script; asyncpg takes several statements only outside its prepared ones."""
    sql = Path(__file__).with_name("2026_11_21_0000_the_first_schema.sql").read_text()
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.run_async(lambda driver: driver.execute(sql))
