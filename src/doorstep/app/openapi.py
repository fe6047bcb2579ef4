"""The OpenAPI 3.1 document of this version, made without a database."""

from pathlib import Path
from random import Random
from typing import Any

import httpx
from fastapi import FastAPI

from doorstep.app.http import make_app
from doorstep.connectors.maps.geocode import default_geocoder
from doorstep.connectors.maps.great_circle import GreatCircleTravel
from doorstep.connectors.messages.twin import MessageTwin
from doorstep.connectors.outside import Connectors
from doorstep.platform.blobs import FileBlobs
from doorstep.platform.bus import Bus
from doorstep.platform.clock import WallClock, epoch_ms
from doorstep.platform.db.work import Database, Role
from doorstep.platform.jobs import Handlers
from doorstep.platform.secrets import ephemeral
from doorstep.platform.settings import Settings
from doorstep.units.ids import IdSource

_NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def bare_app(home: Path) -> FastAPI:
    """The application with every route, connected to nothing."""
    connectors = Connectors(
        geocoder=default_geocoder(),
        travel_for=GreatCircleTravel,
        messages=MessageTwin(home / "messages"),
        blobs=FileBlobs(home / "blobs"),
        secrets=ephemeral(),
        http=httpx.AsyncClient(),
    )
    database = Database(_NOWHERE, Role.WEB, WallClock(), IdSource(epoch_ms, Random(1)), Handlers())
    return make_app(Settings(home=home), database, connectors, Bus(_NOWHERE))


def document() -> dict[str, Any]:
    """The document as served at ``/openapi.json``."""
    import tempfile

    with tempfile.TemporaryDirectory() as home:
        return bare_app(Path(home)).openapi()
