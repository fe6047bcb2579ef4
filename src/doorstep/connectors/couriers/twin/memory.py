"""What the company remembers when its process dies: one small SQLite file, written before each answer."""

import sqlite3
from pathlib import Path

import msgspec

from doorstep.connectors.couriers.twin.world import Behaviour, Job, Quote, World


class _Quoted(msgspec.Struct):
    quote: Quote
    reference: str


class Memory:
    """Keeps quotes, jobs and manners of a world in ``folder`` (made when absent), or nowhere when None."""

    def __init__(self, folder: Path | None) -> None:
        """Open the file and make its table."""
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = sqlite3.connect(folder / "twin.sqlite" if folder else ":memory:", isolation_level=None)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = NORMAL")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS kept (kind TEXT, id TEXT, body BLOB, PRIMARY KEY (kind, id))"
        )

    def recall(self, world: World) -> None:
        """Put everything remembered into ``world``."""
        for kind, key, body in self._file.execute("SELECT kind, id, body FROM kept ORDER BY id"):
            if kind == "job":
                world.remember(msgspec.json.decode(body, type=Job))
            elif kind == "quote":
                quoted = msgspec.json.decode(body, type=_Quoted)
                world.quotes[key] = (quoted.quote, quoted.reference)
                world.quoted += 1
            elif kind == "behaviour":
                world.behave(msgspec.json.decode(body, type=Behaviour))

    def keep_job(self, job: Job) -> None:
        """Remember ``job`` as it is now."""
        self._keep("job", job.job_id, job)

    def keep_quote(self, quote: Quote, reference: str) -> None:
        """Remember a quote."""
        self._keep("quote", quote.quote_id, _Quoted(quote, reference))

    def keep_behaviour(self, behaviour: Behaviour) -> None:
        """Remember how to behave."""
        self._keep("behaviour", "", behaviour)

    def _keep(self, kind: str, key: str, body: object) -> None:
        self._file.execute(
            "INSERT OR REPLACE INTO kept (kind, id, body) VALUES (?, ?, ?)",
            (kind, key, msgspec.json.encode(body)),
        )

    def close(self) -> None:
        """Close the file."""
        self._file.close()
