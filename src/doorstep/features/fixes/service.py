"""Verbs of positions. Phones' own fixes come in by ``ingest`` and are written behind."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from doorstep.features.fixes.models import PositionRow
from doorstep.platform.db.work import Work
from doorstep.units.geo import LatLng
from doorstep.units.time import MarketInstant

_ROW = insert(PositionRow.__table__)  # type: ignore[arg-type]
_PLACE = _ROW.on_conflict_do_update(
    index_elements=["driver_id"],
    set_={name: _ROW.excluded[name] for name in ("market_id", "lat", "lng", "device_at", "at")}
    | {"accuracy_m": None, "heading_deg": None, "speed_mps": None},
    where=PositionRow.__table__.c.device_at < _ROW.excluded.device_at,
)


async def was_at(work: Work, driver_id: UUID, market_id: UUID, point: LatLng, at: MarketInstant) -> None:
    """What a driver did tells where she was: at ``point``, unless her phone has told something newer.

    In this very transaction, so that whoever hears that her trip is over also knows where she is; what phones
    tell is written up to a second later.
    """
    where = {"lat": point.lat, "lng": point.lng, "device_at": at, "at": work.now()}
    await work.session.execute(_PLACE, {"driver_id": driver_id, "market_id": market_id, **where})
