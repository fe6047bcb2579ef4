"""Routes by which a phone asks to be woken."""

from fastapi import APIRouter, Request

from doorstep.connectors.outside import Connectors
from doorstep.features.wakeups import schemas, service
from doorstep.features.wakeups.keys import vapid
from doorstep.features.wakeups.rules import Subscription
from doorstep.platform.auth.gate import DriverWork
from doorstep.platform.http.problems import PROBLEMS

router = APIRouter(prefix="/driver/v1", tags=["driver: wake-ups"], responses=PROBLEMS)


def _connectors(request: Request) -> Connectors:
    connectors: Connectors = request.app.state.connectors
    return connectors


@router.get("/push/key")
async def read_key(request: Request, work: DriverWork) -> schemas.KeyTold:
    """The key a browser subscribes with."""
    del work
    return schemas.KeyTold(key=vapid(_connectors(request).secrets).application_server_key)


@router.get("/push")
async def read_push(work: DriverWork) -> schemas.SubscriptionTold:
    """Whether a phone of yours is woken when an offer comes."""
    assert work.actor.subject is not None
    return schemas.SubscriptionTold(on=await service.is_on(work, work.actor.subject))


@router.put("/push")
async def subscribe(
    request: Request, work: DriverWork, wanted: schemas.SubscriptionAsked
) -> schemas.SubscriptionTold:
    """Wake this phone when an offer comes, and no other of yours. The message holds no address and no name."""
    assert work.actor.subject is not None
    connectors = _connectors(request)
    await service.subscribe(
        work,
        connectors.secrets,
        work.actor.subject,
        Subscription(**wanted.model_dump()),
        connectors.webhook_allow,
    )
    return schemas.SubscriptionTold(on=True)


@router.delete("/push", status_code=204)
async def unsubscribe(work: DriverWork) -> None:
    """Let the phone sleep. Twice is once."""
    assert work.actor.subject is not None
    await service.forget(work, work.actor.subject)
