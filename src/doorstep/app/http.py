"""The web process's application: every feature's routes behind one gate."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import text
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from doorstep import __version__
from doorstep.app import wiring
from doorstep.app.faces import api as faces
from doorstep.app.faces.track import api as track
from doorstep.app.front import api as front
from doorstep.connectors.outside import Connectors
from doorstep.features.identity.gatekeeper import Gatekeeper
from doorstep.platform.auth.actors import Audience
from doorstep.platform.bus import Bus
from doorstep.platform.db.work import Database
from doorstep.platform.http import problems
from doorstep.platform.metrics import HTTP_SECONDS, told
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
    for router in [*wiring.routers(), front.router]:
        app.include_router(router)
    wiring.mount(app)
    _health(app)
    app.include_router(track.router)
    app.include_router(
        faces.router
    )  # last: below a page's address everything that nobody else answers is the page
    return app


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


def _health(app: FastAPI) -> None:
    @app.get("/healthz", tags=["health"])
    async def healthz() -> dict[str, str]:
        """The process is alive."""
        return {"status": "ok"}

    @app.get(
        "/readyz", tags=["health"], responses={503: {"description": "Draining, or the database is away."}}
    )
    async def readyz() -> JSONResponse:
        """The process can serve: the database answers and the network is founded."""
        if app.state.draining:
            return JSONResponse({"status": "draining"}, 503)
        try:
            async with asyncio.timeout(2), app.state.database.probe() as connection:
                mode = (await connection.execute(text("SELECT mode FROM network"))).scalar_one_or_none()
        except Exception as error:
            return JSONResponse({"status": "no database", "detail": type(error).__name__}, 503)
        return JSONResponse({"status": "ready" if mode else "not founded"}, 200 if mode else 503)

    @app.get("/version", tags=["health"])
    async def version() -> dict[str, Any]:
        """What runs here."""
        return {"name": "doorstep", "version": __version__}

    @app.get("/metrics", tags=["health"], include_in_schema=False)
    async def metrics(request: Request) -> Response:
        """Prometheus metrics, for this machine and for staff."""
        if request.client is None or request.client.host not in {"127.0.0.1", "::1", "testclient"}:
            await app.state.authenticate(request, app.state.database, Audience.STAFF)
        return Response(await asyncio.to_thread(told), media_type=CONTENT_TYPE_LATEST)
