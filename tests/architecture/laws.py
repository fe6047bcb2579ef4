"""The laws of the house that import contracts cannot say: each finds its breaches in a tree, a text or a name.

``test_laws.py`` holds the source to them and tries each by breaking it.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath as Place

ROOMS = frozenset(
    {"__init__", "models", "rules", "events", "errors", "schemas", "queries", "service", "api", "handlers", "permissions"}
)  # fmt: skip
"""Rooms that any feature may have; others of its own stand in docs/architecture.md by name."""
EMPTY_WORDS = frozenset({"manager", "helper", "util", "data", "info", "process", "base", "common", "misc"})
FEATURE_LINES = 1850
"""Beyond about 1,800 lines a feature is two, or says in docs/decisions why it is one and how far it may grow."""
LARGER_FEATURES: Mapping[str, int] = {
    "deliveries": 3600,
    "offers": 4200,
    "identity": 2750,
    "console": 2600,
    "providers": 2500,
    "markets": 2450,
}
ROOM_LINES = 450
"""Beyond about 400 lines a room is two."""
IMPURE_MODULES = frozenset(
    {
        *("fastapi", "starlette", "sqlalchemy", "asyncpg", "httpx", "pydantic", "structlog"),
        *("time", "asyncio", "os", "sys", "io", "socket", "subprocess", "logging", "secrets", "tempfile", "shutil", "urllib"),
    }
)  # fmt: skip
IMPURE_NAMES = {"random": frozenset({"Random"}), "uuid": frozenset({"UUID", "uuid5", "NAMESPACE_URL"})}
"""Of these modules a pure room may use these names alone: those that take no chance and no clock from nowhere."""
IMPURE_CALLS = re.compile(
    r"(^|\.)(open|input|print|read_text|read_bytes|write_text|write_bytes|utcnow|today|uuid1|uuid4|getenv)$"
    r"|(^|\.)datetime\.now$|(^|\.)np\.random\.|(^|\.)numpy\.random\."
)
FRAMEWORK = frozenset({"fastapi", "starlette"})
FRAMEWORK_ROOMS = ("platform/http/", "platform/auth/", "app/", "demo/", "connectors/couriers/twin/")
FRAMEWORK_MODULES = frozenset({"features/identity/gatekeeper.py", "features/identity/cookies.py"})


def imports(tree: ast.AST) -> Iterator[tuple[str, frozenset[str]]]:
    """Each imported module with the names taken from it (none: the module itself)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, frozenset()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, frozenset(alias.name for alias in node.names)


def foreign_models(place: Place, tree: ast.AST) -> list[str]:
    """Imports of another feature's models: they are private to it."""
    own = place.parts[1] if place.parts[0] == "features" else None
    found = []
    for module, names in imports(tree):
        for name in (module, *(f"{module}.{one}" for one in sorted(names))):
            parts = name.split(".")
            if parts[:2] == ["doorstep", "features"] and parts[3:] == ["models"] and parts[2] != own:
                found.append(name)
    return found


def is_pure_room(place: Place) -> bool:
    """Whether a module must decide on paper alone."""
    if place.parts[0] == "features":
        return place.name in {"rules.py", "events.py"} or place.parent.name == "rules"
    return place.parts[0] in {"units", "engine"}


def impurities(tree: ast.AST) -> list[str]:
    """Imports and calls that bring the world into a pure room: I/O, frameworks, the wall clock, chance of nowhere."""
    found = []
    for module, names in imports(tree):
        if module.split(".")[0] in IMPURE_MODULES:
            found.append(module)
        elif module in IMPURE_NAMES:
            found += (
                [f"{module}.{name}" for name in sorted(names - IMPURE_NAMES[module])] if names else [module]
            )
    calls = (ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))
    return found + [call for call in calls if IMPURE_CALLS.search(call)]


def frameworks(place: Place, tree: ast.AST) -> list[str]:
    """Imports of the web framework away from the edge."""
    if (
        place.name == "api.py"
        or place.name.startswith("api_")
        or str(place).startswith(FRAMEWORK_ROOMS)
        or str(place) in FRAMEWORK_MODULES
    ):
        return []
    return [module for module, _ in imports(tree) if module.split(".")[0] in FRAMEWORK]


def empty_words(place: Place, tree: ast.AST) -> list[str]:
    """Modules and classes named by a word that says nothing, alone or at the end."""
    named = [place.stem, *(node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
    found = []
    for name in named:
        last = (re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name) or [""])[-1].lower()
        if EMPTY_WORDS & {last, last.removesuffix("s"), last.removesuffix("es")}:
            found.append(name)
    return found


def clocks_in_sql(tree: ast.AST) -> list[int]:
    """Lines whose SQL asks the database for the time."""
    texts = (
        node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return [node.lineno for node in texts if _asks_for_time(str(node.value))]


def _asks_for_time(text: str) -> bool:
    lowered = text.lower()
    is_sql = any(
        f"{verb} " in lowered for verb in ("select", "update", "insert into", "delete from", "where")
    )
    if not is_sql or "sql never" in lowered:
        return False
    return any(word in lowered for word in (" now()", "(now()", "current_timestamp", "clock_timestamp"))


def silent_things(tree: ast.Module) -> list[str]:
    """The module itself and its public functions and classes that promise nothing."""
    found = ["the module"] if tree.body and not ast.get_docstring(tree) else []
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if not node.name.startswith("_") and not ast.get_docstring(node):
            found.append(node.name)
    return found


def silent_members(text: str, tree: ast.Module) -> list[str]:
    """Members of enums without a word beside, above or below them."""
    lines, found = text.splitlines(), []
    for enum in ast.walk(tree):
        if not isinstance(enum, ast.ClassDef) or not any(ast.unparse(b).endswith("Enum") for b in enum.bases):
            continue
        for member, following in zip(enum.body, [*enum.body[1:], None], strict=True):
            if not isinstance(member, ast.Assign) or (
                isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
            ):
                continue
            beside = "".join(lines[member.lineno - 1 : member.end_lineno])
            if "  # " not in beside and not lines[member.lineno - 2].strip().startswith("#"):
                found.append(f"{enum.name}.{ast.unparse(member.targets[0])}")
    return found


def unlisted_rooms(feature: str, rooms: Iterable[str], architecture: str) -> list[str]:
    """Rooms of a feature that neither any may have nor docs/architecture.md names in its line."""
    line = next((row for row in architecture.splitlines() if row.startswith(f"| {feature} |")), "")
    return [room for room in sorted(set(rooms) - ROOMS) if f"`{room}`" not in line]


def too_large(lines: Mapping[Place, int]) -> list[str]:
    """Rooms and features that are two by now; ``lines`` of every module below the package."""
    features: dict[str, int] = {}
    for place, count in lines.items():
        if place.parts[0] == "features" and len(place.parts) > 2:
            features[place.parts[1]] = features.get(place.parts[1], 0) + count
    large = [name for name, count in features.items() if count > LARGER_FEATURES.get(name, FEATURE_LINES)]
    return large + [str(place) for place, count in lines.items() if count > ROOM_LINES]
