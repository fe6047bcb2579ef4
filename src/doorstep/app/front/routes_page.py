"""Every route of this network as one page, from its OpenAPI document."""

from collections import defaultdict
from collections.abc import Iterable
from html import escape
from typing import Any

from doorstep.app.front.pages import page

_METHODS = ("get", "post", "put", "patch", "delete")
Document = dict[str, Any]


def page_of_routes(document: Document) -> str:
    """The page for ``document`` (OpenAPI 3.1)."""
    by_tag: dict[str, list[str]] = defaultdict(list)
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                operation = operations[method]
                tag = (operation.get("tags") or ["other"])[0]
                by_tag[tag].append(_route(document, method, path, operation))
    links = "".join(f'<a href="#{_anchor(tag)}">{escape(tag.capitalize())}</a>' for tag in sorted(by_tag))
    parts = "".join(
        f'<h2 id="{_anchor(tag)}">{escape(tag.capitalize())}</h2><div class="routes">{"".join(by_tag[tag])}</div>'
        for tag in sorted(by_tag)
    )
    return page(
        title="Doorstep: the API",
        body=(
            '<main class="in words"><h1>The API</h1><p>Every route of this network. Merchants, staff, drivers and'
            " providers send <code>Authorization: Bearer …</code>, shoppers the token of their link. A refusal is a"
            " problem document (RFC 9457) that says what to do. Machines read"
            ' <a href="/openapi.json">openapi.json</a>.</p>'
            f'<nav><a href="/">Back to the street</a>{links}</nav>{parts}</main>'
        ),
    )


def _anchor(tag: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in tag)


def _route(document: Document, method: str, path: str, operation: Document) -> str:
    summary = str(operation.get("description") or operation.get("summary") or "")
    first, _, rest = summary.partition("\n")
    more = [f"<p>{escape(rest.strip())}</p>" if rest.strip() else ""]
    fields = [
        (
            str(given["name"]),
            _kind(given.get("schema", {})),
            bool(given.get("required")),
            str(given.get("description", "")),
        )
        for given in operation.get("parameters", [])
    ]
    if fields:
        more.append(_fields("In the address", fields))
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        more.append(_fields(f"Body, {media}", _members(document, content.get("schema", {}))))
    more.extend(
        _fields(f"Answer {status}", _members(document, content.get("schema", {})))
        for status, answer in operation.get("responses", {}).items()
        if status.startswith("2")
        for content in answer.get("content", {}).values()
    )
    statuses = ", ".join(
        f"<code>{escape(status)}</code> {escape(str(answer.get('description', '')))}"
        for status, answer in operation.get("responses", {}).items()
    )
    more.append(f"<p>{statuses}</p>")
    return (
        f'<details><summary><b class="{method}">{method.upper()}</b><code>{escape(path)}</code>'
        f'<span>{escape(first)}</span></summary><div class="more">{"".join(more)}</div></details>'
    )


def _resolved(document: Document, schema: Document) -> Document:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def _members(document: Document, schema: Document) -> list[tuple[str, str, bool, str]]:
    schema = _resolved(document, schema)
    needed = schema.get("required", [])
    return [
        (
            name,
            _kind(member),
            name in needed,
            str(_resolved(document, member).get("description", "") if "$ref" not in member else ""),
        )
        for name, member in schema.get("properties", {}).items()
    ]


def _kind(schema: Document) -> str:
    """A schema in one or two words."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return " or ".join(dict.fromkeys(_kind(option) for option in schema[choice]))
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or (" or ".join(kind) if isinstance(kind, list) else kind))


def _fields(title: str, fields: Iterable[tuple[str, str, bool, str]]) -> str:
    lines = "".join(
        f"<li><code>{escape(name)}</code> {escape(kind)}{'' if needed else ', may be left out'}"
        f"{'. ' + escape(words) if words else ''}</li>"
        for name, kind, needed, words in fields
    )
    return f"<div><b>{escape(title)}</b><ul>{lines}</ul></div>" if lines else ""
