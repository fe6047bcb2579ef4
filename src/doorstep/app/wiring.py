"""Which parts the network is made of."""

import importlib
from types import ModuleType

from fastapi import APIRouter, FastAPI

from doorstep.connectors.outside import Connectors
from doorstep.platform.jobs import Handlers

FEATURES = (
    "identity",
    "markets",
    "ledger",
    "merchants",
    "drivers",
    "fixes",
    "quotes",
    "deliveries",
    "offers",
    "providers",
    "dispatch",
    "tracking",
    "billing",
    "payouts",
    "webhooks",
    "notifications",
    "wakeups",
    "console",
    "visits",
)
"""From the bottom up: a feature may call those before it and none after it."""

PLATFORM_ROWS = (
    "doorstep.platform.jobs",
    "doorstep.platform.leases",
    "doorstep.platform.clock_anchor",
    "doorstep.platform.http.idempotency",
    "doorstep.platform.audit",
)


def _room(feature: str, room: str) -> ModuleType | None:
    """The module of one room, None when the feature does not need it."""
    name = f"doorstep.features.{feature}.{room}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and name.startswith(error.name):
            return None
        raise


def import_rows() -> None:
    """Import every module that declares tables."""
    for name in PLATFORM_ROWS:
        importlib.import_module(name)
    for feature in FEATURES:
        _room(feature, "models")


def import_rooms() -> None:
    """Import everything that a process of the network may come to: rows, reactions, routes."""
    import_rows()
    for feature in FEATURES:
        for room in ("handlers", "api"):
            _room(feature, room)


def handlers(connectors: Connectors) -> Handlers:
    """All reactions: each feature's ``handlers.register(handlers, connectors)``."""
    known = Handlers()
    for feature in FEATURES:
        room = _room(feature, "handlers")
        if room is not None:
            room.register(known, connectors)
    return known


def routers() -> list[APIRouter]:
    """All routes: each feature's ``api.router`` (or ``api.routers``)."""
    found: list[APIRouter] = []
    for feature in FEATURES:
        room = _room(feature, "api")
        if room is not None:
            found.extend(getattr(room, "routers", None) or [room.router])
    return found


def mount(app: FastAPI) -> None:
    """Raw ASGI routes and background tasks of features: each feature's ``api.mount(app)`` where there is one."""
    for feature in FEATURES:
        room = _room(feature, "api")
        if room is not None and hasattr(room, "mount"):
            room.mount(app)
