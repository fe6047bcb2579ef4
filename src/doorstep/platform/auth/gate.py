"""The FastAPI side of auth: one dependency per audience that yields a unit of work.

Routes say whom they are for by the type of their first parameter: ``work: MerchantWork``. The dependency
authenticates the request for exactly that audience, opens the unit of work under the web role and commits
it before the response leaves (function scope; FastAPI would otherwise commit after the answer has gone).
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request

from doorstep.platform.auth.actors import Actor, Audience
from doorstep.platform.db.work import Database, Work
from doorstep.platform.errors import NotAllowed

PUBLIC = Actor(Audience.PUBLIC, label="public")
GATE = Actor(Audience.GATE, label="gate")
_MARK = "doorstep_audience"


class Authenticator(Protocol):
    """Turns a request's credential into an actor of one audience (``features.identity`` does)."""

    async def __call__(
        self, request: Request, database: Database, audience: Audience, work: Work | None = None
    ) -> Actor:
        """The actor behind the request, looked up in ``work`` where that is open already. Raises NotSignedIn."""


def database_of(request: Request) -> Database:
    """The web role's database of this process."""
    database: Database = request.app.state.database
    return database


def _work_as(audience: Audience) -> Callable[[Request], AsyncIterator[Work]]:
    async def dependency(request: Request) -> AsyncIterator[Work]:
        database = database_of(request)
        if audience in {Audience.PUBLIC, Audience.GATE}:
            async with database.work(PUBLIC if audience is Audience.PUBLIC else GATE) as work:
                yield work
            return
        authenticate: Authenticator = request.app.state.authenticate
        async with database.work(None) as work:
            await work.become(await authenticate(request, database, audience, work))
            yield work

    setattr(dependency, _MARK, audience)  # read by the route matrix test
    return dependency


MerchantWork = Annotated[Work, Depends(_work_as(Audience.MERCHANT), scope="function")]
StaffWork = Annotated[Work, Depends(_work_as(Audience.STAFF), scope="function")]
DriverWork = Annotated[Work, Depends(_work_as(Audience.DRIVER), scope="function")]
ShopperWork = Annotated[Work, Depends(_work_as(Audience.SHOPPER), scope="function")]
ProviderWork = Annotated[Work, Depends(_work_as(Audience.PROVIDER), scope="function")]
PublicWork = Annotated[Work, Depends(_work_as(Audience.PUBLIC), scope="function")]
GateWork = Annotated[Work, Depends(_work_as(Audience.GATE), scope="function")]


def audience_actor(audience: Audience) -> Callable[[Request], Awaitable[Actor]]:
    """A dependency that only authenticates: for streams, which open short units of work of their own."""

    async def dependency(request: Request) -> Actor:
        authenticate: Authenticator = request.app.state.authenticate
        return await authenticate(request, database_of(request), audience)

    setattr(dependency, _MARK, audience)  # read by the route matrix test
    return dependency


def need(work: Work, *roles: str) -> None:
    """Go on only when the actor has one of ``roles`` (staff roles, key scopes). Raises NotAllowed."""
    if not work.actor.roles.intersection(roles):
        raise NotAllowed(f"this needs the role or scope {' or '.join(roles)}")


def route_audience(dependant: Any) -> Audience | None:
    """Whom a route is for, read off its dependencies; None when it has no such dependency."""
    for child in dependant.dependencies:
        found = getattr(child.call, _MARK, None) or route_audience(child)
        if found is not None:
            return Audience(found)
    return None
