"""What the actors are handed when the curtain rises: who they are and with which credentials.

Kept in one file that only its owner reads. What actors learn later (sessions, webhook secrets) lies beside it.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePart:
    """A store of the demo, as its merchant knows it."""

    id: str
    name: str
    lat: float
    lng: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantPart:
    """A merchant: what it sells decides what its orders look like."""

    name: str
    slug: str
    trade: str  # grocery, bakery, pharmacy
    key: str = field(repr=False)
    stores: tuple[StorePart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverPart:
    """A driver: her phone is all she needs to sign in."""

    name: str
    phone: str
    lat: float
    lng: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorPart:
    """The car of the driver that visitors enter as: ``session`` is the demo's own, beside the visitor's."""

    phone: str
    session: str = field(repr=False)
    lat: float
    lng: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Everything the actors begin with."""

    seed: int
    merchants: tuple[MerchantPart, ...]
    visitor: VisitorPart | None = None
    drivers: tuple[DriverPart, ...]
    twin_webhook_secret: str = field(repr=False)
    twin_key: str = field(repr=False)


def write_private(path: Path, content: Mapping[str, Any]) -> None:
    """Replace the file at ``path`` by ``content`` as JSON, readable by its owner alone, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file)
    fresh.replace(path)


def read_private(path: Path) -> dict[str, Any]:
    """What ``write_private`` wrote; empty when there is nothing, or nothing that can be read."""
    try:
        content = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def folder_of(home: Path) -> Path:
    """Where the demo keeps its own things."""
    return home / "demo"


def store_script(home: Path, script: Script) -> None:
    """Hand the script over."""
    write_private(folder_of(home) / "script.json", asdict(script))


def load_script(home: Path) -> Script | None:
    """The script handed over before; None when there is none, or one of another version."""
    told = read_private(folder_of(home) / "script.json")
    try:
        return Script(
            seed=told["seed"],
            merchants=tuple(
                MerchantPart(**(one | {"stores": tuple(StorePart(**store) for store in one["stores"])}))
                for one in told["merchants"]
            ),
            drivers=tuple(DriverPart(**one) for one in told["drivers"]),
            visitor=VisitorPart(**told["visitor"]) if told["visitor"] else None,
            twin_webhook_secret=told["twin_webhook_secret"],
            twin_key=told["twin_key"],
        )
    except (KeyError, TypeError):
        return None
