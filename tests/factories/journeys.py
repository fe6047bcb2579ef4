"""A small city whose people speak to the network over HTTP alone: a shop, drivers' phones, the office."""

import io
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from PIL import Image
from tests.factories.dispatch import stand, turn
from tests.factories.drivers import make_driver
from tests.factories.identity import bearer, make_key, sign_driver_in, sign_staff_in
from tests.factories.merchants import DOWNTOWN_POINT, make_merchant, make_store
from tests.factories.network import Network
from tests.factories.quotes import asking

from doorstep.features.dispatch.cycle import TickOutcome
from doorstep.features.drivers.rules import Driver
from doorstep.features.markets import service as markets
from doorstep.features.markets.rules import Market
from doorstep.units.geo import LatLng
from doorstep.units.ids import public

FAR = LatLng(lat=36.0800, lng=-86.7100)  # eight miles south of the shop
TO_THE_DOOR = ("arrive_pickup", "picked_up", "depart_dropoff", "arrive_dropoff")


def a_photo() -> bytes:
    """A small picture as a phone takes it."""
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(picture, "JPEG")
    return picture.getvalue()


def told(answer: httpx.Response, status: int = 200) -> Any:
    """What an answer says. Raises AssertionError when it has another status."""
    assert answer.status_code == status, f"{answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json()


