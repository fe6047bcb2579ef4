"""People and keys that tests need, and a route per audience that tells who was let in."""

from uuid import UUID

from fastapi import APIRouter
from tests.factories.network import Network

from doorstep.features.identity import service
from doorstep.features.identity.rules import MerchantRole, Scope, SignedIn, StaffRole
from doorstep.features.identity.tokens import tracking_token
from doorstep.platform.auth.actors import Audience
from doorstep.platform.auth.gate import (
    GATE,
    DriverWork,
    MerchantWork,
    ProviderWork,
    PublicWork,
    ShopperWork,
    StaffWork,
)
from doorstep.platform.db.work import Work

PASSWORD = "a long enough password"


def bearer(token: str) -> dict[str, str]:
    """The header that shows ``token``."""
    return {"Authorization": f"Bearer {token}"}


async def make_key(network: Network, merchant_id: UUID, *scopes: Scope) -> str:
    """The secret of a fresh merchant key, with every scope unless told."""
    async with network.work() as work:
        return (await service.create_key(work, merchant_id, scopes or tuple(Scope), "test")).secret


async def make_provider_key(network: Network, provider_id: UUID) -> str:
    """The secret of a fresh provider key."""
    async with network.work() as work:
        return (await service.create_provider_key(work, provider_id, "test")).secret


async def sign_staff_in(
    network: Network, role: StaffRole = StaffRole.OWNER, email: str = "owner@example.com"
) -> SignedIn:
    """A fresh member of staff, signed in."""
    async with network.work() as work:
        made = await service.create_staff(work, email=email, name="Ada", role=role, password=PASSWORD)
    async with network.work(GATE) as work:
        return await service.open_session(work, Audience.STAFF, made.id)


async def sign_user_in(
    network: Network,
    merchant_id: UUID,
    role: MerchantRole = MerchantRole.ADMIN,
    email: str = "user@example.com",
) -> SignedIn:
    """A fresh person of a merchant, signed in."""
    async with network.work() as work:
        made = await service.create_user(
            work, merchant_id, email=email, name="Ben", role=role, password=PASSWORD
        )
    async with network.work(GATE) as work:
        return await service.open_session(work, Audience.MERCHANT, made.id, merchant_id)


async def sign_driver_in(network: Network, driver_id: UUID) -> SignedIn:
    """A driver signed in on one device."""
    async with network.work(GATE) as work:
        return await service.open_driver_session(work, driver_id)


def tracking_link(network: Network, delivery_id: UUID) -> str:
    """The token of a delivery's link."""
    return tracking_token(network.connectors.secrets, delivery_id)


def _who(work: Work) -> dict[str, str | None]:
    return {
        "audience": work.actor.audience.value,
        "subject": str(work.actor.subject) if work.actor.subject else None,
        "tenant": str(work.actor.tenant) if work.actor.tenant else None,
    }


def probes() -> APIRouter:
    """``GET`` and ``POST /probe/<audience>`` (the shopper's with her token behind) say who was let in."""
    router = APIRouter(prefix="/probe")

    @router.api_route("/merchant", methods=["GET", "POST"])
    async def merchant(work: MerchantWork) -> dict[str, str | None]:
        return _who(work)

    @router.api_route("/staff", methods=["GET", "POST"])
    async def staff(work: StaffWork) -> dict[str, str | None]:
        return _who(work)

    @router.api_route("/driver", methods=["GET", "POST"])
    async def driver(work: DriverWork) -> dict[str, str | None]:
        return _who(work)

    @router.api_route("/provider", methods=["GET", "POST"])
    async def provider(work: ProviderWork) -> dict[str, str | None]:
        return _who(work)

    @router.api_route("/shopper/{token}", methods=["GET", "POST"])
    async def shopper(work: ShopperWork, token: str) -> dict[str, str | None]:
        return _who(work)

    @router.get("/public")
    async def public(work: PublicWork) -> dict[str, str | None]:
        return _who(work)

    return router
