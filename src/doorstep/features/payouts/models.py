"""What drivers earned. Serving roles add and read; nothing is changed or removed."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Index
from sqlalchemy.orm import Mapped, mapped_column

from doorstep.platform.db.rows import Row, Visible

OWN = "driver_id = doorstep_subject()"


def _owner_reads(table: str) -> str:
    return f"CREATE POLICY {table}_compared ON {table} FOR SELECT TO CURRENT_USER USING (true)"


COMPARED = """
CREATE FUNCTION payouts_compared(market uuid, driver uuid)
RETURNS TABLE (market_id uuid, week date, currency text, drivers bigint, deliveries bigint,
               promised bigint, paid bigint, additions bigint, difference bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH due AS (
    SELECT r.market_id, r.delivery_id, r.driver_id, r.currency,
           date_trunc('week', min(r.day)::timestamp)::date AS week, sum(r.due_minor) AS promised
      FROM reckonings r
     WHERE (market IS NULL OR r.market_id = market) AND (driver IS NULL OR r.driver_id = driver)
     GROUP BY r.market_id, r.delivery_id, r.driver_id, r.currency
  ), beside AS (
    SELECT d.*,
           (SELECT coalesce(-sum(e.amount_minor), 0) FROM ledger_entries e
             WHERE e.delivery_id = d.delivery_id AND e.owner_kind = 'driver' AND e.owner_id = d.driver_id
               AND e.currency = d.currency AND NOT e.pending) AS received,
           (SELECT coalesce(sum(a.amount_minor), 0) FROM earnings a
             WHERE a.delivery_id = d.delivery_id AND a.driver_id = d.driver_id
               AND a.currency = d.currency AND NOT a.promised) AS added
      FROM due d
  )
  SELECT b.market_id, b.week, b.currency, count(DISTINCT b.driver_id), count(*), sum(b.promised)::bigint,
         sum(b.received - b.added)::bigint, sum(b.added)::bigint,
         sum(abs(b.promised + b.added - b.received))::bigint
    FROM beside b GROUP BY b.market_id, b.week, b.currency ORDER BY b.market_id, b.week, b.currency
$$
"""


class ReckoningRow(Row):
    """What came due for a driver's work on one delivery of one trip, and the promise it rests on."""

    __tablename__ = "reckonings"
    __visible__ = Visible(
        driver=OWN,
        web="SELECT",
        system="SELECT, INSERT",
        extra=(
            _owner_reads("reckonings"),
            COMPARED,
            "REVOKE ALL ON FUNCTION payouts_compared(uuid, uuid) FROM PUBLIC",
            "GRANT EXECUTE ON FUNCTION payouts_compared(uuid, uuid) TO doorstep_web, doorstep_system",
        ),
    )
    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    trip_id: Mapped[UUID] = mapped_column(primary_key=True)
    driver_id: Mapped[UUID]
    market_id: Mapped[UUID]
    offer_id: Mapped[UUID]
    ending: Mapped[str]
    offered_minor: Mapped[int]
    due_minor: Mapped[int]
    currency: Mapped[str]
    terms_hash: Mapped[str]
    inputs: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    day: Mapped[date] = mapped_column(Date)  # in the market's own time
    __table_args__ = (
        Index("ix_reckonings_driver", "driver_id", "at"),
        Index("ix_reckonings_market", "market_id", "day"),
    )


class EarningRow(Row):
    """One line of a driver's earnings; ``version`` is zero, or the number of the event that added the line."""

    __tablename__ = "earnings"
    __visible__ = Visible(
        driver=OWN, web="SELECT", system="SELECT, INSERT", extra=(_owner_reads("earnings"),)
    )
    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    trip_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    driver_id: Mapped[UUID]
    market_id: Mapped[UUID]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    promised: Mapped[bool]
    why: Mapped[str]
    at: Mapped[datetime]
    day: Mapped[date] = mapped_column(Date)  # in the market's own time
    __table_args__ = (Index("ix_earnings_driver", "driver_id", "at"),)
