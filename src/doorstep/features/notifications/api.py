"""Routes of notifications: what a merchant's shoppers are told."""

from fastapi import APIRouter, Request

from doorstep.connectors.outside import Connectors
from doorstep.features.identity.rules import Scope
from doorstep.features.merchants import queries as merchants
from doorstep.features.notifications import queries, rules, schemas, service
from doorstep.platform.auth.gate import MerchantWork, need
from doorstep.platform.db.work import Work
from doorstep.platform.http.problems import PROBLEMS
from doorstep.units.ids import MerchantId

router = APIRouter(prefix="/v1/notifications", tags=["notifications"], responses=PROBLEMS)


@router.get("")
async def read(work: MerchantWork, request: Request) -> schemas.Wish:
    """What your shoppers are told by text, in your name, and the words."""
    need(work, Scope.DELIVERIES_READ)
    return await _told(work, request, await queries.wish(work, _me(work)))


@router.put("")
async def change(work: MerchantWork, request: Request, wanted: schemas.WishAsked) -> schemas.Wish:
    """Say what your shoppers are told. It holds from the next moment on, for deliveries under way, too."""
    need(work, Scope.DELIVERIES_WRITE)
    return await _told(work, request, await service.set_wish(work, _me(work), wanted.value()))


async def _told(work: Work, request: Request, wish: rules.Wish) -> schemas.Wish:
    outside: Connectors = request.app.state.connectors
    merchant = await merchants.merchant(work, _me(work))
    return schemas.Wish.of(wish, merchant.name, f"{outside.own_url}/track/…")


def _me(work: Work) -> MerchantId:
    assert work.actor.tenant is not None
    return MerchantId(work.actor.tenant)
