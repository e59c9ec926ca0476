"""The OpenAPI document (openapi.json, made by `manage.py api_document`, compared with the API by a test), as the pages of the reference show it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aurora.ui.developers import exchanges, problems

FILE = Path(__file__).with_name("openapi.json")
METHODS = ("get", "post", "put", "patch", "delete")
DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a schema: `name` with dots for what lies inside."""

    name: str
    kind: str
    required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent or answered in one media type."""

    media_type: str
    fields: tuple[Field, ...]
    about: str


@dataclass(frozen=True, slots=True)
class Answer:
    status: str
    bodies: tuple[Body, ...]
    about: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one path. `security`: which of the two kinds of token it takes."""

    identifier: str
    tag: str
    method: str
    path: str
    summary: str
    about: str
    security: tuple[str, ...]
    parameters: tuple[Field, ...]
    bodies: tuple[Body, ...]
    answers: tuple[Answer, ...]

    def exchange(self) -> Mapping[str, Any] | None:
        """As it went over the wire."""
        return exchanges.recorded().get(self.identifier)

    def paragraphs(self) -> tuple[str, ...]:
        return tuple(" ".join(part.replace("`", "").split()) for part in self.about.split("\n\n") if part.strip())

    def good_answers(self) -> tuple[Answer, ...]:
        """All but problems, which have pages of their own."""
        return tuple(answer for answer in self.answers if answer.status < "400")

    def problems(self) -> list[problems.Problem]:
        """Those that it may answer, by the statuses that it documents."""
        statuses = {answer.status for answer in self.answers}
        found = (one for one in problems.table().values() if one.kind == "api" and str(one.status) in statuses)
        return [one for one in found if not one.about or self.tag in one.about]


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


@cache
def operations() -> Mapping[str, Operation]:
    """By id, in the document's order."""
    return {
        one["operationId"]: _operation(path, method, one)
        for path, methods in document()["paths"].items()
        for method, one in methods.items()
        if method in METHODS
    }


def _operation(path: str, method: str, one: Mapping[str, Any]) -> Operation:
    answers = (
        Answer(
            status, tuple(_body(kind, said["schema"]) for kind, said in answer.get("content", {}).items()), answer.get("description", "")
        )
        for status, answer in sorted(one["responses"].items())
    )
    sent = one.get("requestBody", {}).get("content", {})
    return Operation(
        identifier=one["operationId"],
        tag=one["tags"][0],
        method=method.upper(),
        path=path,
        summary=one.get("summary", ""),
        about=one.get("description", ""),
        security=tuple(name for way in one.get("security", []) for name in way),
        parameters=tuple(
            Field(f"{p['name']} ({p['in']})", _kind(p["schema"]), p.get("required", False), _said(p)) for p in one.get("parameters", [])
        ),
        bodies=tuple(_body(kind, said["schema"]) for kind, said in sent.items()),
        answers=tuple(answers),
    )


def _body(media_type: str, schema: Mapping[str, Any]) -> Body:
    whole = _resolved(schema)
    return Body(media_type, tuple(_fields(whole, "", 0)), _said(whole))


def _fields(schema: Mapping[str, Any], before: str, depth: int) -> Iterator[Field]:
    required = set(schema.get("required", ()))
    for name, one in schema.get("properties", {}).items():
        whole = _resolved(one)
        yield Field(f"{before}{name}", _kind(whole), name in required, _said(whole))
        inside, mark = (_resolved(whole["items"]), "[].") if "items" in whole else (whole, ".")
        if depth < DEEPEST:
            yield from _fields(inside, f"{before}{name}{mark}", depth + 1)


def _resolved(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Without references; what stands beside one comes first. Parts of `allOf` and `oneOf` lie together: a page shows all that may be there."""
    whole = {name: value for name, value in schema.items() if name not in ("$ref", "allOf", "oneOf", "anyOf")}
    if "$ref" in schema:
        whole = {**_resolved(document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]), **whole}
    for part in (*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())):
        whole = {**_resolved(part), **whole, "properties": {**whole.get("properties", {}), **_resolved(part).get("properties", {})}}
    return whole


def _said(one: Mapping[str, Any]) -> str:
    """What is said of it; the list of its values stands in its type already."""
    lines = str(one.get("description", "")).replace("`", "").splitlines()
    return " ".join(line.strip() for line in lines if not line.startswith("* "))


def _kind(schema: Mapping[str, Any]) -> str:
    whole = _resolved(schema)
    kind = whole.get("type", "any")
    said = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if "items" in whole:
        said = f"array of {_kind(whole['items'])}"
    if "enum" in whole:
        said = " | ".join(json.dumps(one) for one in whole["enum"])
    return f"{said} ({whole['format']})" if "format" in whole else said
