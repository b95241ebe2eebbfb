"""The description of the local API, OpenAPI 3.1, made from the models that validate it."""

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from node.api.routes import Query, Route

VERSION = "1"
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "`urn:comity:problem:<code>`"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What to do, in words; quotes nothing sent."},
    },
}


def description(routes: Iterable[Route], base: str) -> bytes:
    """The document, as JSON."""
    known = list(routes)
    refs, components = _components(known)
    paths: dict[str, dict[str, Any]] = {}
    for route in known:
        paths.setdefault(base + route.path, {})[route.method.lower()] = _operation(route, refs)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Comity: the local API of a node",
            "version": VERSION,
            "description": "What people do at a node, for its pages and for plugins.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": components | {"Problem": _PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
    return json.dumps(document, sort_keys=True).encode()


def _components(routes: list[Route]) -> tuple[dict[Any, str], dict[str, Any]]:
    wanted: list[tuple[type[BaseModel], Any]] = []
    for route in routes:
        body, _, answer = route.models
        wanted += [(body, "validation"), (answer, "serialization")]
    made, definitions = models_json_schema(
        list(dict.fromkeys(wanted)), ref_template="#/components/schemas/{model}"
    )
    refs = {key: schema["$ref"] for key, schema in made.items()}
    return refs, definitions.get("$defs", {})


def _operation(route: Route, refs: dict[Any, str]) -> dict[str, Any]:
    body, query, answer = route.models
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": f"For tokens of role {', '.join(route.roles)}.",
        "tags": [route.name.partition(".")[0]],
        "parameters": [*_variables(route), *_parameters(query)],
        "responses": {"200": _content("What it answers.", refs[answer, "serialization"])},
    }
    for status in route.problems:
        operation["responses"][str(status)] = _content(
            HTTPStatus(status).phrase, "#/components/schemas/Problem", "application/problem+json"
        )
    if route.takes_body:
        schema = {"$ref": refs[body, "validation"]}
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    return operation


def _content(words: str, ref: str, media_type: str = "application/json") -> dict[str, Any]:
    return {"description": words, "content": {media_type: {"schema": {"$ref": ref}}}}


def _variables(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in route.variables
    ]


def _parameters(query: type[Query]) -> list[dict[str, Any]]:
    schema = query.model_json_schema()
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": each}
        for name, each in schema.get("properties", {}).items()
    ]
