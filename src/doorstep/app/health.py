"""What a supervisor, a load balancer and a metrics collector ask a web process.

The routes take what they need from the application that was asked: several may live in one process.
"""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import text

from doorstep import __version__
from doorstep.platform.auth.actors import Audience
from doorstep.platform.metrics import told

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process is alive."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"description": "Draining, or the database is away."}})
async def readyz(request: Request) -> JSONResponse:
    """The process can serve: the database answers and the network is founded."""
    state = request.app.state
    if state.draining:
        return JSONResponse({"status": "draining"}, 503)
    try:
        async with asyncio.timeout(2), state.database.probe() as connection:
            mode = (await connection.execute(text("SELECT mode FROM network"))).scalar_one_or_none()
    except Exception as error:
        return JSONResponse({"status": "no database", "detail": type(error).__name__}, 503)
    return JSONResponse({"status": "ready" if mode else "not founded"}, 200 if mode else 503)


@router.get("/version")
async def version() -> dict[str, Any]:
    """What runs here."""
    return {"name": "doorstep", "version": __version__}


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Prometheus metrics, for this machine and for staff."""
    if request.client is None or request.client.host not in {"127.0.0.1", "::1", "testclient"}:
        await request.app.state.authenticate(request, request.app.state.database, Audience.STAFF)
    return Response(await asyncio.to_thread(told), media_type=CONTENT_TYPE_LATEST)
