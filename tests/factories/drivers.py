"""Drivers for tests."""

from typing import Any
from uuid import UUID

from tests.factories.identity import bearer, sign_driver_in
from tests.factories.network import Network

from doorstep.features.drivers import service
from doorstep.features.drivers.rules import Driver, NewDriver
from doorstep.units.ids import MarketId

_NAMES = ("Rosa", "Dee", "Marcus", "Lin", "Ada", "Omar", "Ivy", "Sam")


async def make_driver(
    network: Network, market_id: UUID, number: int = 0, *, on_duty: bool = True, **changes: Any
) -> Driver:
    """A fresh driver, number 0, 1, 2 … of the test."""
    async with network.work() as work:
        wanted: dict[str, Any] = {
            "market_id": MarketId(market_id),
            "first_name": _NAMES[number % len(_NAMES)],
            "last_name": f"Roe{number}",
            "phone": f"+1615555{1000 + number:04d}",
            "make": "Corolla",
            "colour": "yellow",
        }
        made = await service.create_driver(work, NewDriver(**(wanted | changes)))
        return await service.go_on_duty(work, made.id) if on_duty else made


async def phone_of(network: Network, driver_id: UUID) -> dict[str, str]:
    """The header that a driver's signed-in phone sends."""
    return bearer((await sign_driver_in(network, driver_id)).token)
