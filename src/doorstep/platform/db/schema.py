"""The schema as SQL text, made from the declared rows: tables, policies, grants, triggers.

The first migration holds exactly this text; later changes are migrations of their own. A test compares
the migrated database with the declared rows, so the two cannot drift apart.
"""

import hashlib
from collections.abc import Iterable

from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from doorstep.platform.db.rows import Row, visible_of

SERVING = {"web": "doorstep_web", "system": "doorstep_system"}

FUNCTIONS = """
CREATE FUNCTION doorstep_audience() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
  $$SELECT coalesce(current_setting('doorstep.audience', true), '')$$;
CREATE FUNCTION doorstep_subject() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
  $$SELECT nullif(current_setting('doorstep.subject', true), '')::uuid$$;
CREATE FUNCTION doorstep_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
  $$SELECT nullif(current_setting('doorstep.tenant', true), '')::uuid$$;
"""


def policies(table: str) -> list[str]:
    """Grants, row-level security and further DDL of one table."""
    visible = visible_of(table)
    statements = [f"REVOKE ALL ON {table} FROM PUBLIC"]
    for privileges, role in ((visible.web, SERVING["web"]), (visible.system, SERVING["system"])):
        if privileges:
            statements.append(f"GRANT {privileges} ON {table} TO {role}")
    if visible.secured:
        statements += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            (
                f"CREATE POLICY {table}_web ON {table} TO {SERVING['web']}"
                f" USING ({visible.condition()}) WITH CHECK ({visible.condition()})"
            ),
            f"CREATE POLICY {table}_system ON {table} TO {SERVING['system']} USING (true) WITH CHECK (true)",
        ]
        if visible.adds:
            statements.append(
                f"CREATE POLICY {table}_adds ON {table} FOR INSERT TO {SERVING['web']} WITH CHECK ({visible.adds})"
            )
    return statements + list(visible.extra)


def statements() -> Iterable[str]:
    """All DDL in the order in which it must run. All modules with rows must be imported before."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    yield FUNCTIONS
    tables = Row.metadata.sorted_tables
    for table in tables:
        yield str(CreateTable(table).compile(dialect=dialect)).strip()
        for index in sorted(table.indexes, key=lambda i: str(i.name)):
            yield str(CreateIndex(index).compile(dialect=dialect)).strip()
    for table in tables:
        yield from policies(table.name)


def sql() -> str:
    """The whole schema as one script."""
    return "\n".join(f"{s.rstrip().rstrip(';')};" for s in statements()) + "\n"


def fingerprint() -> str:
    """A short hash of the schema: names the template database of a test run."""
    return hashlib.sha256(sql().encode()).hexdigest()[:12]
