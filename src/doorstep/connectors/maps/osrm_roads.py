"""Prepare an OpenStreetMap extract for OSRM, once, and keep the result.

The tools and the car profile come with the wheel ``osrm-bindings`` (extra ``doorstep[roads]``). The
result of an extract lies under ``<roads home>/<hash>/``; the hash covers the extract's bytes, the
profile's and the wheel's version, so a changed extract is prepared anew and nothing stale is read.
"""

import fcntl
import hashlib
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

_HASH_CHARS = 16
_STEM = "roads"
_KINDS = (".osm.pbf", ".osm.bz2", ".osm")
_NEGATIVE_IDS = ("40-bit packed storage limit", "unsorted input data")


class RoadsNotInstalled(LookupError):
    """Roads were configured and the routing engine is missing; the message holds the command that helps."""


class ExtractRefused(ValueError):
    """OSRM could not use the extract; the message says why and, where known, what to do."""


def prepare(extract: Path, roads_home: Path, profile: str = "car") -> Path:
    """The path of OSRM's files for ``extract`` (``.osm.pbf``, ``.osm.bz2`` or ``.osm``), made now unless already there.

    A metro takes seconds and a state minutes, on one core. Safe when several processes call it: one
    works, the others wait; what a killed one left half-made is thrown away by the next. Blocking. Raises
    RoadsNotInstalled, FileNotFoundError, ExtractRefused.
    """
    wheel = _wheel()
    if not extract.is_file():
        raise FileNotFoundError(f"the configured extract {extract} does not exist")
    kind = next((end for end in _KINDS if extract.name.endswith(end)), None)
    if kind is None:
        raise ExtractRefused(
            f"{extract.name} is no extract OSRM reads: expected a name ending in {', '.join(_KINDS)}"
        )
    lua = wheel / "share" / "profiles" / f"{profile}.lua"
    if not lua.is_file():
        raise ExtractRefused(f"OSRM has no profile {profile!r}; those of the wheel lie in {lua.parent}")
    roads_home.mkdir(parents=True, exist_ok=True)
    prepared = roads_home / _fingerprint(extract, lua)
    with (roads_home / f"{prepared.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not prepared.is_dir():
            making = roads_home / f"{prepared.name}.making"
            shutil.rmtree(making, ignore_errors=True)  # of one that was killed
            try:
                _make(wheel / "bin", lua, extract, making / f"{_STEM}{kind}")
                making.rename(prepared)
            finally:
                shutil.rmtree(making, ignore_errors=True)
    return prepared / f"{_STEM}.osrm"


def _make(tools: Path, lua: Path, extract: Path, source: Path) -> None:
    # The tools write beside what they read, so they read a link in the folder that is to be filled.
    source.parent.mkdir()
    source.symlink_to(extract.resolve())
    roads = source.parent / f"{_STEM}.osrm"
    _run([str(tools / "osrm-extract"), "-p", str(lua), str(source)], extract)
    _run([str(tools / "osrm-partition"), str(roads)], extract)
    _run([str(tools / "osrm-customize"), str(roads)], extract)
    source.unlink()


def _run(command: list[str], extract: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- the wheel's own tools
    if done.returncode == 0:
        return
    said = (done.stdout + done.stderr).strip()
    if any(words in said for words in _NEGATIVE_IDS):
        raise ExtractRefused(
            f"{extract} has negative or unsorted ids, as editors and old tools write them. Repair it with osmium-tool: "
            f"osmium sort {extract.name} -o sorted.osm.pbf && osmium renumber sorted.osm.pbf -o renumbered.osm.pbf"
        )
    last = "\n".join(said.splitlines()[-3:])
    raise ExtractRefused(f"{Path(command[0]).name} failed ({done.returncode}) on {extract}: {last}")


def _wheel() -> Path:
    spec = find_spec("osrm")
    if spec is None or spec.origin is None:
        raise RoadsNotInstalled(
            "road distances are configured but the routing engine is not installed; "
            "install it with: pip install 'doorstep[roads]'  (in a checkout: uv sync --extra roads)"
        )
    return Path(spec.origin).parent


def _fingerprint(extract: Path, lua: Path) -> str:
    try:
        engine = version("osrm-bindings")
    except PackageNotFoundError:
        engine = "unknown"
    digest = hashlib.sha256(f"osrm-bindings {engine}\n{lua.name}\n".encode())
    digest.update(lua.read_bytes())
    with extract.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()[:_HASH_CHARS]
