"""The source keeps the laws of the house, and each law bites: it was tried by breaking it."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from pathlib import PurePosixPath as Place

import pytest
from tests.architecture import laws

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src/doorstep"
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
FEATURES = sorted(path.parent.name for path in SRC.glob("features/*/__init__.py"))


@cache
def texts() -> dict[Place, str]:
    """Every module of the package by where it lies."""
    return {Place(path.relative_to(SRC)): path.read_text() for path in sorted(SRC.rglob("*.py"))}


@cache
def trees() -> dict[Place, ast.Module]:
    """The same, parsed: once for all laws that a test process holds."""
    return {place: ast.parse(text, str(place)) for place, text in texts().items()}


def breaches[T](of: Callable[[Place, ast.Module], T]) -> dict[str, T]:
    """What ``of`` finds in each module in which it finds something."""
    return {str(place): found for place, tree in trees().items() if (found := of(place, tree))}


def test_models_are_private_to_their_feature() -> None:
    found = breaches(laws.foreign_models)
    found.pop("app/wiring.py", None)  # tells the schema of every table
    assert not found
    tree = ast.parse("from doorstep.features.ledger.models import EntryRow")
    assert laws.foreign_models(Place("features/offers/service.py"), tree)
    assert not laws.foreign_models(Place("features/ledger/service.py"), tree)
    assert laws.foreign_models(Place("app/web.py"), ast.parse("from doorstep.features.ledger import models"))


def test_rules_events_units_and_engine_are_pure() -> None:
    assert not breaches(lambda place, tree: laws.impurities(tree) if laws.is_pure_room(place) else [])
    for room in ("units/money.py", "engine/routes/ruin.py", "features/x/rules.py", "features/x/rules/y.py"):
        assert laws.is_pure_room(Place(room))
    assert not laws.is_pure_room(Place("features/x/service.py"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import sqlalchemy.orm", ["sqlalchemy.orm"]),
        ("from time import monotonic", ["time"]),
        ("import random", ["random"]),
        ("from random import Random, shuffle", ["random.shuffle"]),
        ("from uuid import UUID, uuid4", ["uuid.uuid4"]),
        ("x = datetime.datetime.now()", ["datetime.datetime.now"]),
        ("x = date.today()", ["date.today"]),
        ("x = np.random.default_rng()", ["np.random.default_rng"]),
        ("x = open('file')", ["open"]),
        ("x = Path('file').read_text()", ["Path('file').read_text"]),
        ("from random import Random\nx = opening(hours).now_s", []),
    ],
)
def test_a_rule_that_reaches_for_the_world_is_found(text: str, found: list[str]) -> None:
    assert laws.impurities(ast.parse(text)) == found


def test_the_web_framework_stays_at_the_edge() -> None:
    assert not breaches(laws.frameworks)
    tree = ast.parse("from fastapi import Request")
    assert laws.frameworks(Place("features/offers/service.py"), tree) == ["fastapi"]
    assert laws.frameworks(Place("engine/decide.py"), ast.parse("import starlette.requests"))
    assert not laws.frameworks(Place("features/offers/api.py"), tree)


def test_no_module_or_class_hides_behind_an_empty_word() -> None:
    assert not breaches(laws.empty_words)
    nothing = ast.parse("")
    for word in ("data", "helpers", "base", "trip_utils"):
        assert laws.empty_words(Place(f"features/offers/{word}.py"), nothing) == [word]
    classes = "class OfferManager: ...\nclass TripData: ...\nclass Processes: ...\nclass RowBase: ...\nclass DBInfo: ..."
    assert len(laws.empty_words(Place("x.py"), ast.parse(classes))) == 5
    assert not laws.empty_words(Place("database.py"), ast.parse("class Basement: ...\nclass Processor: ..."))


def test_sql_never_asks_the_database_for_the_time() -> None:
    found = breaches(lambda _, tree: laws.clocks_in_sql(tree))
    assert not {place for place in found if not place.startswith("platform/postgres/")}
    broken = "x = 1\ny = \"UPDATE offers SET state = 'gone' WHERE expires_at < now()\""
    assert laws.clocks_in_sql(ast.parse(broken)) == [2]
    assert not laws.clocks_in_sql(ast.parse("x = 'What happens now (in words)'"))


def test_every_public_thing_says_what_it_promises() -> None:
    assert not breaches(lambda _, tree: laws.silent_things(tree))
    broken = "def quiet(): ...\nclass Silent: ...\nasync def _own(): ...\ndef told():\n    'Says.'"
    assert laws.silent_things(ast.parse(broken)) == ["the module", "quiet", "Silent"]


def test_every_member_of_an_enum_is_explained() -> None:
    assert not breaches(lambda place, tree: laws.silent_members(texts()[place], tree))
    told = "A = 1  # beside\n    # above\n    B = 2\n    C = 3\n    'Below.'\n    D = 4\n    E = 5"
    text = f"class State(StrEnum):\n    {told}"
    assert laws.silent_members(text, ast.parse(text)) == ["State.D", "State.E"]


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_introduces_itself_and_its_rooms(feature: str) -> None:
    text = texts()[Place("features", feature, "__init__.py")]
    assert 3 <= len(text.strip().splitlines()) <= 25, "what it is for, its nouns, its invariants"
    rooms = [
        place.parts[2].removesuffix(".py") for place in trees() if place.parts[:2] == ("features", feature)
    ]
    assert not laws.unlisted_rooms(feature, rooms, ARCHITECTURE)


def test_a_room_that_nobody_named_is_found() -> None:
    line = "| offers | `terms` what is promised |"
    assert laws.unlisted_rooms("offers", ["service", "terms", "stuff"], line) == ["stuff"]
    assert laws.unlisted_rooms("quotes", ["terms"], line) == ["terms"]


def test_a_room_or_a_feature_that_grew_is_two() -> None:
    assert not laws.too_large({place: len(text.splitlines()) for place, text in texts().items()})
    grown = {Place(f"features/quotes/room_{number}.py"): 400 for number in range(5)}
    assert laws.too_large(grown | {Place("app/cli.py"): 460}) == ["quotes", "app/cli.py"]
    assert not laws.too_large({Place(f"features/offers/room_{number}.py"): 400 for number in range(9)})


PROJECT = (ROOT / "pyproject.toml").read_text()
CONTRACTS: list[dict[str, list[str]]] = tomllib.loads(PROJECT)["tool"]["importlinter"]["contracts"]


@pytest.mark.parametrize(
    ("modules", "verdict"),
    [
        (
            {
                "engine/tick.py": "import doorstep.platform",
                "units/price.py": "import httpx",
                "features/novelty/api.py": "",  # a feature that has no place in the order
            },
            "Contracts: 0 kept, 3 broken.",
        ),
        (
            {"features/ledger/service.py": "import doorstep.features.billing", "extras/x.py": ""},
            "Contracts: 1 kept, 2 broken.",
        ),
    ],
)
def test_the_import_contracts_bite(tmp_path: Path, modules: dict[str, str], verdict: str) -> None:
    """On a package with the rooms of this one, all empty but for what breaks a contract."""
    down, order = (
        {room.strip() for name in one["layers"] for room in name.split("|")} for one in CONTRACTS[:2]
    )
    package = tmp_path / "doorstep"
    for room in [*down, *(f"features/{name}" for name in order)]:
        (package / room).mkdir(parents=True, exist_ok=True)
    for name, text in modules.items():
        (package / name).parent.mkdir(exist_ok=True)
        (package / name).write_text(text)
    for folder in [package, *(each for each in package.rglob("*") if each.is_dir())]:
        (folder / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    lint = Path(sys.executable).with_name("lint-imports")
    said = subprocess.run([lint, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert verdict in said.stdout, said.stdout + said.stderr
