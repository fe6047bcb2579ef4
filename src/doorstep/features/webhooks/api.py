"""Routes of webhooks: a merchant's endpoints, the log, replay. All need the scope `webhooks`."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from doorstep.connectors.outside import Connectors
from doorstep.features.identity.rules import Scope
from doorstep.features.webhooks import queries, schemas, service
from doorstep.features.webhooks.rules import MessageState
from doorstep.platform.auth.gate import MerchantWork, need
from doorstep.platform.http.pages import Cursor, Limit, Page, cursor_after, read_cursor
from doorstep.platform.http.problems import PROBLEMS
from doorstep.units.ids import parse

router = APIRouter(prefix="/v1", tags=["merchant: webhooks"], responses=PROBLEMS)
EndpointPath = Annotated[str, Path(max_length=40, examples=["whe_01jd0000000000000000000000"])]
MessagePath = Annotated[str, Path(max_length=40, examples=["evt_01jd0000000000000000000000"])]


def _connectors(request: Request) -> Connectors:
    connectors: Connectors = request.app.state.connectors
    return connectors


@router.get("/webhook-endpoints")
async def list_endpoints(work: MerchantWork) -> list[schemas.EndpointTold]:
    """The merchant's endpoints, oldest first."""
    need(work, Scope.WEBHOOKS)
    assert work.actor.tenant is not None
    return [
        schemas.EndpointTold.of(endpoint) for endpoint in await queries.endpoints(work, work.actor.tenant)
    ]


@router.post("/webhook-endpoints", status_code=201)
async def create_endpoint(
    work: MerchantWork, request: Request, response: Response, wanted: schemas.EndpointWanted
) -> schemas.EndpointMade:
    """Have events sent to an address, signed as in the Standard Webhooks spec. The secret is shown this once."""
    need(work, Scope.WEBHOOKS)
    assert work.actor.tenant is not None
    connectors = _connectors(request)
    made = await service.create_endpoint(
        work,
        connectors.secrets,
        work.actor.tenant,
        url=wanted.url,
        label=wanted.label,
        events=wanted.events,
        allow=connectors.webhook_allow,
    )
    response.headers["Cache-Control"] = "no-store"
    return schemas.EndpointMade(endpoint=schemas.EndpointTold.of(made.endpoint), secret=made.secret)


@router.get("/webhook-endpoints/{endpoint_id}")
async def read_endpoint(work: MerchantWork, endpoint_id: EndpointPath) -> schemas.EndpointTold:
    """One endpoint."""
    need(work, Scope.WEBHOOKS)
    return schemas.EndpointTold.of(await queries.endpoint(work, parse("endpoint", endpoint_id)))


@router.patch("/webhook-endpoints/{endpoint_id}")
async def change_endpoint(
    work: MerchantWork, request: Request, endpoint_id: EndpointPath, wanted: schemas.EndpointChange
) -> schemas.EndpointTold:
    """Change address, label or events; switch off, or on again. Messages that wait are tried at once at a new address."""
    need(work, Scope.WEBHOOKS)
    changed = await service.change_endpoint(
        work,
        parse("endpoint", endpoint_id),
        url=wanted.url,
        label=wanted.label,
        events=wanted.events,
        state=wanted.state,
        allow=_connectors(request).webhook_allow,
    )
    return schemas.EndpointTold.of(changed)


@router.delete("/webhook-endpoints/{endpoint_id}", status_code=204)
async def delete_endpoint(work: MerchantWork, endpoint_id: EndpointPath) -> None:
    """Send nothing there any more. Its messages stay in the log."""
    need(work, Scope.WEBHOOKS)
    await service.delete_endpoint(work, parse("endpoint", endpoint_id))


@router.post("/webhook-endpoints/{endpoint_id}/rotate", status_code=201)
async def rotate_secret(
    work: MerchantWork, request: Request, response: Response, endpoint_id: EndpointPath
) -> schemas.SecretRotated:
    """A fresh secret, shown this once. For 24 hours messages are signed with both."""
    need(work, Scope.WEBHOOKS)
    secret, until = await service.rotate_secret(
        work, _connectors(request).secrets, parse("endpoint", endpoint_id)
    )
    response.headers["Cache-Control"] = "no-store"
    return schemas.SecretRotated(secret=secret, old_secret_until=until)


@router.post("/webhook-endpoints/{endpoint_id}/test", status_code=202)
async def send_trial(work: MerchantWork, endpoint_id: EndpointPath) -> schemas.MessageTold:
    """Send a message of type `webhook.test`. Read it again to see what came of it."""
    need(work, Scope.WEBHOOKS)
    return schemas.MessageTold.of(await service.send_trial(work, parse("endpoint", endpoint_id)))


@router.get("/webhook-messages")
async def list_messages(
    work: MerchantWork,
    endpoint: Annotated[str | None, Query(max_length=40)] = None,
    delivery: Annotated[str | None, Query(max_length=40)] = None,
    state: MessageState | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[schemas.MessageTold]:
    """The log: messages with their attempts, newest first."""
    need(work, Scope.WEBHOOKS)
    assert work.actor.tenant is not None
    found = await queries.messages(
        work,
        work.actor.tenant,
        limit=limit + 1,
        before=read_cursor(cursor),
        endpoint_id=None if endpoint is None else parse("endpoint", endpoint),
        delivery_id=None if delivery is None else parse("delivery", delivery),
        state=state,
    )
    more = cursor_after(found[limit - 1].id) if len(found) > limit else None
    return Page(items=[schemas.MessageTold.of(message) for message in found[:limit]], next=more)


@router.get("/webhook-messages/{message_id}")
async def read_message(work: MerchantWork, message_id: MessagePath) -> schemas.MessageTold:
    """One message with all its attempts."""
    need(work, Scope.WEBHOOKS)
    return schemas.MessageTold.of(await queries.message(work, parse("event", message_id)))


@router.post("/webhook-messages/{message_id}/replay", status_code=202)
async def replay(work: MerchantWork, message_id: MessagePath) -> schemas.MessageTold:
    """Send a message once more, under its old id."""
    need(work, Scope.WEBHOOKS)
    return schemas.MessageTold.of(await service.replay(work, parse("event", message_id)))


@router.post("/webhook-messages/replay", status_code=202)
async def replay_since(work: MerchantWork, wanted: schemas.ReplayWanted) -> schemas.ReplayBegun:
    """Send an endpoint's messages since a time once more, oldest first: those given up, or all."""
    need(work, Scope.WEBHOOKS)
    count = await service.replay_since(
        work, parse("endpoint", wanted.endpoint), wanted.since, taken_too=wanted.taken_too
    )
    return schemas.ReplayBegun(count=count)
