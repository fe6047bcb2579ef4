"""Requests that nobody thought of, at every route of the document, over a real socket.

Each operation is asked a few times with its right credential: with what its schema allows and with what it does
not, with ids of things that are there and with any. Whatever comes back must be in the document.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.factories.couriers import listening
from tests.factories.identity import sign_staff_in
from tests.factories.merchants import EAST_POINT
from tests.factories.network import Network
from tests.factories.two_sides import Side, make_market, make_side

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = {GenerationMode.POSITIVE: 3, GenerationMode.NEGATIVE: 2}
SEED = 20261121
NAMED = frozenset({"store", "delivery", "driver", "market", "merchant", "endpoint", "offer", "provider"})
ONE_OF = {"stores": "store", "deliveries": "delivery"}
ORDER = ("/v1", "/driver/v1", "/shopper/v1", "/provider/v1", "/public/v1", "/staff/v1")
"""Staff come last: they show people out."""
ENDINGS = frozenset(
    {"cancel", "decline", "disable", "end", "give-back", "stage", "state", "unassign", "withdraw"}
)
"""Last words of routes after which a thing is no longer what it was."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, about whose things."""

    own: Side
    foreign: Side  # staff may do to it as they like; nobody else asks about it
    staff: str

    def credential(self, path: str) -> dict[str, str]:
        """The header for a route, by its room."""
        rooms = {
            "/v1/": self.own.merchant_key,
            "/staff/v1/": self.staff,
            "/driver/v1/": self.own.driver_session,
            "/provider/v1/": self.own.provider_key,
        }
        secret = next((secret for room, secret in rooms.items() if path.startswith(room)), None)
        return {} if secret is None else {"Authorization": f"Bearer {secret}"}

    def side(self, operation: Any) -> Side:
        """Whose things are asked about."""
        return self.foreign if operation.path.startswith("/staff/v1/") else self.own

    def things(self, operation: Any) -> dict[str, str]:
        """Path parameters that name something that is there, as far as they are known."""
        ids = self.side(operation).ids | {"account": "fees:delivery"}
        if "proof" in operation.path:  # pictures are of the delivery that was handed over
            ids |= {"delivery_id": ids["done_id"], "token": ids["done_token"]}
        return {name: ids[name] for name in re.findall(r"{(\w+)}", operation.path) if name in ids}


def operations(schema: Any) -> Iterator[Any]:
    """Every operation but the endless streams: first those that leave things standing, signing out at the very end."""
    found = [result.ok() for result in schema.get_all_operations()]

    def place(operation: Any) -> tuple[bool, bool, int]:
        ends = operation.method == "delete" or operation.path.rsplit("/", 1)[-1] in ENDINGS
        room = next((n for n, room in enumerate(ORDER) if operation.path.startswith(f"{room}/")), len(ORDER))
        return "/session" in operation.path, ends, room

    return iter(sorted((one for one in found if not one.path.endswith("/stream")), key=place))


def familiar(value: Any, ids: dict[str, str], name: str = "") -> Any:
    """``value`` with ids of things that are there and a place in town wherever the names ask for such."""
    if isinstance(value, dict):
        return {key: familiar(one, ids, key) for key, one in value.items()}
    if isinstance(value, list):
        return [familiar(one, ids, ONE_OF.get(name, name)) for one in value]
    if name in {"lat", "lng"}:
        return getattr(EAST_POINT, name)
    noun = name.removesuffix("_id")
    return ids.get(f"{noun}_id", value) if isinstance(value, str) and noun in NAMED else value


def cases(operation: Any, mode: GenerationMode, asker: Asker) -> st.SearchStrategy[Any]:
    """Requests about things that are there, and about any."""
    things = asker.things(operation)

    def settle(case: Any) -> Any:
        if mode is GenerationMode.POSITIVE:
            ids = asker.side(operation).ids
            case.query = familiar(case.query, ids)
            if case.media_type == "application/json":
                case.body = familiar(case.body, ids)
        return case

    return st.one_of(
        operation.as_strategy(generation_mode=mode, path_parameters=things or None).map(settle),
        operation.as_strategy(generation_mode=mode),
    )


def breaches(
    operation: Any, asker: Asker, url: str, session: requests.Session, answered: Counter[str]
) -> Iterator[str]:
    """What answers of one operation broke, one text each; ``answered`` counts the answers by their first digit."""
    headers = asker.credential(operation.path)
    for mode, examples in EXAMPLES.items():

        @seed(SEED)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases(operation, mode, asker))
        def ask(case: Any) -> None:
            session.cookies.clear()
            answer = case.call(base_url=url, session=session, headers=headers, allow_redirects=False)
            answered[f"{answer.status_code // 100}xx"] += 1
            case.validate_response(answer, checks=CHECKS)

        try:
            ask()
        except Unsatisfiable:
            continue  # nothing can be wrong about a route that takes nothing
        except Exception as error:  # (whatever it is, it is told with the others)
            yield f"{operation.label} ({mode.value}): {error}"


@pytest.fixture
async def asker(network: Network) -> Asker:
    market = await make_market(network)
    own = await make_side(network, market, "Quillon", 1)
    foreign = await make_side(network, market, "Zanzibar", 2)
    return Asker(own, foreign, (await sign_staff_in(network)).token)


async def test_no_request_gets_an_answer_that_the_document_does_not_know(
    network: Network, asker: Asker
) -> None:
    schema = schemathesis.openapi.from_dict(network.app.openapi())

    answered: dict[str, Counter[str]] = {}

    def ask_all(url: str) -> list[str]:
        found: list[str] = []
        with requests.Session() as session:
            session.trust_env = False
            for operation in operations(schema):
                counts = answered[operation.label] = Counter()
                found += breaches(operation, asker, url, session, counts)
        return found

    async with listening(network.app, lifespan="off") as url:
        found = await asyncio.to_thread(ask_all, url)
    assert not found, "\n\n".join(found)
    silent = [label for label, counts in answered.items() if not counts]
    assert not silent, "no request could be made for these"
    served = [label for label, counts in answered.items() if counts["2xx"]]
    assert len(served) > len(answered) * 0.7, "most were refused: the fuzz looks at doors, not behind them"
