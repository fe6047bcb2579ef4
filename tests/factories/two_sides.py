"""Two of everybody: our own side, and a foreign one whose things nobody of ours may touch."""

from dataclasses import dataclass
from uuid import UUID

from tests.factories.deliveries import HOME, driver_actor, report_all
from tests.factories.drivers import make_driver
from tests.factories.identity import make_key, make_provider_key, sign_driver_in, tracking_link
from tests.factories.merchants import make_merchant, make_store
from tests.factories.network import Network
from tests.factories.offers import Town
from tests.factories.providers import make_deal, make_provider
from tests.factories.quotes import asking
from tests.features.deliveries.test_proofs import photo

from doorstep.features.deliveries import service as deliveries
from doorstep.features.deliveries.rules import Delivery, FactKind, Place, ProofKind, Requirements
from doorstep.features.deliveries.service import ProofTaken
from doorstep.features.identity import service as identity
from doorstep.features.identity.rules import MerchantRole, Scope
from doorstep.features.markets import service as markets
from doorstep.features.markets.rules import Market
from doorstep.features.providers import service as providers
from doorstep.features.webhooks import service as webhooks
from doorstep.units.ids import MarketId, MerchantId, public

F = FactKind


@dataclass(slots=True)
class Side:
    """A merchant, a driver, a provider, and a thing of each kind that is theirs."""

    merchant_key: str
    driver_session: str
    provider_key: str
    tracking: str
    delivery_id: UUID
    ids: dict[str, str]  # by the name of the path parameter


def _door(name: str) -> Place:
    return Place(
        name=f"{name} Foster",
        phone="+16155550177",
        line1=f"77 {name} Alley",
        line2="",
        city="Nashville",
        state="TN",
        postcode="37212",
        point=HOME.point,
        instructions=f"{name} behind the blue door",
    )


async def make_side(network: Network, market: Market, name: str, number: int) -> Side:
    """Everything of one side; ``name`` stands in all that is theirs, so that a leak is seen."""
    async with network.work() as work:
        merchant = await make_merchant(work, f"{name} Bakery")
        store = await make_store(work, merchant.id, name=f"{name} Counter")
    driver = await make_driver(
        network, market.id, number, first_name=name, last_name=f"{name}son", phone=f"+1615555{2000 + number}"
    )
    town = Town(network, market, [driver])

    async def book(**changes: object) -> Delivery:
        return await town.delivery(
            merchant_id=merchant.id,
            store_id=store.id,
            dropoff=_door(name),
            shopper_first_name=name,
            **changes,
        )

    done = await book(requirements=Requirements(photo=True))
    await town.trip(done)
    await report_all(network, done.id, [F.REACHED_DROPOFF])
    async with network.work(driver_actor(driver.id)) as work:
        taken = ProofTaken(kind=ProofKind.PHOTO, report_id="1", content=photo())
        proof = await deliveries.add_proof(
            work, network.connectors.blobs, network.connectors.secrets, done.id, taken
        )
    await report_all(network, done.id, [F.HANDED_OVER])
    await network.run_jobs()
    carried, asked, waiting = await book(), await book(), await book()
    trip = await town.trip(carried)
    offer = await town.offer([asked])
    provider = await make_provider(network, slug=f"{name.lower()}-couriers")
    deal = await make_deal(
        network, provider, market_id=MarketId(market.id), rank=100 - number
    )  # asked before others
    async with network.work() as work:
        job = await providers.request(work, waiting.id, "nobody near")
        user = await identity.create_user(
            work, merchant.id, email=f"{name.lower()}@example.com", name=name, role=MerchantRole.ADMIN
        )
        kept = await identity.create_key(work, merchant.id, tuple(Scope), f"{name} till")
        endpoint = await webhooks.create_endpoint(
            work,
            network.connectors.secrets,
            MerchantId(merchant.id),
            url=f"https://{name.lower()}.example.com/hooks",
            events=(),
            allow=frozenset(),
        )
        message = await webhooks.send_trial(work, endpoint.endpoint.id)
    key = await make_key(network, merchant.id)
    quote = await network.http.post(
        "/v1/quotes", json=asking(public("store", store.id)), headers={"Authorization": f"Bearer {key}"}
    )
    assert quote.status_code in {200, 201}, quote.text
    tracking = tracking_link(network, carried.id)
    return Side(
        merchant_key=key,
        driver_session=(await sign_driver_in(network, driver.id)).token,
        provider_key=await make_provider_key(network, provider.id),
        tracking=tracking,
        delivery_id=carried.id,
        ids={
            "key_id": public("key", kept.id),
            "user_id": public("user", user.id),
            "merchant_id": public("merchant", merchant.id),
            "market_id": public("market", market.id),
            "store_id": public("store", store.id),
            "driver_id": public("driver", driver.id),
            "delivery_id": public("delivery", carried.id),
            "done_id": public("delivery", done.id),
            "proof_id": public("proof", proof.id),
            "quote_id": quote.json()["id"],
            "offer_id": public("offer", offer.id),
            "trip_id": public("trip", trip.id),
            "provider_id": public("provider", provider.id),
            "deal_id": public("deal", deal.id),
            "job_id": public("provider_job", job.id),
            "endpoint_id": public("endpoint", endpoint.endpoint.id),
            "message_id": public("event", message.id),
            "slug": provider.slug,
            "token": tracking,
            "done_token": tracking_link(network, done.id),
        },
    )


async def make_market(network: Network) -> Market:
    """The market of both sides."""
    async with network.work() as work:
        return (await markets.seed_pilots(work))[0]
