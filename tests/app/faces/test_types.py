"""A change of the API that breaks a page fails the build: its types come from the document, those of streams, too."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WEB = ROOT / "web"
TAKEN_AWAY = {
    "EarningsTold": "work",  # the driver's phone reads it
    "Pace": "wished_speed",  # the shopper's page, by a script without the client
    "TripSeen": "stops",  # the console, from its stream
    "Quote": "price",  # the shop's counter
}
PAGES = ("console", "driver", "shop", "track")


@pytest.mark.slow
def test_a_field_that_is_taken_away_fails_the_build_of_each_page_that_reads_it(tmp_path: Path) -> None:
    node, here = shutil.which("node"), WEB / "node_modules"
    if node is None or not here.is_dir():
        pytest.skip("web/node_modules or node is not there: make setup-dev")
    document = json.loads((ROOT / "openapi.json").read_text())
    for name, field in TAKEN_AWAY.items():
        schema = document["components"]["schemas"][name]
        del schema["properties"][field]
        schema["required"].remove(field)
    web = tmp_path / "web"
    shutil.copytree(WEB, web, ignore=shutil.ignore_patterns("node_modules", "schema.d.ts"))
    (web / "node_modules").symlink_to(here.resolve())
    changed = tmp_path / "openapi.json"
    changed.write_text(json.dumps(document))
    package = json.loads((WEB / "package.json").read_text())
    told = subprocess.run(
        ["/bin/sh", "-c", package["scripts"]["build"]],
        cwd=web, env={"PATH": f"{here}/.bin:{Path(node).parent}:/usr/bin:/bin", "DOORSTEP_PAGES": str(tmp_path / "pages")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode != 0
    assert not (tmp_path / "pages").exists()
    complained = {line.split("/", 1)[0] for line in told.stdout.splitlines() if "error TS" in line}
    assert complained >= set(PAGES), told.stdout + told.stderr
