"""Settings from the environment, read once at start and passed on. Nothing else reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID


class BadSetting(ValueError):
    """A setting that cannot be meant; the message says which and what would do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a process needs to know about its surroundings.

    ``home`` holds all state of this machine: database, secrets, proofs. ``database_url`` is None for the
    embedded database. ``webhook_allow`` lists exact ``host:port`` pairs outside the private-address rule,
    for the demo and tests alone.
    """

    home: Path
    database_url: str | None = None
    database_port: int | None = None
    """A port of 127.0.0.1 on which the embedded database listens besides its socket; None: it listens on no network."""
    host: str = "127.0.0.1"
    port: int = 8000
    public_demo: bool = False
    webhook_allow: frozenset[str] = field(default_factory=frozenset)
    public_url: str = ""
    log_level: str = "info"
    osm_extract: Path | None = None
    tiles: Path | None = None
    """A PMTiles file of the street map; None: maps are drawn from the market's own data."""
    instance: UUID | None = None
    """Under which name this process holds leases; one of its own choice unless its launcher gave one."""
    fallen: UUID | None = None
    """The name of its predecessor, which the launcher saw die: nobody need wait for what it held."""
    plane: int | None = None
    """Metres per minute on the plane of a recorded day; None everywhere but in a replay."""

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in {"127.0.0.1", "::1", "localhost"}

    @property
    def own_url(self) -> str:
        """Where people reach this network, without a trailing slash."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 (compared, not bound)
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def local_url(self) -> str:
        """Where this network is reached from the machine it runs on, without a trailing slash."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 (compared, not bound)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def secrets(self) -> Path:
        """The folder of keys, readable by the owner alone."""
        return self.home / "secrets"


def from_environment(env: Mapping[str, str] | None = None) -> Settings:
    """Settings from ``env`` (the process's own by default). Raises BadSetting."""
    env = os.environ if env is None else env
    home = env.get("DOORSTEP_HOME") or str(Path(env.get("HOME") or "/tmp") / ".doorstep")  # noqa: S108 (a last resort, checked for 0700 before use)
    allow = frozenset(
        pair.strip() for pair in env.get("DOORSTEP_WEBHOOK_ALLOW", "").split(",") if pair.strip()
    )
    extract, tiles = env.get("DOORSTEP_OSM_EXTRACT"), env.get("DOORSTEP_TILES")
    instance, fallen = env.get("DOORSTEP_INSTANCE"), env.get("DOORSTEP_FALLEN")
    return Settings(
        home=Path(home).expanduser().absolute(),
        database_url=env.get("DATABASE_URL") or None,
        database_port=_port(env, "DOORSTEP_DATABASE_PORT"),
        host=env.get("HOST") or "127.0.0.1",
        port=_port(env, "PORT") or 8000,
        webhook_allow=allow,
        public_demo=env.get("DOORSTEP_PUBLIC_DEMO") == "1",
        public_url=env.get("DOORSTEP_PUBLIC_URL", ""),
        log_level=env.get("DOORSTEP_LOG", "info"),
        osm_extract=Path(extract) if extract else None,
        tiles=Path(tiles) if tiles else None,
        instance=UUID(instance) if instance else None,
        fallen=UUID(fallen) if fallen else None,
        plane=int(env["DOORSTEP_PLANE"]) if env.get("DOORSTEP_PLANE") else None,
    )


def _port(env: Mapping[str, str], name: str) -> int | None:
    """The port that ``name`` tells; None when it tells nothing. Raises BadSetting."""
    told = env.get(name)
    if not told:
        return None
    try:
        port = int(told)
    except ValueError as error:
        raise BadSetting(f"{name} must be a number, not {told!r}") from error
    if not 0 < port < 65536:
        raise BadSetting(f"{name} must lie between 1 and 65535, not {port}")
    return port
