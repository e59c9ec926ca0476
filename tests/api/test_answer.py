"""What the API answers is what its OpenAPI document promises."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from django.utils.dateparse import parse_datetime
from rest_framework.renderers import JSONRenderer

from aurora.api.serializers import CategoryReadingSerializer, as_json
from aurora.journeys.agency_read import AgencyReading
from aurora.twin.values import FactView

NOW = datetime(2026, 11, 25, 12, 30, 15, 250_000, tzinfo=UTC)
FACT = FactView("tax.income", 1, "wages", 43_800, "reported", "tax-administration", NOW, date(2025, 1, 1), date(2025, 12, 31), NOW)
READING = AgencyReading("a-name", "tax.income", "benefit-application", uuid4(), uuid4(), ())


def answer(content: object) -> object:
    """As it arrives, with instants as instants: the serializer writes them in the pages' time zone, the API in UTC."""
    found = json.loads(JSONRenderer().render(content))
    for fact in found["facts"]:
        fact["observed_at"] = parse_datetime(fact["observed_at"])
    return found


@pytest.mark.parametrize(
    "facts",
    [
        (),
        (FACT,),
        (FACT, replace(FACT, key="region", value="é"), replace(FACT, key="x", value=True)),
        (replace(FACT, differs=True), replace(FACT, key="interest", in_question=True), replace(FACT, key="dividends")),
        (replace(FACT, value=None, valid_from=None, valid_to=None), replace(FACT, value=1.5)),
    ],
)
def test_an_answer_is_the_serializers(facts: tuple[FactView, ...]) -> None:
    reading = replace(READING, facts=facts)
    assert answer(as_json(reading)) == answer(CategoryReadingSerializer(reading).data)


def test_what_is_disputed_says_so_and_no_more() -> None:
    """That it is, not by whom or since when; and beside what nobody disputes nothing is said."""
    plain, differing, questioned = as_json(replace(READING, facts=(FACT, replace(FACT, differs=True), replace(FACT, in_question=True))))[
        "facts"
    ]
    assert differing == questioned == {**plain, "disputed": True} and "disputed" not in plain


@pytest.mark.parametrize(
    "at",
    [NOW, datetime(2026, 11, 26, 1, 59, 59, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 11, 25, tzinfo=UTC)],
    ids=["midday", "next-day-in-helsinki", "midnight"],
)
def test_when_it_was_observed_is_told_to_the_utc_day(at: datetime) -> None:
    """To the microsecond it would be the same at two agencies, and tell them that their citizens are one."""
    assert b'"observed_at":"2026-11-25T00:00:00Z"' in JSONRenderer().render(
        as_json(replace(READING, facts=(replace(FACT, observed_at=at),)))
    )
