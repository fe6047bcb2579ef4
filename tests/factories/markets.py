"""Markets that tests need."""

from zoneinfo import ZoneInfo

from doorstep.features.markets import seeds, service
from doorstep.features.markets.rules import Market, NewMarket, Stage
from doorstep.platform.db.work import Work
from doorstep.units.geo import LatLng, Polygon

NASHVILLE = LatLng(lat=36.1627, lng=-86.7816)  # downtown, in ZIP 37201 to 37219


def square(centre: LatLng, half_deg: float = 0.5) -> Polygon:
    """A square of ``half_deg`` degrees to each side of ``centre``."""
    south, north = centre.lat - half_deg, centre.lat + half_deg
    west, east = centre.lng - half_deg, centre.lng + half_deg
    corners = ((south, west), (south, east), (north, east), (north, west))
    return Polygon(tuple(LatLng(lat=lat, lng=lng) for lat, lng in corners))


def new_market(slug: str = "testville", centre: LatLng = NASHVILLE, stage: Stage = Stage.OPEN) -> NewMarket:
    """A square market in Nashville's time zone."""
    return NewMarket(
        slug=slug,
        name=slug.title(),
        timezone=ZoneInfo("America/Chicago"),
        area=square(centre),
        stage=stage,
    )


async def make_market(
    work: Work, slug: str = "testville", centre: LatLng = NASHVILLE, stage: Stage = Stage.OPEN
) -> Market:
    """A square market that is open, around downtown Nashville unless told."""
    return await service.make_market(work, new_market(slug, centre, stage))


async def make_nashville(work: Work) -> Market:
    """The pilot Nashville, as seeded."""
    (nashville, _new_orleans) = seeds.pilots()
    return await service.make_market(work, nashville)
