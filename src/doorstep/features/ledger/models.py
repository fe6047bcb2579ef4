"""The ledger's tables. Serving roles may read and add, never change; see ``guards``."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from doorstep.features.ledger import guards
from doorstep.platform.db.rows import Row, Visible

APPEND = "SELECT, INSERT"


class TransactionRow(Row):
    """One balanced set of entries. ``lines`` tells how many, so that none can be added later."""

    __tablename__ = "ledger_transactions"
    __visible__ = Visible(
        merchant="tenant_id = doorstep_tenant()",
        web=APPEND,
        system=APPEND,
        extra=(
            guards.REFUSE_CHANGE,
            guards.CHECK_BALANCED,
            guards.owner_reads("ledger_transactions"),
            guards.frozen("ledger_transactions"),
            guards.check_at_commit("ledger_transactions"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    fact: Mapped[str] = mapped_column(Text(collation="C"), unique=True)  # C: a prefix is a range of the index
    kind: Mapped[str]
    state: Mapped[str]
    lines: Mapped[int]
    content_hash: Mapped[str]
    memo: Mapped[str]
    at: Mapped[datetime]
    market_id: Mapped[UUID | None]
    tenant_id: Mapped[UUID | None]  # the merchant who may see it
    settles: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_transactions.id"), unique=True)
    reverses: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_transactions.id"), unique=True)
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'posted')", name="state"),
        CheckConstraint("lines >= 2", name="lines"),
        Index("ix_ledger_transactions_market_id_at", "market_id", "at"),
        Index("ix_ledger_transactions_at", "at"),
    )


class EntryRow(Row):
    """One line: debit positive. ``pending`` and ``at`` repeat the transaction's for fast sums and statements."""

    __tablename__ = "ledger_entries"
    __visible__ = Visible(
        merchant="owner_kind = 'merchant' AND owner_id = doorstep_tenant()",
        driver="owner_kind = 'driver' AND owner_id = doorstep_subject()",
        provider="owner_kind = 'provider' AND owner_id = doorstep_subject()",
        adds="doorstep_audience() = 'merchant' AND owner_kind = 'platform'",
        web=APPEND,
        system=APPEND,
        extra=(
            guards.TRACK_OWED,
            guards.owner_reads("ledger_entries"),
            guards.frozen("ledger_entries"),
            guards.check_at_commit("ledger_entries"),
            (
                "CREATE TRIGGER ledger_entries_owed AFTER INSERT ON ledger_entries FOR EACH ROW"
                " WHEN (NEW.owner_kind = 'merchant') EXECUTE FUNCTION ledger_track_owed()"
            ),
        ),
    )
    transaction_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_transactions.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(Text(collation="C"))
    amount_minor: Mapped[int]
    currency: Mapped[str]
    pending: Mapped[bool]
    owner_kind: Mapped[str]
    owner_id: Mapped[UUID | None]
    delivery_id: Mapped[UUID | None]
    at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("amount_minor <> 0", name="amount"),
        CheckConstraint("(owner_kind = 'platform') = (owner_id IS NULL)", name="owner"),
        CheckConstraint("owner_kind IN ('platform', 'merchant', 'driver', 'provider')", name="owner_kind"),
        Index(
            "ix_ledger_entries_account",
            "account",
            "at",
            "transaction_id",
            postgresql_include=["amount_minor", "currency", "pending"],
        ),
        Index("ix_ledger_entries_owner_id", "owner_id", "at", postgresql_where=text("owner_id IS NOT NULL")),
        Index(
            "ix_ledger_entries_delivery_id", "delivery_id", postgresql_where=text("delivery_id IS NOT NULL")
        ),
    )


class ClosureRow(Row):
    """The end of a reserve: settled by another transaction, or voided. One per pending transaction."""

    __tablename__ = "ledger_closures"
    __visible__ = Visible(
        merchant="tenant_id = doorstep_tenant()",
        web=APPEND,
        system=APPEND,
        extra=(
            guards.CLOSE_RESERVE,
            guards.owner_reads("ledger_closures"),
            guards.frozen("ledger_closures"),
            (
                "CREATE TRIGGER ledger_closures_close AFTER INSERT ON ledger_closures FOR EACH ROW"
                " EXECUTE FUNCTION ledger_close_reserve()"
            ),
        ),
    )
    transaction_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_transactions.id"), primary_key=True)
    how: Mapped[str]
    settled_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("ledger_transactions.id", deferrable=True, initially="DEFERRED")
    )
    tenant_id: Mapped[UUID | None]
    at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("how IN ('settled', 'voided')", name="how"),
        CheckConstraint("(how = 'settled') = (settled_by IS NOT NULL)", name="settled_by"),
    )


class OwedRow(Row):
    """What each merchant owes, posted and pending, less what it prepaid: kept by triggers, checked nightly.

    Also the lock under which credit is granted: one row per merchant and currency, so that merchants do
    not wait for one another.
    """

    __tablename__ = "ledger_owed"
    __visible__ = Visible(
        merchant="merchant_id = doorstep_tenant()",
        web="SELECT",
        system="SELECT",
        extra=(
            guards.LOCK_OWED,
            guards.DIFFERENCE,
            "CREATE POLICY ledger_owed_kept ON ledger_owed TO CURRENT_USER USING (true) WITH CHECK (true)",
            *guards.callable_by_servers("ledger_lock_owed(uuid, text)"),
            *guards.callable_by_servers("ledger_difference_minor(uuid)"),
        ),
    )
    merchant_id: Mapped[UUID] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    posted_minor: Mapped[int]
    pending_minor: Mapped[int]
