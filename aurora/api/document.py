"""The last touch to the OpenAPI document: on every operation an exchange as it went over the wire, and a problem for each status that is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aurora.ui.developers import exchanges, problems

PROBLEM = "application/problem+json"


def finish(result: dict[str, Any], **unused: Any) -> dict[str, Any]:
    """drf-spectacular's postprocessing hook."""
    for operation in _operations(result):
        went = exchanges.recorded().get(operation["operationId"])
        if went is not None:
            _add_exchange(operation, went)
        for status, answer in operation["responses"].items():
            if PROBLEM in answer.get("content", {}):
                answer["content"][PROBLEM].setdefault("examples", {}).update(_of_problem(status, operation["tags"][0]))
    return result


def _operations(result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in result["paths"].values():
        yield from (one for one in methods.values() if isinstance(one, dict) and "operationId" in one)


def _add_exchange(operation: dict[str, Any], went: Mapping[str, Any]) -> None:
    for content in operation.get("requestBody", {}).get("content", {}).items():
        if went["body"] is not None and content[0] == went["headers"].get("Content-Type"):
            content[1].setdefault("examples", {})["sent"] = {"summary": "As it was sent", "value": went["body"]}
    for kind, said in operation["responses"].get(str(went["status"]), {}).get("content", {}).items():
        if kind != PROBLEM and went["answer"] is not None:
            said.setdefault("examples", {})["answered"] = {"summary": "As it was answered", "value": went["answer"]}


def _of_problem(status: str, tag: str) -> dict[str, Any]:
    """The first problem of the table that this operation may answer with this status, most its own first."""
    fitting = [
        one for one in problems.table().values() if one.kind == "api" and str(one.status) == status and (not one.about or tag in one.about)
    ]
    if not fitting:
        return {}
    one = max(fitting, key=lambda found: bool(found.about))
    value = {"type": f"{exchanges.RECORDED_AT}/problems/{one.code}", "title": one.title, "status": one.status, "code": one.code}
    return {
        one.code: {
            "summary": one.means["en"],
            "value": {**value, "detail": one.means["en"], "instance": "urn:aurora:request:0000000000000001"},
        }
    }
