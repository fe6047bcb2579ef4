"""The web process's application: every feature's routes behind one gate."""

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncIterator, Sequence

import structlog
from fastapi import APIRouter, FastAPI, Request
from starlette.datastructures import MutableHeaders
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from doorstep import __version__
from doorstep.app import health, wiring
from doorstep.app.faces import api as faces
from doorstep.app.faces.track import api as track
from doorstep.app.front import api as front
from doorstep.connectors.outside import Connectors
from doorstep.features.identity.gatekeeper import Gatekeeper
from doorstep.platform.bus import Bus
from doorstep.platform.db.work import Database
from doorstep.platform.http import problems
from doorstep.platform.metrics import HTTP_SECONDS
from doorstep.platform.settings import Settings
from doorstep.units.ids import IdSource

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
}


def make_app(settings: Settings, database: Database, connectors: Connectors, bus: Bus) -> FastAPI:
    """The application of one web process. ``database`` must serve under the web role."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        listening = asyncio.create_task(bus.run())
        for start in app.state.on_start:
            app.state.background.append(asyncio.create_task(start()))
        yield
        for task in [listening, *app.state.background]:
            task.cancel()
        await asyncio.gather(listening, *app.state.background, return_exceptions=True)
        await database.close()

    app = FastAPI(
        title="Doorstep",
        version=__version__,
        description="An open last-mile delivery network: quotes, deliveries, offers, proof, money.",
        lifespan=lifespan,
        separate_input_output_schemas=False,
        docs_url=None,  # our own page: the framework's loads its viewer from elsewhere
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.database = database
    app.state.connectors = connectors
    app.state.bus = bus
    app.state.authenticate = Gatekeeper(connectors.secrets)
    app.state.draining = False
    app.state.on_start = []
    app.state.background = []
    problems.install(app)
    app.add_middleware(Watch, ids=database.ids)
    first, last = _routes()
    app.router.routes.extend(first)
    wiring.mount(app)
    app.router.routes.extend(last)
    return app


@functools.lru_cache(maxsize=1)
def _routes() -> tuple[Sequence[BaseRoute], Sequence[BaseRoute]]:
    """All routes, before and after the mounted ones: included once for a process.

    What the framework works out about a route at its first request belongs to its inclusion; applications of
    one process, of which tests make a thousand, share it.
    """
    first, last = APIRouter(), APIRouter()
    for router in [*wiring.routers(), front.router]:
        first.include_router(router)
    # The faces come last: below a page's address everything that nobody else answers is the page.
    for router in (health.router, track.router, faces.router):
        last.include_router(router)
    return first.routes, last.routes


class Watch:
    """Gives each request an id, its answer our security headers, and measures the time to the first byte.

    Plain ASGI: a stream passes through frame by frame, and a short answer costs no task of its own.
    """

    def __init__(self, app: ASGIApp, ids: IdSource) -> None:
        """``app`` is what is watched."""
        self._app = app
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; only answers to HTTP requests are touched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = str(self._ids.new())
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                route = str(getattr(scope.get("route"), "path", "other"))
                HTTP_SECONDS.labels(route, scope["method"], message["status"]).observe(
                    time.perf_counter() - started
                )
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            # What nobody expected is answered here, or its answer would leave without our headers.
            if begun:
                raise
            await (await problems.broken(Request(scope), error))(scope, receive, watched)
