"""The files that the build of ``web/`` left in ``doorstep/app/pages``."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".mp3": "audio/mpeg",
    ".wasm": "application/wasm",
    ".txt": "text/plain; charset=utf-8",
}
"""What may be served, and as what. Nothing else is."""
_PACKINGS = (("br", ".br"), ("gzip", ".gz"))


class NotBuilt(LookupError):
    """The pages have not been built on this machine."""


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """One file with its packed twins by content coding."""

    body: bytes
    packed: dict[str, bytes]
    media_type: str
    etag: str

    def best(self, accepted: str) -> tuple[bytes, str | None]:
        """The smallest form that a client with this Accept-Encoding can read, and its coding."""
        codings = {part.split(";")[0].strip() for part in accepted.split(",") if "q=0" not in part}
        for coding, body in self.packed.items():
            if coding in codings:
                return body, coding
        return self.body, None


@dataclass(frozen=True, slots=True)
class Entry:
    """What one page needs from the build, as addresses and text."""

    script: str
    styles: tuple[str, ...]
    css: str
    """The text of the style sheets, for a page that carries them in itself."""


class Built:
    """The folder of one build. Files are read once; a new build is noticed by its manifest's time."""

    def __init__(self, folder: Path) -> None:
        """``folder`` may be empty or absent: then everything raises NotBuilt."""
        self._folder = folder
        self._made_ns = 0
        self._files: dict[str, BuiltFile | None] = {}
        self._manifest: dict[str, Any] = {}

    def _refresh(self) -> None:
        try:
            made_ns = (self._folder / "manifest.json").stat().st_mtime_ns
        except OSError as error:
            raise NotBuilt from error
        if made_ns != self._made_ns:
            self._files.clear()
            self._manifest = json.loads((self._folder / "manifest.json").read_text(encoding="utf-8"))
            self._made_ns = made_ns

    def page(self, face: str) -> BuiltFile:
        """The page of ``face``. Raises NotBuilt."""
        self._refresh()
        found = self._read(f"{face}/index.html")
        if found is None:
            raise NotBuilt
        return found

    def beside(self, face: str, name: str) -> BuiltFile | None:
        """A file with an address below a face's own: its worker, its manifest, its icons."""
        return None if name == "index.html" else self._named(face, name)

    def asset(self, name: str) -> BuiltFile | None:
        """A file with the hash of its content in its name."""
        return self._named("assets", name)

    def _named(self, folder: str, name: str) -> BuiltFile | None:
        if "/" in name or "\\" in name or name.startswith("."):
            return None
        try:
            self._refresh()
        except NotBuilt:
            return None
        return self._read(f"{folder}/{name}")

    def entry(self, source: str) -> Entry:
        """The entry made of ``source`` (as ``track/main.ts``). Raises NotBuilt."""
        self._refresh()
        told = self._manifest.get(source)
        if told is None:
            raise NotBuilt
        styles = tuple(self._styles(source, set()))
        found = [self._read(name) for name in styles]
        css = "".join(file.body.decode() for file in found if file is not None)
        return Entry(f"/{told['file']}", tuple(f"/{name}" for name in styles), css)

    def _styles(self, name: str, seen: set[str]) -> Iterator[str]:
        """Style sheets of an entry, those of what it imports first."""
        if name in seen:
            return
        seen.add(name)
        told = self._manifest[name]
        for other in told.get("imports", ()):
            yield from self._styles(other, seen)
        yield from told.get("css", ())

    def _read(self, path: str) -> BuiltFile | None:
        if path not in self._files:
            self._files[path] = self._load(self._folder / path)
        return self._files[path]

    @staticmethod
    def _load(path: Path) -> BuiltFile | None:
        media_type = MEDIA.get(path.suffix)
        if media_type is None or not path.is_file():
            return None
        body = path.read_bytes()
        packed = {}
        for coding, suffix in _PACKINGS:
            twin = path.with_name(path.name + suffix)
            if twin.is_file():
                packed[coding] = twin.read_bytes()
        return BuiltFile(body, packed, media_type, f'"{hashlib.sha256(body).hexdigest()[:20]}"')


@lru_cache(maxsize=1)
def built() -> Built:
    """The build that ships with this package."""
    return Built(Path(__file__).parents[1] / "pages")
