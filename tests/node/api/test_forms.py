"""Whatever is sent, the answer is documented, and quotes nothing of it."""

import asyncio
import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from node.api.openapi import description
from node.api.table import ROUTES
from tests.node.api.conftest import Api

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]

FEW = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


def _attack(url: str, tokens: dict[str, str], number: settings) -> int:
    """Send what the description allows to every route; how many calls were answered."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    roles = {route.name: route.roles[0] for route in ROUTES}
    answered = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        token = tokens[roles[operation.definition.raw["operationId"]]]
        answered += _attack_one(url, operation, {"Authorization": f"Bearer {token}"}, number)
    return answered


def _attack_one(url: str, operation: Any, headers: dict[str, str], number: settings) -> int:
    answered = 0

    @number
    @given(case=operation.as_strategy())
    def attack(case: Any) -> None:
        nonlocal answered
        answer = case.call(base_url=url, headers=headers)
        case.validate_response(answer, checks=CHECKS)
        answered += 1

    attack()
    return answered


async def test_what_the_description_allows_is_answered_as_it_says(api: Api) -> None:
    """No 500, no answer that is not described, against a running node with a peer."""
    answered = await asyncio.to_thread(_attack, api.url, api.tokens, FEW)
    assert answered >= len(ROUTES)


@pytest.mark.sweep
async def test_much_that_the_description_allows_is_answered_as_it_says(api: Api) -> None:
    """The same with more of everything."""
    many = settings(FEW, max_examples=100)
    assert await asyncio.to_thread(_attack, api.url, api.tokens, many) >= len(ROUTES)


def test_every_handler_has_a_name_a_summary_and_models_of_its_own() -> None:
    """What the description is made of."""
    document = json.loads(description(ROUTES, "/api/v1"))
    assert len({route.name for route in ROUTES}) == len(ROUTES)
    assert all(route.summary.endswith((".", "?")) for route in ROUTES)
    assert len(document["paths"]) == len({route.path for route in ROUTES})


SECRET = "mallory.quill@person.example"

BODIES: list[tuple[bytes, str, int]] = [
    (b"", "application/json", 400),
    (b"{", "application/json", 400),
    (b"[]", "application/json", 400),
    (b'{"identifiers":' + b"[" * 50_000, "application/json", 400),
    (b'{"identifiers": ["email:%s"], "%s": 1}' % ((SECRET.encode(),) * 2), "application/json", 400),
    (b'{"identifiers": "email:%s"}' % SECRET.encode(), "application/json", 400),
    (b'{"identifiers": ["\\ud800"]}', "application/json", 400),
    (b'{"identifiers": [NaN]}', "application/json", 400),
    (b'{"identifiers": ["%s"]}' % SECRET.encode(), "application/json", 422),
    (b'{"identifiers": ["email:%s@"]}' % SECRET.encode(), "application/json", 422),
    (b'{"fields": [{"kind": "%s", "value": "x"}]}' % SECRET.encode(), "application/json", 400),
    (b"{}", "text/plain", 415),
    (b"x" * 100_000, "application/json", 413),
]


async def test_what_is_not_as_due_is_refused_and_not_quoted(api: Api) -> None:
    """The refusal says where it is not as due; the person who was meant is not in it."""
    token = api.tokens["checker"]
    for body, media_type, expected in BODIES:
        headers = {"Content-Type": media_type}
        status, problem = await api.send("POST", "/checks", token, data=body, headers=headers)
        assert status == expected, (body[:80], problem)
        assert "mallory" not in json.dumps(problem)


async def test_parameters_that_are_not_as_due_are_refused(api: Api) -> None:
    """Nothing is guessed."""
    for query in ("since=-1", "since=x", "since=1&since=2", "unknown=1"):
        status, _ = await api.send("GET", f"/findings?{query}", api.tokens["checker"])
        assert status == 400, query
