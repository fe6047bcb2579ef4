"""Rows: the declarative root of all tables, with visibility declared beside the columns.

PostgreSQL row-level security holds the tenants apart even where a query forgets to. ``Visible`` gives,
per audience, the SQL condition under which the web role sees (and may write) a row; an audience left out
sees nothing. The system role sees all rows. Functions available in conditions: ``doorstep_tenant()``,
``doorstep_subject()`` (uuid or null) and ``doorstep_audience()`` (text).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, MetaData, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
ALL = "SELECT, INSERT, UPDATE, DELETE"


@dataclass(frozen=True, slots=True)
class Visible:
    """Who sees a table's rows through the web role, as SQL conditions per audience.

    ``staff`` defaults to everything. ``web`` and ``system`` are the privileges granted to the two
    serving roles. ``secured=False`` leaves row-level security off: only for tables that hold nothing of
    any tenant; ``why`` must then say so.
    """

    merchant: str | None = None
    driver: str | None = None
    shopper: str | None = None
    provider: str | None = None
    public: str | None = None
    gate: str | None = None
    staff: str | None = "true"
    web: str = ALL
    system: str = ALL
    secured: bool = True
    why: str = ""
    adds: str | None = None  # a wider condition for INSERT alone: rows one may write but not read back
    extra: tuple[str, ...] = field(default=())  # further DDL: triggers, column grants

    def condition(self) -> str:
        """The policy's condition for the web role."""
        cases = {
            "staff": self.staff,
            "merchant": self.merchant,
            "driver": self.driver,
            "shopper": self.shopper,
            "provider": self.provider,
            "public": self.public,
            "gate": self.gate,
        }
        arms = " ".join(f"WHEN '{name}' THEN ({sql})" for name, sql in cases.items() if sql is not None)
        return f"CASE doorstep_audience() {arms} ELSE false END" if arms else "false"


OPEN = Visible(secured=False, why="facts about the network that every audience may read", web=ALL)
HIDDEN = Visible(staff=None, web="", why="for dispatcher and worker alone")


class Row(DeclarativeBase):
    """A table. Every subclass sets ``__visible__``."""

    metadata = MetaData(naming_convention=NAMES)
    __visible__: ClassVar[Visible]
    __forgotten__: ClassVar[str] = ""
    """When a row may go, as an SQL condition; see ``platform.forgetting``. Empty: kept for ever."""
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        UUID: Uuid(),
        str: Text(),
        int: BigInteger(),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
    }


def visible_of(table_name: str) -> Visible:
    """The visibility declared for ``table_name``. Raises KeyError for a table nobody declared."""
    for mapper in Row.registry.mappers:
        if mapper.class_.__tablename__ == table_name:
            visible: Visible = mapper.class_.__visible__
            return visible
    raise KeyError(table_name)
