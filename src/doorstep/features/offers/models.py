"""Tables of offers and trips."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from doorstep.platform.db.rows import Row, Visible

ASKED = "doorstep_subject() = ANY (driver_ids)"
OWN = "driver_id = doorstep_subject()"
NO_DELETE = "SELECT, INSERT, UPDATE"

FROZEN = """
CREATE FUNCTION offers_terms_are_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' THEN
    RAISE EXCEPTION '% of offers is refused: what was shown stays', TG_OP USING ERRCODE = 'restrict_violation';
  END IF;
  IF (NEW.id, NEW.market_id, NEW.mode, NEW.terms, NEW.terms_hash, NEW.expires_at, NEW.driver_ids, NEW.delivery_ids,
      NEW.next_best_min)
     IS DISTINCT FROM
     (OLD.id, OLD.market_id, OLD.mode, OLD.terms, OLD.terms_hash, OLD.expires_at, OLD.driver_ids, OLD.delivery_ids,
      OLD.next_best_min)
  THEN
    RAISE EXCEPTION 'the terms of an offer are frozen when it is shown' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.state <> 'open' AND NEW.state <> OLD.state THEN
    RAISE EXCEPTION 'an offer that is % stays so', OLD.state USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$
"""


NO_STAYS = """
CREATE FUNCTION a_no_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'what a driver said no to stays' USING ERRCODE = 'restrict_violation'; END $$
"""
LATELY = """
CREATE FUNCTION offers_lately(market uuid, since timestamptz)
RETURNS TABLE (lat double precision, lng double precision, offers bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH made AS (
    SELECT (o.terms #>> '{pickups,0,point,lat_e6}')::double precision / 1e6 AS lat,
           (o.terms #>> '{pickups,0,point,lng_e6}')::double precision / 1e6 AS lng
      FROM offers o WHERE o.market_id = market AND o.shown_at >= since
     ORDER BY o.shown_at DESC LIMIT 2000
  )
  SELECT avg(lat), avg(lng), count(*) FROM made
   GROUP BY round(lat * 50), round(lng * 40) ORDER BY count(*) DESC, 1 LIMIT 40
$$
"""
"""Cells of about two kilometres; tells no offer, shop or driver."""


class OfferRow(Row):
    """One offer. Whom it asks and what for stand on the row, so that its walls need no other table."""

    __tablename__ = "offers"
    __visible__ = Visible(
        driver=ASKED,
        web=NO_DELETE,
        system=NO_DELETE,
        extra=(
            FROZEN,
            "CREATE POLICY offers_counted ON offers FOR SELECT TO CURRENT_USER USING (true)",
            LATELY,
            "REVOKE ALL ON FUNCTION offers_lately(uuid, timestamptz) FROM PUBLIC",
            "GRANT EXECUTE ON FUNCTION offers_lately(uuid, timestamptz) TO doorstep_web, doorstep_system",
            (
                "CREATE TRIGGER offers_frozen BEFORE UPDATE OR DELETE ON offers"
                " FOR EACH ROW EXECUTE FUNCTION offers_terms_are_frozen()"
            ),
            (
                "CREATE TRIGGER offers_kept BEFORE TRUNCATE ON offers"
                " FOR EACH STATEMENT EXECUTE FUNCTION offers_terms_are_frozen()"
            ),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    mode: Mapped[str]
    state: Mapped[str]
    driver_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    delivery_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    directed_to: Mapped[UUID | None]
    terms: Mapped[dict[str, Any]]
    terms_hash: Mapped[str]
    legs_s: Mapped[list[Any]]  # seconds of each leg, the approach first: for estimates, not part of the terms
    pickup_stop_s: Mapped[int]
    drop_stop_s: Mapped[int]
    tick_id: Mapped[UUID | None]
    next_best_min: Mapped[float | None] = mapped_column(Float)  # as in Proposal
    awaiting: Mapped[int]  # how many of those asked may still say yes
    shown_at: Mapped[datetime]
    shown_wall: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_by: Mapped[UUID | None]
    trip_id: Mapped[UUID | None]
    closed_at: Mapped[datetime | None]
    why: Mapped[str]
    events_count: Mapped[int]
    __table_args__ = (
        CheckConstraint("(state = 'accepted') = (accepted_by IS NOT NULL)", name="accepted_by_one"),
        Index("ix_offers_open", "market_id", "expires_at", postgresql_where=text("state = 'open'")),
        Index(
            "ix_offers_asked", "driver_ids", postgresql_using="gin", postgresql_where=text("state = 'open'")
        ),
        Index(
            "uq_offers_directed", "directed_to", unique=True,
            postgresql_where=text("state = 'open' AND directed_to IS NOT NULL"),
        ),
        Index("ix_offers_market", "market_id", "id"),
        Index("ix_offers_shown", "market_id", "shown_at"),
    )  # fmt: skip


class OfferedRow(Row):
    """A delivery in an offer: in one open offer at most."""

    __tablename__ = "offered_deliveries"
    __visible__ = Visible(driver=ASKED, web=NO_DELETE, system=NO_DELETE)
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offers.id"), primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    driver_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    open: Mapped[bool]
    __table_args__ = (
        Index("uq_offered_deliveries_open", "delivery_id", unique=True, postgresql_where=text("open")),
        Index("ix_offered_deliveries_delivery", "delivery_id"),
    )


class AnswerRow(Row):
    """What one driver answered to one offer."""

    __tablename__ = "offer_answers"
    __visible__ = Visible(driver=OWN, web="SELECT, INSERT", system="SELECT, INSERT")
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offers.id"), primary_key=True)
    driver_id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    answer: Mapped[str]
    at: Mapped[datetime]
    __table_args__ = (Index("ix_offer_answers_driver", "driver_id", "at"),)


class RefusalRow(Row):
    """A delivery that a driver passed on: not offered to her again, unless it pays more (``rising``). Nothing else follows."""

    __tablename__ = "offer_refusals"
    __visible__ = Visible(
        driver=OWN, web=NO_DELETE, system=f"{NO_DELETE}, DELETE",
        extra=(NO_STAYS, ("CREATE TRIGGER offer_refusals_stay BEFORE UPDATE ON offer_refusals FOR EACH ROW"
               " WHEN (NEW.times <= OLD.times OR (OLD.final AND NOT NEW.final)) EXECUTE FUNCTION a_no_stays()")),
    )  # fmt: skip
    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    driver_id: Mapped[UUID] = mapped_column(primary_key=True)
    market_id: Mapped[UUID]
    answer: Mapped[str]  # the last
    times: Mapped[int]
    extra_minor: Mapped[int]  # what it paid beyond base and tip, the last time
    final: Mapped[bool]
    at: Mapped[datetime]


class TripRow(Row):
    """An accepted offer on the road."""

    __tablename__ = "trips"
    __visible__ = Visible(driver=OWN, web=NO_DELETE, system=NO_DELETE)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offers.id"), unique=True)
    market_id: Mapped[UUID]
    driver_id: Mapped[UUID]
    state: Mapped[str]
    delivery_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))  # those still on it
    terms_hash: Mapped[str]
    accepted_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    events_count: Mapped[int]
    joined: Mapped[dict[str, Any]]  # by delivery, the offer by which it joined later
    __table_args__ = (
        Index("uq_trips_under_way", "driver_id", unique=True, postgresql_where=text("state = 'under_way'")),
        Index("uq_trips_next", "driver_id", unique=True, postgresql_where=text("state = 'next'")),
        Index("ix_trips_live", "market_id", postgresql_where=text("state IN ('next', 'under_way')")),
        Index("ix_trips_driver", "driver_id", "id"),
    )


class StopRow(Row):
    """One stop of a trip."""

    __tablename__ = "trip_stops"
    __visible__ = Visible(driver=OWN, web=NO_DELETE, system=NO_DELETE)
    trip_id: Mapped[UUID] = mapped_column(ForeignKey("trips.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    driver_id: Mapped[UUID]
    market_id: Mapped[UUID]
    kind: Mapped[str]
    store_id: Mapped[UUID | None]
    delivery_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    lat: Mapped[float] = mapped_column(Float)
    lng: Mapped[float] = mapped_column(Float)
    leg_m: Mapped[int]
    leg_s: Mapped[int]
    stop_s: Mapped[int]
    not_before: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    state: Mapped[str]
    reached_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]


class ChangeRow(Row):
    """A delivery left a trip: the visible line, with what stays owed for it."""

    __tablename__ = "trip_changes"
    __visible__ = Visible(driver=OWN, web="SELECT, INSERT", system="SELECT, INSERT")
    trip_id: Mapped[UUID] = mapped_column(ForeignKey("trips.id"), primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    driver_id: Mapped[UUID]
    market_id: Mapped[UUID]
    cause: Mapped[str]
    why: Mapped[str]
    kept_minor: Mapped[int]
    tip_cover_minor: Mapped[int]
    currency: Mapped[str]
    at: Mapped[datetime]
