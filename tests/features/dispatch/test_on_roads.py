"""Dispatch on real roads: who is near by road is asked, not who is near as the crow flies."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.factories.deliveries import DOWNTOWN
from tests.factories.dispatch import stand, turn
from tests.factories.network import Network
from tests.factories.offers import a_town

from doorstep.connectors.maps.great_circle import GreatCircleTravel
from doorstep.connectors.maps.osrm import RoadTravel
from doorstep.features.offers import queries as offers
from doorstep.units.geo import LatLng, great_circle_m
from doorstep.units.time import MarketInstant

pytest.importorskip("osrm", reason="the extra doorstep[roads] is not installed")

SHOP = DOWNTOWN.point
OVER_THE_RIVER = LatLng(lat=SHOP.lat + 0.004, lng=SHOP.lng)  # 450 m off, and no bridge for 6 km
THE_BRIDGE = LatLng(lat=SHOP.lat + 0.002, lng=SHOP.lng - 0.033)
SAME_SIDE = LatLng(lat=SHOP.lat - 0.012, lng=SHOP.lng)  # 1.3 km off, down the street


def river_town(drop: LatLng) -> str:
    """Two streets that meet at a bridge far away, in OpenStreetMap's XML."""
    spots = {1: SHOP, 2: OVER_THE_RIVER, 3: THE_BRIDGE, 4: SAME_SIDE, 5: drop}
    nodes = "".join(f'<node id="{i}" version="1" lat="{p.lat}" lon="{p.lng}"/>' for i, p in spots.items())
    ways = "".join(
        f'<way id="{10 + number}" version="1">'
        + "".join(f'<nd ref="{one}"/>' for one in street)
        + '<tag k="highway" v="residential"/></way>'
        for number, street in enumerate([(2, 3), (3, 1), (4, 1), (1, 5)])
    )
    return f'<?xml version="1.0"?><osm version="0.6">{nodes}{ways}</osm>'


async def test_a_river_between_them_is_seen(network: Network, tmp_path: Path) -> None:
    town = await a_town(network)
    near_by_air, near_by_road = town.drivers
    await stand(network, near_by_air, OVER_THE_RIVER)
    await stand(network, near_by_road, SAME_SIDE)
    delivery = await town.delivery(ready_at=MarketInstant(network.clock.market_now() + timedelta(minutes=3)))
    extract = tmp_path / "river.osm"
    extract.write_text(river_town(delivery.dropoff.point), encoding="utf-8")
    roads = await RoadTravel.open(extract, tmp_path / "roads", GreatCircleTravel(town.market.timezone))
    network.connectors.travel_for = roads.in_zone

    assert (await turn(network, town.market.id)).offered == 1

    async with network.work() as work:
        (offer,) = await offers.open_in_market(work, town.market.id)
    assert offer.driver_ids == (near_by_road.id,)
    # What she is told and paid for are the metres of the street, which is straight here.
    assert offer.terms.approach_m == pytest.approx(great_circle_m(SAME_SIDE, SHOP), rel=0.01)
    assert roads.pairs_fallen_back == 0
