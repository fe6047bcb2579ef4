"""What is served of a build, and what is said when there is none."""

import gzip
import json
import os
from pathlib import Path

import httpx
import pytest

from doorstep.app.faces.api import not_built
from doorstep.app.faces.built import Built, NotBuilt
from doorstep.app.openapi import bare_app

PAGES = Path(__file__).parents[3] / "src/doorstep/app/pages"
FIRST_LOAD_LIMIT = 200_000


def a_build(folder: Path) -> Built:
    """A small build by hand."""
    (folder / "assets").mkdir(parents=True)
    (folder / "console").mkdir()
    (folder / "console/index.html").write_text("<p>console</p>")
    (folder / "assets/a-1.js").write_text("1;")
    (folder / "assets/a-1.js.gz").write_bytes(gzip.compress(b"1;"))
    (folder / "assets/a-1.js.br").write_bytes(b"packed")
    (folder / "assets/shared-1.css").write_text("a{}")
    (folder / "assets/own-1.css").write_text("b{}")
    (folder / "assets/secret.py").write_text("no")
    manifest = {
        "track/main.ts": {"file": "assets/a-1.js", "imports": ["_shared.js"], "css": ["assets/own-1.css"]},
        "_shared.js": {"file": "assets/s-1.js", "css": ["assets/shared-1.css"], "imports": ["_shared.js"]},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return Built(folder)


class TestBuilt:
    def test_the_smallest_form_a_client_reads_is_served(self, tmp_path: Path) -> None:
        file = a_build(tmp_path).asset("a-1.js")
        assert file is not None
        assert file.best("gzip, deflate, br") == (b"packed", "br")
        assert file.best("gzip")[1] == "gzip"
        assert file.best("br;q=0, gzip;q=0") == (b"1;", None)
        assert file.best("") == (b"1;", None)

    @pytest.mark.parametrize(
        "name", ["../manifest.json", "..", ".hidden", "a/b.js", "a\\b.js", "secret.py", "none.js"]
    )
    def test_nothing_else_is(self, tmp_path: Path, name: str) -> None:
        assert a_build(tmp_path).asset(name) is None

    def test_styles_of_what_an_entry_imports_come_first(self, tmp_path: Path) -> None:
        made = a_build(tmp_path)
        entry = made.entry("track/main.ts")
        assert (entry.script, entry.css) == ("/assets/a-1.js", "a{}b{}")

    def test_a_new_build_is_noticed(self, tmp_path: Path) -> None:
        made = a_build(tmp_path)
        assert made.page("console").body == b"<p>console</p>"
        (tmp_path / "console/index.html").write_text("<p>newer</p>")
        (tmp_path / "manifest.json").write_text("{}")
        os.utime(tmp_path / "manifest.json", (1, 1))
        assert made.page("console").body == b"<p>newer</p>"

    def test_without_a_build_everything_says_so(self, tmp_path: Path) -> None:
        nothing = Built(tmp_path / "nowhere")
        with pytest.raises(NotBuilt):
            nothing.page("console")
        with pytest.raises(NotBuilt):
            nothing.entry("track/main.ts")
        assert nothing.asset("a.js") is None


async def test_a_page_that_was_not_built_tells_how(tmp_path: Path) -> None:
    answer = not_built()
    assert answer.status_code == 503
    assert b"make web" in answer.body
    app = bare_app(tmp_path)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as http:
        assert (await http.get("/console")).status_code in {200, 503}


class TestSizes:
    @pytest.fixture
    def manifest(self) -> dict[str, dict[str, object]]:
        path = PAGES / "manifest.json"
        if not path.is_file():
            pytest.skip("the pages are not built: make web")
        found: dict[str, dict[str, object]] = json.loads(path.read_text())
        return found

    @pytest.mark.parametrize(
        "entry", ["console/index.html", "driver/index.html", "shop/index.html", "track/main.ts"]
    )
    def test_a_first_load_stays_small(self, manifest: dict[str, dict[str, object]], entry: str) -> None:
        names = first_load(manifest, entry)
        packed = {name: len(gzip.compress((PAGES / name).read_bytes(), 9)) for name in names}
        assert sum(packed.values()) <= FIRST_LOAD_LIMIT, packed
        assert not any("map" in name and size > 50_000 for name, size in packed.items()), (
            "the map is not of the first load"
        )


def first_load(manifest: dict[str, dict[str, object]], entry: str) -> set[str]:
    """Scripts and style sheets that a page needs before it is whole: all that is imported without waiting."""
    names: set[str] = set()
    seen: set[str] = set()
    waiting = [entry]
    while waiting:
        key = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        told = manifest[key]
        names.add(str(told["file"]))
        names.update(str(name) for name in told.get("css", []))  # type: ignore[attr-defined]
        waiting.extend(str(name) for name in told.get("imports", []))  # type: ignore[attr-defined]
    return names
