"""What anybody sees who opens this network."""

import re
import shlex
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from scripts import front_tokens
from tests.factories.merchants import make_merchant
from tests.factories.network import START, Network
from tests.factories.offers import a_town
from tests.factories.visits import browser, open_doors

from doorstep import __version__
from doorstep.app.faces.track.speech import Lang
from doorstep.app.front import pages
from doorstep.demo import founding, script
from doorstep.features.console import service
from doorstep.features.identity.rules import DemoRole
from doorstep.features.markets import service as markets
from doorstep.features.markets.rules import NewMarket, Stage
from doorstep.platform import clock_anchor
from doorstep.units.geo import LatLng, Polygon
from doorstep.units.ids import public

NASHVILLE = Polygon(
    (LatLng(lat=35.9, lng=-87.1), LatLng(lat=35.9, lng=-86.5), LatLng(lat=36.4, lng=-86.5), LatLng(lat=36.4, lng=-87.1))
)  # fmt: skip


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


async def open_market(network: Network, name: str = "Nashville", stage: Stage = Stage.OPEN) -> UUID:
    async with network.work() as work:
        made = await markets.make_market(
            work,
            NewMarket(
                slug=name.lower().replace(" ", "-"),
                name=name,
                timezone=ZoneInfo("America/Chicago"),
                area=NASHVILLE,
                stage=stage,
            ),
        )
    return made.id


async def count(network: Network) -> bool:
    async with network.work() as work:
        return await service.refresh_figures(work)


class TestFigures:
    async def test_an_empty_network_says_so(self, network: Network) -> None:
        assert (await network.http.get("/status.json")).json() == {"version": __version__, "markets": []}

    @pytest.mark.no_markets
    async def test_a_market_is_counted_from_the_moment_it_is_announced(self, network: Network) -> None:
        market_id = await open_market(network)
        await open_market(network, "New Orleans", Stage.PLANNED)
        assert await count(network)
        assert (await network.http.get("/status.json")).json()["markets"] == [
            {
                "id": public("market", market_id),
                "name": "Nashville",
                "open": 0,
                "delivered": 0,
                "drivers_online": 0,
                "offers_open": 0,
                "ledger_difference_minor": 0,
                "promised_minus_paid_minor": 0,
            }
        ]

    @pytest.mark.no_markets
    async def test_a_closed_market_leaves_the_figures(self, network: Network) -> None:
        market_id = await open_market(network)
        await count(network)
        async with network.work() as work:
            await markets.set_stage(work, market_id, Stage.CLOSED, "the season is over")
        await count(network)
        assert (await network.http.get("/status.json")).json()["markets"] == []

    @pytest.mark.no_markets
    async def test_one_worker_at_a_time_counts(self, network: Network) -> None:
        await open_market(network)
        async with network.work() as first, network.work() as second:
            assert await service.refresh_figures(first)
            assert not await service.refresh_figures(second)


class TestOwnerPage:
    async def test_it_asks_who_she_is_in_her_language_and_every_field_has_its_label(
        self, network: Network
    ) -> None:
        page = (await network.http.get("/owner", headers={"Accept-Language": "es"})).text
        assert '<html lang="es"' in page
        assert "Esta red es suya para abrirla." in page
        found = Elements(page).found
        fields = [attributes["id"] for tag, attributes in found if tag == "input"]
        assert fields == ["name", "email", "password"]
        assert fields == [attributes["for"] for tag, attributes in found if tag == "label"]
        assert "This network is yours to open." in (await network.http.get("/owner?lang=en")).text

    async def test_it_is_kept_nowhere_and_no_page_runs_the_script_of_another(self, network: Network) -> None:
        """The front page's script sends whoever chose Spanish to the Spanish front page: from anywhere, once."""
        owner = await network.http.get("/owner")
        assert owner.headers["cache-control"] == "no-store"
        for path, scripts in {"/": ["/front/front.js"], "/owner": ["/front/owner.js"], "/docs": []}.items():
            found = Elements((await network.http.get(path)).text).found
            assert [attributes["src"] for tag, attributes in found if tag == "script"] == scripts