@dataclass(slots=True)
class Caller:
    """Somebody with a credential."""

    network: Network
    headers: dict[str, str]

    async def get(self, path: str, **query: Any) -> Any:
        """What is there."""
        return told(await self.network.http.get(path, params=query or None, headers=self.headers))

    async def post(self, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        """What came of it."""
        answer = await self.network.http.post(path, json=body, headers=self.headers | headers)
        return told(answer, status)


@dataclass(slots=True)
class Shop(Caller):
    """A merchant's software at one store."""

    store: str = ""
    count: int = 0

    def wish(self, **changes: Any) -> dict[str, Any]:
        """A cart of 40 dollars to East Nashville, ready now; shopper Ann Lee; a tip of three dollars."""
        wish = asking(self.store, ready_at=self.network.clock.market_now().isoformat())
        wish["dropoff"] |= {"first_name": "Ann", "last_name": "Leemann", "instructions": "Blue door"}
        return wish | {"tip_minor": 3_00, "items": 2} | changes

    async def order(self, **changes: Any) -> dict[str, Any]:
        """A delivery made with a key of its own."""
        self.count += 1
        made: dict[str, Any] = await self.post(
            "/v1/deliveries", self.wish(**changes), 201, **{"Idempotency-Key": f"order-{self.count}"}
        )
        return made

    async def delivery(self, delivery: dict[str, Any]) -> dict[str, Any]:
        """The delivery as it is now."""
        now: dict[str, Any] = await self.get(f"/v1/deliveries/{delivery['id']}")
        return now

    async def events(self, delivery: dict[str, Any]) -> list[dict[str, Any]]:
        """Its timeline; its numbers have no gap."""
        found: list[dict[str, Any]] = await self.get(f"/v1/deliveries/{delivery['id']}/events")
        assert [event["seq"] for event in found] == list(range(1, len(found) + 1))
        return found

    async def account(self) -> dict[str, Any]:
        """What the shop owes."""
        account: dict[str, Any] = await self.get("/v1/account")
        return account


@dataclass(slots=True)
class Phone(Caller):
    """A driver's phone."""

    driver: Driver | None = None
    count: int = 0

    @property
    def who(self) -> Driver:
        """Whose it is."""
        assert self.driver is not None
        return self.driver

    async def offers(self) -> list[dict[str, Any]]:
        """What it shows."""
        shown: list[dict[str, Any]] = (await self.get("/driver/v1/offers"))["items"]
        return shown

    async def offer(self) -> dict[str, Any]:
        """The one offer it shows."""
        (shown,) = await self.offers()
        return shown

    async def accept(self) -> dict[str, Any]:
        """The trip of the one offer it shows."""
        shown = await self.offer()
        trip: dict[str, Any] = await self.post(f"/driver/v1/offers/{shown['id']}/accept")
        return trip

    def happened(self, kind: str, ago_s: float = 0, **more: Any) -> dict[str, Any]:
        """A report of something that happened so many seconds ago, under the phone's next number."""
        self.count += 1
        at = self.network.clock.market_now() - timedelta(seconds=ago_s)
        return {"report_id": f"r-{self.count}", "kind": kind, "device_at": at.isoformat()} | more

    async def send(self, trip: dict[str, Any], *reports: dict[str, Any]) -> list[dict[str, Any]]:
        """What became of the reports."""
        answer = await self.post(f"/driver/v1/trips/{trip['id']}/reports", {"reports": list(reports)})
        await self.network.run_jobs()
        heard: list[dict[str, Any]] = answer["heard"]
        return heard

    async def report(self, trip: dict[str, Any], *kinds: str, **more: Any) -> None:
        """Tell one after the other, a minute apart, about the first delivery of the trip unless told. All count."""
        more = {"deliveries": [trip["deliveries"][0]["id"]]} | more
        for kind in kinds:
            self.network.clock.advance(60)
            heard = await self.send(trip, self.happened(kind, **more))
            assert all(one["counted"] for one in heard), heard

    async def photo(self, delivery: dict[str, Any], report_id: str) -> None:
        """Send a picture of the hand-over."""
        answer = await self.network.http.post(
            f"/driver/v1/deliveries/{delivery['id']}/proofs",
            data={"kind": "photo", "report_id": report_id},
            files={"picture": ("door.jpg", a_photo(), "image/jpeg")},
            headers=self.headers,
        )
        assert told(answer, 201)["ok"]

    async def earned(self) -> list[dict[str, Any]]:
        """What it says was earned, delivery by delivery."""
        work: list[dict[str, Any]] = (await self.get("/driver/v1/earnings"))["work"]
        return work


@dataclass(slots=True)
class City:
    """One market, one shop, some phones, the office."""

    network: Network
    market: Market
    shop: Shop
    phones: list[Phone]
    office: Caller

    async def turn(self) -> TickOutcome:
        """One turn of dispatch."""
        return await turn(self.network, self.market.id)

    async def wait(self, seconds: float) -> TickOutcome:
        """So much later, one turn of dispatch."""
        self.network.clock.advance(seconds)
        return await self.turn()

    async def page(self, delivery: dict[str, Any]) -> dict[str, Any]:
        """The shopper's page."""
        token = delivery["tracking_url"].rsplit("/", 1)[-1]
        page: dict[str, Any] = told(await self.network.http.get(f"/shopper/v1/{token}"))
        return page

    async def settle(self) -> None:
        """Everything that is due is done; the books balance and everybody got what was promised."""
        await self.network.run_jobs()
        books = await self.office.get("/staff/v1/ledger/trial-balance")
        assert books["difference_minor"] == 0
        for week in await self.office.get("/staff/v1/promised-versus-paid"):
            assert week["difference_minor"] == 0
            assert week["promised_minor"] == week["paid_minor"]

    async def entries(self, delivery: dict[str, Any]) -> dict[str, int]:
        """Posted entries of a delivery, added up by the last word of their account."""
        sums: dict[str, int] = {}
        for entry in await self.office.get(f"/staff/v1/ledger/deliveries/{delivery['id']}/entries"):
            if entry["state"] == "posted":
                sums[entry["account"]] = sums.get(entry["account"], 0) + entry["amount_minor"]
        assert sum(sums.values()) == 0
        return {account: amount for account, amount in sums.items() if amount}


async def a_city(network: Network, drivers: int = 2, *, together: bool = False) -> City:
    """Nashville, a shop downtown, so many drivers: the first at its door, the others far away unless ``together``."""
    async with network.work() as work:
        market = (await markets.seed_pilots(work))[0]
        merchant = await make_merchant(work)
        store = await make_store(work, merchant.id)
    shop = Shop(network, bearer(await make_key(network, merchant.id)), public("store", store.id))
    phones = []
    for number in range(drivers):
        driver = await make_driver(network, market.id, number)
        await stand(network, driver, FAR if number and not together else DOWNTOWN_POINT)
        headers = bearer((await sign_driver_in(network, driver.id)).token)
        phones.append(Phone(network, headers, driver))
    office = Caller(network, bearer((await sign_staff_in(network)).token))
    return City(network, market, shop, phones, office)
