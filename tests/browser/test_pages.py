"""Every page opens: with its policy, without a complaint, in both languages."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Street
from tests.factories.browser import Visitor, axe

FACES = ("console", "driver", "shop")


class TestEveryPage:
    @pytest.mark.parametrize("face", FACES)
    async def test_it_opens_under_a_strict_policy(self, visitor: Visitor, face: str) -> None:
        page = await visitor.open(f"/{face}")
        await expect(page.get_by_role("heading").first).to_be_visible()
        answer = await page.request.get(f"/{face}")
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy

    @pytest.mark.parametrize("face", FACES)
    async def test_axe_finds_nothing_serious(self, visitor: Visitor, face: str) -> None:
        page = await visitor.open(f"/{face}")
        await expect(page.get_by_role("heading").first).to_be_visible()
        assert await axe(page) == []

    @pytest.mark.parametrize("colour", ["#bbbbbb", "#333333"])
    async def test_words_too_faint_in_light_or_in_dark_are_found(self, visitor: Visitor, colour: str) -> None:
        page = await visitor.open("/driver")
        assert await axe(page) == []
        await page.evaluate("(colour) => { document.querySelector('h1').style.color = colour }", colour)
        (found,) = await axe(page)
        assert found.startswith("color-contrast")
        assert colour in found

    @pytest.mark.parametrize("face", FACES)
    async def test_it_speaks_spanish_to_who_reads_spanish(self, visitor: Visitor, face: str) -> None:
        page = await visitor.open(f"/{face}", language="es-MX")
        await expect(page.get_by_role("heading").first).to_be_visible()
        assert await page.evaluate("document.documentElement.lang") == "es"


class TestWhatIsServed:
    async def test_assets_are_kept_for_ever_and_packed(self, visitor: Visitor, street: Street) -> None:
        page = await visitor.open("/console")
        script = await page.evaluate("document.querySelector('script[src]').src")
        answer = await street.network.http.get(script.removeprefix(street.url))
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-type"].startswith("text/javascript")

    async def test_an_address_inside_a_page_is_the_page_and_the_api_below_it_is_not(
        self, street: Street
    ) -> None:
        http = street.network.http
        assert (await http.get("/console/deliveries/dlv_1")).headers["content-type"].startswith("text/html")
        nowhere = await http.get("/driver/v1/nowhere")
        assert (nowhere.status_code, nowhere.headers["content-type"]) == (404, "application/problem+json")
        assert (await http.post("/driver/v1/nowhere")).status_code == 404
        assert (await http.get("/console/nothing.js")).status_code == 404
        assert (await http.get("/assets/..%2Fmanifest.json")).status_code == 404