class TestFrontPage:
    @pytest.mark.no_markets
    async def test_it_says_what_runs(self, network: Network) -> None:
        await open_market(network)
        await count(network)
        page = await network.http.get("/")
        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "A delivery network, running on this machine." in page.text
        assert "This is <b>Nashville<span" in page.text
        assert "as fast as life" in page.text
        assert "Saturday 11:00 am" in page.text
        assert "$0.00" in page.text

    @pytest.mark.no_markets
    async def test_it_holds_nothing_that_its_policy_blocks(self, network: Network) -> None:
        await open_market(network)
        await count(network)
        for path in ("/", "/docs", "/owner"):
            page = await network.http.get(path)
            assert "'unsafe-inline'" not in page.headers["content-security-policy"]
            for tag, attributes in Elements(page.text).found:
                assert tag != "style", path
                assert "style" not in attributes, path
                assert not any(name.startswith("on") for name in attributes), path
                assert tag != "script" or attributes.get("src", "").startswith("/front/"), path  # type: ignore[union-attr]
                for name in ("src", "href", "action"):
                    assert not re.match(r"https?:|//", attributes.get(name) or ""), path

    async def test_every_link_leads_somewhere(self, network: Network) -> None:
        page = (await network.http.get("/")).text
        links = {
            attributes["href"]
            for tag, attributes in Elements(page).found
            if tag in {"a", "link"} and (attributes.get("href") or "#").startswith("/")
        }
        assert {"/docs", "/status.json", "/openapi.json", "/front/front.css"} <= links
        for link in links:
            assert link is not None
            answer = await network.http.get(link)
            assert answer.status_code == 200, link

    async def test_its_files_are_served_with_their_type_and_kept(self, network: Network) -> None:
        font = await network.http.get("/front/figtree-latin-wght-normal.woff2")
        assert font.headers["content-type"] == "font/woff2"
        again = await network.http.get(
            "/front/figtree-latin-wght-normal.woff2", headers={"If-None-Match": font.headers["etag"]}
        )
        assert again.status_code == 304
        assert (await network.http.get("/front/..%2Fpages.py")).status_code == 404
        assert (await network.http.get("/front/nothing.css")).status_code == 404

    async def test_a_market_with_an_odd_name_stays_text(self, network: Network) -> None:
        async with network.work() as work:
            await markets.make_market(
                work,
                NewMarket(
                    slug="odd", name="<script>Odd & Co", timezone=ZoneInfo("America/Chicago"), area=NASHVILLE, stage=Stage.OPEN
                ),
            )  # fmt: skip
        await count(network)
        page = (await network.http.get("/")).text
        assert "<script>Odd" not in page
        assert "&lt;script&gt;Odd &amp; Co" in page

    async def test_the_routes_page_names_every_documented_route(self, network: Network) -> None:
        page = (await network.http.get("/docs")).text
        for path in (await network.http.get("/openapi.json")).json()["paths"]:
            assert path in page


class TestDoors:
    async def test_a_demo_has_a_door_for_each_role(self, network: Network) -> None:
        page = (await network.http.get("/")).text
        entries = [
            attributes["value"]
            for tag, attributes in Elements(page).found
            if tag == "input" and attributes.get("name") == "as"
        ]
        assert entries == ["dispatcher", "driver", "shop", "shopper"]
        houses = [a["data-house"] for tag, a in Elements(page).found if "data-house" in a]
        assert houses == ["1", "2", "3", "4"]

    async def test_who_is_in_finds_her_way_back_and_the_way_out(self, network: Network) -> None:
        town = await a_town(network)
        async with network.work() as work:
            merchant = await make_merchant(work, "Sugar Rail")
        await open_doors(network, town.drivers[0].id, merchant.id)
        async with browser(network) as visitor:
            assert "You are inside" not in (await visitor.http.get("/")).text
            await visitor.enter("driver")
            page = (await visitor.http.get("/")).text
            assert "You are inside as Marisol." in page
            assert 'href="/driver"' in page
            assert 'action="/demo/leave"' in page
            left = await visitor.http.post("/demo/leave", data={})
            assert left.status_code in {204, 303}
            assert "You are inside" not in (await visitor.http.get("/")).text

    async def test_a_key_of_the_demo_is_shown_on_this_machine_alone(
        self, network: Network, tmp_path: Path
    ) -> None:
        async with network.work() as work:
            played = await founding.found(work, network.connectors.secrets, tmp_path, 1)
        script.store_script(tmp_path, played)
        key = next(part.key for part in played.merchants if part.slug == founding.VISITORS_SHOP)
        assert key in (await network.http.get("/")).text
        assert key not in (await network.http.get("/", headers={"Host": "evil.example:8000"})).text
        network.app.state.settings = replace(network.settings, public_demo=True)
        assert key not in (await network.http.get("/")).text
        network.app.state.settings = replace(network.settings, host="0.0.0.0")
        assert key not in (await network.http.get("/")).text

    async def test_the_pasted_call_books_a_delivery(self, network: Network, tmp_path: Path) -> None:
        async with network.work() as work:
            played = await founding.found(work, network.connectors.secrets, tmp_path, 1)
        script.store_script(tmp_path, played)
        page = (await network.http.get("/")).text
        told = re.search(r'<pre id="curl"[^>]*>(.*?)</pre>', page, re.DOTALL)
        assert told is not None
        curl, url, *options = shlex.split(unescape(told[1]))
        assert (curl, url) == ("curl", f"{network.settings.own_url}/v1/deliveries")
        headers = dict(options[n + 1].split(": ", 1) for n, one in enumerate(options) if one == "-H")
        made = await network.http.post(
            "/v1/deliveries", content=options[options.index("-d") + 1], headers=headers
        )
        assert made.status_code == 201, made.text
        assert made.json()["tracking_url"].startswith("http")


