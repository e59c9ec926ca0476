"""The OpenAPI document that is committed is the API's; when it changes, the changelog says so; and it is what an integrator can build on."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from aurora.management.commands.api_document import document
from aurora.ui.developers import changes, exchanges, openapi, problems
from consent.webhooks.models import Delivery
from tests.support.cast import Cast


def test_the_committed_document_is_that_of_the_api() -> None:
    """`manage.py api_document` writes it."""
    assert openapi.document() == document()


def test_a_change_of_the_document_has_a_line_in_the_changelog() -> None:
    newest, *earlier = changes.entries()
    now = changes.digest(openapi.document())
    assert newest.document == now, f"add an entry to changelog.json, with the document {now}"
    assert now not in [one.document for one in earlier]
    days = [one.day for one in changes.entries()]
    assert days == sorted(days, reverse=True) and len({one.identifier for one in changes.entries()}) == len(days)
    assert all(one.lines and all(line.what.endswith(".") for line in one.lines) for one in changes.entries())


def test_it_is_3_1_with_security_and_problems_on_every_operation() -> None:
    found = openapi.document()
    assert found["openapi"].startswith("3.1")
    schemes = set(found["components"]["securitySchemes"])
    for one in openapi.operations().values():
        assert one.security and set(one.security) <= schemes, one.identifier
        assert {"401", "429"} <= {answer.status for answer in one.answers}, one.identifier
        assert one.summary and one.exchange() is not None and one.problems(), one.identifier


def _examples(node: Any) -> Any:
    for content in node.get("content", {}).values():
        for example in content.get("examples", {}).values():
            yield content["schema"], example["value"]


def test_every_operation_has_examples_that_fit_their_schemas() -> None:
    """A signed batch is a string in the document, and so is its example; a package of files has none."""
    found = openapi.document()
    for path in found["paths"].values():
        for one in path.values():
            shown = [*_examples(one.get("requestBody", {})), *(pair for answer in one["responses"].values() for pair in _examples(answer))]
            assert len(shown) >= 2, one["operationId"]
            for schema, value in shown:
                Draft202012Validator({**schema, "components": found["components"]}).validate(value)
            went = exchanges.recorded()[one["operationId"]]
            assert went["answer"] is None or went["answer"] in [value for _, value in shown], one["operationId"]


def test_each_problem_of_one_operation_alone_names_a_tag_that_there_is() -> None:
    tags = {one.tag for one in openapi.operations().values()}
    assert {tag for one in problems.table().values() for tag in one.about} <= tags


@pytest.mark.parametrize("kind", [one.value for one in Delivery.Kind])
def test_every_kind_of_notice_is_told_of(kind: str) -> None:
    from aurora.ui.developers import samples

    assert samples.EVENTS[kind].endswith(".")


def test_the_reference_shows_what_lies_inside(cast: Cast) -> None:
    shown = openapi.operations()["readTwinCategory"].good_answers()[0].bodies[0].fields
    assert {"facts[].key", "facts[].provenance", "ledger_entry"} <= {one.name for one in shown}
