"""The wheel holds all that users need: pages, front page, migrations; they need no Node."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "src/doorstep/app/pages"


@pytest.mark.slow
def test_the_wheel_holds_the_pages(tmp_path: Path) -> None:
    if not (PAGES / "manifest.json").is_file():
        pytest.skip("the pages are not built: make web")
    uv = ROOT / ".tools/bin/uv"
    if not uv.is_file():
        pytest.skip("no uv in .tools: make setup-dev")
    made = subprocess.run(
        [uv, "build", "--wheel", "--quiet", "--python", sys.executable, "--out-dir", tmp_path, ROOT],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for page in ("console", "driver", "shop"):
        assert f"doorstep/app/pages/{page}/index.html" in names
    assert "doorstep/app/pages/manifest.json" in names
    built = {f"doorstep/app/pages/{path.relative_to(PAGES)}" for path in PAGES.rglob("*") if path.is_file()}
    assert built <= names, sorted(built - names)[:5]
    assert any(name.startswith("doorstep/app/pages/assets/") and name.endswith(".js.br") for name in names)
    for needed in (
        "doorstep/app/front/front.html",
        "doorstep/app/faces/track/words/es.json",
        "doorstep/connectors/maps/sketches/nashville.geojson",
    ):
        assert needed in names, needed
    assert any(name.startswith("doorstep/migrations/versions/") for name in names)
    assert not any("node_modules" in name or name.endswith(".ts") for name in names)
