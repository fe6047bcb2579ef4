"""The shopper's page under a shop's own name: a host that is not ours shows it whole, and its forms work there."""

import re

import pytest
from tests.factories.identity import tracking_link
from tests.factories.network import Network
from tests.factories.offers import a_town

from doorstep.app.faces.built import NotBuilt, built
from doorstep.features.deliveries import queries as deliveries
from doorstep.features.merchants import service as merchants
from doorstep.features.merchants.rules import NewMerchant

OWN = "orders.juniper.example"


@pytest.fixture(autouse=True)
def _needs_the_build() -> None:
    try:
        built().entry("track/main.ts")
    except NotBuilt:
        pytest.skip("the pages are not built: make web")


async def test_it_names_no_host_and_its_forms_come_back_to_the_one_that_was_asked(network: Network) -> None:
    town = await a_town(network)
    async with network.work() as work:
        shop = await merchants.create_merchant(work, NewMerchant(name="Juniper Cupcakes"))
    one = await town.delivery(merchant_id=shop.id)
    link = f"/track/{tracking_link(network, one.id)}"
    asked = {"host": OWN, "x-forwarded-proto": "https"}
    answer = await network.http.get(link, headers=asked)
    assert answer.status_code == 200
    addresses = re.findall(r'(?:href|src|action)="([^"]*)"', answer.text)
    assert addresses
    assert {one for one in addresses if not one.startswith(("/", "#", "data:", "tel:"))} == set()
    assert "http" not in answer.headers["content-security-policy"]

    form = {**asked, "origin": f"https://{OWN}", "sec-fetch-site": "same-origin"}
    told = await network.http.post(f"{link}/tip", headers=form, data={"amount": "900"})
    assert (told.status_code, told.headers["location"].startswith(f"{link}?")) == (303, True)
    async with network.work() as work:
        assert (await deliveries.delivery(work, one.id)).tip.minor == 900
    for path in {path for path in addresses if path.startswith("/assets/")}:
        assert (await network.http.get(path, headers=asked)).status_code == 200
