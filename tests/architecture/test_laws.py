"""The laws of the house that import contracts cannot say."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src/doorstep"
FEATURES = SRC / "features"
ROOMS = {
    "__init__", "models", "rules", "events", "errors", "schemas", "queries", "service", "api", "handlers", "permissions",
}  # fmt: skip
FORBIDDEN_NAMES = {
    "manager",
    "helper",
    "helpers",
    "util",
    "utils",
    "data",
    "info",
    "process",
    "base",
    "common",
    "misc",
}
IMPURE = {
    "fastapi",
    "sqlalchemy",
    "asyncpg",
    "httpx",
    "pydantic",
    "time",
    "asyncio",
    "os",
    "secrets",
    "structlog",
}
FRAMEWORK_ROOMS = ("platform/http", "platform/auth", "app/", "demo/", "connectors/couriers/twin")


def modules(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def breaches_of_privacy(path: Path, tree: ast.AST) -> list[str]:
    """Imports of another feature's models."""
    own = path.relative_to(FEATURES).parts[0] if FEATURES in path.parents else None
    found = []
    for name in imports(tree):
        parts = name.split(".")
        if parts[:2] == ["doorstep", "features"] and "models" in parts[3:4] and parts[2] != own:
            found.append(name)
    return found


def impurities(tree: ast.AST) -> list[str]:
    """Imports and calls that a pure room must not make."""
    found = [name for name in imports(tree) if name.split(".")[0] in IMPURE]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            call = f"{getattr(node.func.value, 'id', '')}.{node.func.attr}"
            if call in {"datetime.now", "datetime.utcnow", "date.today", "random.random", "random.choice"}:
                found.append(call)
    return found


def test_models_are_private_to_their_feature() -> None:
    breaches = {
        str(path.relative_to(SRC)): found
        for path in modules(SRC)
        if "app/wiring" not in str(path) and (found := breaches_of_privacy(path, parsed(path)))
    }
    assert not breaches


def test_rules_and_events_are_pure() -> None:
    pure = [p for p in modules(FEATURES) if p.name in {"rules.py", "events.py"} or p.parent.name == "rules"]
    pure += [*modules(SRC / "units"), *modules(SRC / "engine")]
    breaches = {str(p.relative_to(SRC)): found for p in pure if (found := impurities(parsed(p)))}
    assert not breaches


def test_the_web_framework_stays_at_the_edge() -> None:
    breaches = []
    for path in modules(SRC):
        name = str(path.relative_to(SRC))
        if path.name == "api.py" or path.name.startswith("api_") or name.startswith(FRAMEWORK_ROOMS):
            continue
        if any(found.split(".")[0] in {"fastapi", "starlette"} for found in imports(parsed(path))):
            breaches.append(name)
    allowed = {"features/identity/gatekeeper.py", "features/identity/cookies.py", "app/wiring.py"}
    assert not set(breaches) - allowed


def test_no_module_or_class_hides_behind_an_empty_word() -> None:
    bad = [str(p.relative_to(SRC)) for p in modules(SRC) if p.stem in FORBIDDEN_NAMES]
    for path in modules(SRC):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef) and node.name.lower().endswith(
                ("manager", "helper", "util", "utils")
            ):
                bad += [f"{path.relative_to(SRC)}:{node.name}"]
    assert not bad


def test_sql_never_asks_the_database_for_the_time() -> None:
    bad = []
    for path in modules(SRC):
        if "platform/postgres" in str(path):
            continue
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _asks_for_time(node.value):
                bad += [f"{path.relative_to(SRC)}:{node.lineno}"]
    assert not bad


def _asks_for_time(text: str) -> bool:
    lowered = text.lower()
    is_sql = any(
        f"{verb} " in lowered for verb in ("select", "update", "insert into", "delete from", "where")
    )
    if not is_sql or "sql never" in lowered:
        return False
    return any(word in lowered for word in (" now()", "(now()", "current_timestamp", "clock_timestamp"))


def test_every_public_thing_says_what_it_promises() -> None:
    silent = []
    for path in modules(SRC):
        tree = parsed(path)
        if not ast.get_docstring(tree) and path.read_text().strip():
            silent.append(str(path.relative_to(SRC)))
        for node in tree.body:
            public = isinstance(
                node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
            ) and not node.name.startswith("_")
            if public and not ast.get_docstring(node):  # type: ignore[arg-type]
                silent.append(f"{path.relative_to(SRC)}:{node.name}")  # type: ignore[attr-defined]
    assert not silent


@pytest.mark.parametrize(
    "feature", sorted(p.name for p in FEATURES.iterdir() if p.is_dir() and p.name != "__pycache__")
)
def test_a_feature_introduces_itself(feature: str) -> None:
    text = (FEATURES / feature / "__init__.py").read_text()
    assert 3 <= len(text.strip().splitlines()) <= 25, "what it is for, its nouns, its invariants"


class TestTheLawsBite:
    """Each law was tried by breaking it."""

    def test_foreign_models(self) -> None:
        tree = ast.parse("from doorstep.features.ledger.models import EntryRow")
        assert breaches_of_privacy(FEATURES / "offers/service.py", tree) == [
            "doorstep.features.ledger.models"
        ]

    def test_own_models(self) -> None:
        tree = ast.parse("from doorstep.features.ledger.models import EntryRow")
        assert not breaches_of_privacy(FEATURES / "ledger/service.py", tree)

    def test_wall_clock_in_a_rule(self) -> None:
        assert impurities(ast.parse("from datetime import datetime\nx = datetime.now()")) == ["datetime.now"]

    def test_database_in_a_rule(self) -> None:
        assert impurities(ast.parse("import sqlalchemy.orm")) == ["sqlalchemy.orm"]

    def test_time_in_sql(self) -> None:
        assert _asks_for_time("UPDATE offers SET state = 'gone' WHERE expires_at < now()")
        assert not _asks_for_time("What happens now (in words)")
