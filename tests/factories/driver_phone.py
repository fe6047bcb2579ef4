"""A driver's phone: the app in a browser as wide as a phone, signed in, somewhere in Nashville."""

import base64
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from playwright.async_api import BrowserContext, Page, expect
from tests.factories.browser import Visitor
from tests.factories.identity import bearer, sign_driver_in
from tests.factories.labels import door
from tests.factories.network import Network

from doorstep.features.deliveries import queries as deliveries
from doorstep.units.geo import LatLng

ON_BROADWAY = LatLng(lat=36.1650, lng=-86.7840)
"""About 700 metres from the shop of ``tests.factories.deliveries``: not there yet."""
expect.set_options(timeout=15_000)  # a phone's page beside all of a network, on a busy machine
PHONE: dict[str, Any] = {"width": 390, "height": 844, "touch": True}


FILMS = """async (picture) => {
    const image = new Image()
    image.src = `data:image/png;base64,${picture}`
    await image.decode()
    const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height })
    const film = () => canvas.getContext('2d').drawImage(image, 0, 0)
    navigator.mediaDevices.getUserMedia = async () => {
        setInterval(film, 100)
        film()
        return canvas.captureStream(10)
    }
}"""
"""The camera is the driver's own: a page gets its stream as it would from the phone's."""

STEPS = """
    window.stepsShown = []
    new MutationObserver(() => {
        const step = document.querySelector('[aria-current=step] .line > span')?.textContent
        const shown = `${document.querySelector('.trip h1')?.textContent}: ${step}`
        if (step && shown !== window.stepsShown.at(-1)) window.stepsShown.push(shown)
    }).observe(document, { subtree: true, childList: true, characterData: true })
"""
"""Every step that was ever drawn as the one to do, were it for a moment."""


@dataclass(slots=True)
class DriverPhone:
    """One phone. ``page`` shows the app."""

    context: BrowserContext
    page: Page

    async def move(self, point: LatLng) -> None:
        """Be somewhere else."""
        await self.context.set_geolocation({"latitude": point.lat, "longitude": point.lng, "accuracy": 8})

    async def header(self) -> dict[str, str]:
        """The header of this very phone: a driver has one at a time, and another would put this one out."""
        cookies = {one["name"]: one["value"] for one in await self.context.cookies()}
        return bearer(cookies["doorstep-driver"])

    async def press(self, name: str, **more: Any) -> None:
        """Press the button of that name."""
        await self.page.get_by_role("button", name=name, **more).click()

    async def photograph(self) -> None:
        """Take the photo at the door: the camera is a file."""
        await self.page.get_by_label("Take a photo").set_input_files(
            {"name": "door.png", "mimeType": "image/png", "buffer": door()}
        )

    async def look_at(self, picture: bytes) -> None:
        """Hold something before the camera: what it films from now on is ``picture``."""
        await self.page.evaluate(FILMS, base64.b64encode(picture).decode())

    async def step(self, name: str) -> None:
        """Wait until the step of that name is the one to do."""
        await expect(self.page.locator("[aria-current=step] .line > span")).to_have_text(name)

    async def steps_shown(self) -> list[str]:
        """What was drawn as the step to do since the page was opened, one after the other."""
        shown: list[str] = await self.page.evaluate("window.stepsShown")
        return shown


async def a_phone(
    visitor: Visitor, network: Network, driver_id: UUID, path: str = "/driver", **settings: Any
) -> DriverPhone:
    """A phone of ``driver_id`` with the app open; it draws maps when asked to."""
    context = await visitor.context(
        **(
            PHONE
            | {
                "maps": False,
                "permissions": ["geolocation"],
                "geolocation": {"latitude": ON_BROADWAY.lat, "longitude": ON_BROADWAY.lng, "accuracy": 8},
            }
            | settings
        )
    )
    await context.add_init_script(STEPS)
    token = (await sign_driver_in(network, driver_id)).token
    await context.add_cookies(
        [
            {"name": "doorstep-driver", "value": token, "url": visitor.url, "httpOnly": True},
            {"name": "doorstep-driver-here", "value": "1", "url": visitor.url},
        ]
    )
    page = await visitor.open(path, in_context=context)
    return DriverPhone(context, page)


async def pin_of(network: Network, delivery_id: UUID) -> str:
    """The code that the shopper was told."""
    async with network.work() as work:
        sealed = await deliveries.sealed_pin(work, delivery_id)
    assert sealed is not None
    return network.connectors.secrets.unseal(sealed).decode()