class TestLanguages:
    @pytest.mark.no_markets
    async def test_the_browsers_language_or_the_one_asked_for(self, network: Network) -> None:
        await open_market(network)
        await count(network)
        spanish = {"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"}
        page = await network.http.get("/", headers=spanish)
        assert '<html lang="es"' in page.text
        assert "Una red de reparto, viva en esta máquina." in page.text
        assert "sábado 11:00 a.m." in page.text
        assert 'href="/?lang=en"' in page.text
        assert "Accept-Language" in page.headers["vary"]
        page = await network.http.get("/?lang=en", headers=spanish)
        assert '<html lang="en"' in page.text
        assert (await network.http.get("/?lang=xx")).status_code == 200

    def test_nothing_english_is_left_on_the_spanish_page(self) -> None:
        stay = pages.Stay((DemoRole.DRIVER, DemoRole.SHOP), 1.0, (1.0, 30.0))
        shown = {
            lang: pages.front(
                figures=[], now=START, speed=30.0, demo=True, doors=tuple(DemoRole), stay=stay, call="curl", lang=lang
            )
            for lang in Lang
        }  # fmt: skip
        english, spanish = (
            {text for part in re.findall(r">([^<>]+)<", page) if len(text := part.strip()) > 4}
            for page in (shown[Lang.EN], shown[Lang.ES])
        )
        assert english & spanish <= {"Doorstep", "OpenAPI", f"Version {__version__}"}
        assert "como Marisol y como la tienda" in shown[Lang.ES]


def test_its_colours_are_those_of_all_pages() -> None:
    assert front_tokens.MADE.read_text(encoding="utf-8") == front_tokens.made(), (
        "web/shared/tokens.css has changed: python -m scripts.front_tokens"
    )


class TestLiveNetwork:
    def test_a_live_network_has_no_doors_and_says_nothing_of_a_demo(self) -> None:
        page = pages.front(figures=[], now=START, speed=1.0, demo=False, doors=())
        assert "No market is open yet" in page
        assert "A live network." in page
        assert "/demo/" not in page
        assert "Nobody here is real" not in page

    def test_beyond_this_machine_the_dispatchers_door_stays_shut(self) -> None:
        doors = (DemoRole.DRIVER, DemoRole.SHOP, DemoRole.SHOPPER)
        page = pages.front(figures=[], now=START, speed=30.0, demo=True, doors=doors)
        assert page.count('action="/demo/enter"') == 3
        assert 'value="dispatcher"' not in page


class TestClock:
    async def test_it_tells_both_times(self, network: Network) -> None:
        told = (await network.http.get("/public/v1/clock")).json()
        assert told == {
            "market_time": "2026-11-21T17:00:00Z",
            "real_time": "2026-11-21T17:00:00Z",
            "speed": 1.0,
            "turn": None,
            "mode": "demo",
        }

    async def test_it_tells_a_change_of_speed_before_it_comes(self, network: Network) -> None:
        await network.scale(30)
        async with network.work() as work:
            await clock_anchor.set_speed(work, 5)
        await network.follow()
        network.clock.advance(0.25)
        told = (await network.http.get("/public/v1/clock")).json()
        assert (told["speed"], told["turn"]) == (30, {"speed": 5, "in_real_s": 0.75})
        network.clock.advance(0.75)
        told = (await network.http.get("/public/v1/clock")).json()
        assert (told["speed"], told["turn"]) == (5, None)
        assert told["market_time"] == "2026-11-21T17:00:30Z"


class TestEveryAnswer:
    async def test_it_carries_an_id_and_our_headers(self, network: Network) -> None:
        for path in ("/", "/healthz", "/v1/nowhere", "/staff/v1/staff"):
            answer = await network.http.get(path)
            assert len(answer.headers["x-request-id"]) == 36
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["x-content-type-options"] == "nosniff"
            if answer.headers["content-type"] == "application/problem+json":
                assert answer.json()["request_id"] == answer.headers["x-request-id"]

    async def test_even_where_something_went_wrong(self, network: Network) -> None:
        async def fall() -> None:
            raise RuntimeError("nobody expected this")

        network.app.add_api_route("/falls", fall)
        answer = await network.http.get("/falls")
        assert answer.status_code == 500
        assert answer.json()["code"] == "unexpected"
        assert "nobody expected" not in answer.text
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
        assert answer.headers["x-frame-options"] == "DENY"
        assert "default-src 'self'" in answer.headers["content-security-policy"]
