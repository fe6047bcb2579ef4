"""A market's base map on the wire."""

import gzip
import json
from pathlib import Path

import pytest
from tests.factories.extracts import write_extract
from tests.factories.identity import bearer, sign_staff_in
from tests.factories.network import Network

from doorstep.connectors.maps.drawn_roads import CREDIT, DrawnRoads
from doorstep.features.markets import service
from doorstep.features.markets.rules import Stage
from doorstep.units.ids import public

pytestmark = (
    pytest.mark.no_markets
)  # a process keeps what it drew of a market: each test draws one of its own


async def test_everybody_sees_an_announced_market_and_staff_every_one(network: Network) -> None:
    async with network.work() as work:
        market = (await service.seed_pilots(work))[0]
    url = f"/public/v1/markets/{public('market', market.id)}/base"
    answer = await network.http.get(url, headers={"Accept-Encoding": "identity"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/geo+json"
    assert "public" in answer.headers["cache-control"]
    drawn = json.loads(answer.content)
    assert drawn["name"] == "Nashville"
    assert any(f["properties"]["kind"] == "river" for f in drawn["features"])
    again = await network.http.get(url, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    packed = await network.http.get(url, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == answer.content
    assert len(gzip.compress(packed.content)) < 40_000
    async with network.work() as work:
        await service.set_stage(work, market.id, Stage.CLOSED, "a test asks")
    assert (await network.http.get(url)).status_code == 404
    signed_in = await sign_staff_in(network)
    staffs = await network.http.get(url.replace("/public", "/staff"), headers=bearer(signed_in.token))
    assert staffs.status_code == 200
    assert "private" in staffs.headers["cache-control"]


async def test_roads_of_an_extract_are_drawn_and_a_broken_one_costs_the_map_nothing_else(
    network: Network, tmp_path: Path
) -> None:
    pytest.importorskip("osmium", reason="the extra doorstep[roads] is not installed")
    async with network.work() as work:
        nashville, new_orleans = await service.seed_pilots(work)
    url = "/public/v1/markets/{}/base"
    extract = write_extract(tmp_path / "town.osm", [("motorway", [(36.16, -86.80), (36.16, -86.70)])])
    network.connectors.roads = DrawnRoads(extract, tmp_path)
    drawn = (await network.http.get(url.format(public("market", nashville.id)))).json()
    assert drawn["credit"] == network.connectors.map_credit == CREDIT
    roads = [f["geometry"] for f in drawn["features"] if f["properties"]["kind"] == "motorway"]
    assert roads == [{"type": "LineString", "coordinates": [[-86.8, 36.16], [-86.7, 36.16]]}]
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(b"no map at all")
    network.connectors.roads = DrawnRoads(broken, tmp_path)
    answer = await network.http.get(url.format(public("market", new_orleans.id)))
    assert answer.status_code == 200
    assert "credit" not in answer.json()
