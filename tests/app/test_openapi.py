"""The document of the routes: what is in the repository is what is served, and it says enough."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from doorstep.app.openapi import document

KEPT = Path(__file__).parents[2] / "openapi.json"
METHODS = frozenset({"get", "put", "post", "patch", "delete"})
OPEN_ROOMS = ("/healthz", "/readyz", "/version", "/status.json", "/public/v1/clock")
"""Routes that take nothing and refuse nobody: they need no problem of a client's making."""


@pytest.fixture(scope="module")
def served() -> dict[str, Any]:
    return document()


def operations(served: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in served["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                yield f"{method.upper()} {path}", path, operation


def test_the_document_in_the_repository_is_what_is_served(served: dict[str, Any]) -> None:
    assert KEPT.exists(), "openapi.json is missing: run `make openapi`"
    kept = json.loads(KEPT.read_text())
    changed = sorted(
        {
            path
            for path in served["paths"] | kept["paths"]
            if served["paths"].get(path) != kept["paths"].get(path)
        }
    )
    assert not changed, f"the routes have changed: run `make openapi` ({', '.join(changed)})"
    assert kept == json.loads(json.dumps(served)), "the document has changed: run `make openapi`"


def test_it_is_openapi_3_1(served: dict[str, Any]) -> None:
    assert served["openapi"].startswith("3.1.")
    assert served["info"]["title"] == "Doorstep"


def test_every_operation_says_whose_room_it_is_in_and_what_it_does(served: dict[str, Any]) -> None:
    silent = [
        name
        for name, _path, operation in operations(served)
        if not operation.get("tags") or not operation.get("summary") or not operation.get("description")
    ]
    assert not silent


def test_every_operation_has_a_name_of_its_own(served: dict[str, Any]) -> None:
    names = [operation["operationId"] for _name, _path, operation in operations(served)]
    assert len(names) == len(set(names))


def test_refusals_are_documented_as_problems(served: dict[str, Any]) -> None:
    undocumented = []
    for name, path, operation in operations(served):
        refusals = {status: told for status, told in operation["responses"].items() if status[0] in "45"}
        if path in OPEN_ROOMS:
            continue
        if not {"422", "503"} <= set(refusals):
            undocumented.append(f"{name}: {sorted(refusals)}")
        undocumented += [
            f"{name}: {status}"
            for status, told in refusals.items()
            if "application/problem+json" not in told.get("content", {})
        ]
    assert not undocumented


def test_what_needs_a_credential_says_that_it_is_refused_without(served: dict[str, Any]) -> None:
    rooms = ("/v1/", "/staff/v1/", "/driver/v1/", "/shopper/v1/", "/provider/v1/")
    silent = [
        name
        for name, path, operation in operations(served)
        if path.startswith(rooms) and "401" not in operation["responses"]
    ]
    assert not silent


def test_bounds_are_written_as_json_schema_writes_them(served: dict[str, Any]) -> None:
    """``ge`` and its like are words of our validator: a reader of the document would overlook them."""
    text = json.dumps(served["components"])
    assert not [word for word in ("ge", "gt", "le", "lt", "multiple_of") if f'"{word}": ' in text]
