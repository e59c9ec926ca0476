"""The arithmetic of what is granted: a detail, what of it stands, what a token may be for: by properties (RFC 9396, 5, 6.1, 7)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from consent import queries
from consent.models import ConsentRecord
from consent.oauth import config, rfc9396
from consent.oauth.errors import InvalidAuthorizationDetails
from consent.oauth.grants import Standing, StandingPart, parse_id
from consent.oauth.rfc9396 import Detail
from consent.scope import citizen_scope

CODES = [f"test.{kind}" for kind in ("income", "housing", "person", "health")]
PURPOSES = ["benefit-application", "benefit-review"]
some = st.sets(st.sampled_from(CODES))
few = st.sets(st.sampled_from(CODES), min_size=1)
days = st.sampled_from([date(2027, 1, 31), date(2027, 2, 28)])
detail = st.builds(lambda p, c, u, o: Detail(p, tuple(sorted(c)), u, o), st.sampled_from(PURPOSES), few, days, st.booleans())


@given(detail)
def test_what_is_written_is_read_again(one: Detail) -> None:
    assert rfc9396.parse(json.dumps([one.as_json()])) == one


@given(detail, detail, detail)
def test_to_cover_is_an_order_and_widens_nothing(a: Detail, b: Detail, c: Detail) -> None:
    assert a.covers(a)
    if a.covers(b):
        assert set(b.categories) <= set(a.categories) and (a.purpose, a.until, a.once) == (b.purpose, b.until, b.once)
        assert not b.covers(a) or a == b
        assert not b.covers(c) or a.covers(c)
    else:
        assert a != b


@given(detail, few)
def test_a_part_is_covered_and_more_is_not(whole: Detail, other: set[str]) -> None:
    asked = replace(whole, categories=tuple(sorted(other)))
    assert whole.covers(asked) == (other <= set(whole.categories))


@given(few, some, some, some)
def test_what_stands_is_what_was_given_without_what_was_withdrawn_or_left_behind(
    given_: set[str], withdrawn: set[str], later: set[str], changed: set[str]
) -> None:
    """Of first versions; what has changed its meaning since binds from its second on."""

    def covers(gone: set[str]) -> frozenset[str]:
        binding = json.dumps(dict.fromkeys(sorted(changed), 2)) if changed else None
        shown = json.dumps(dict.fromkeys(given_, 1))
        return queries.covers("benefit-application", sorted(given_), sorted(gone), shown, 1, 1, None, binding, 1)

    assert covers(withdrawn) == given_ - withdrawn - changed
    assert covers(withdrawn | later) <= covers(withdrawn) <= given_, "it never grows again"
    assert not queries.covers("benefit-application", sorted(given_), [], json.dumps(dict.fromkeys(given_, 1)), 1, 1, None, None, 2)


@given(st.lists(detail, min_size=1, max_size=4))
def test_a_refresh_token_is_good_for_what_lasts_and_a_grant_for_its_longest_part(found: list[Detail]) -> None:
    now = datetime(2026, 11, 26, tzinfo=UTC)
    parts = tuple(StandingPart(uuid4(), one, now + timedelta(days=number)) for number, one in enumerate(found, start=1))
    grant = Standing(uuid4(), now, parts)
    assert [p.detail.once for p in grant.lasting] == [False] * sum(not one.once for one in found)
    assert grant.expires_at == now + timedelta(days=len(found)) and grant.details == [one.as_json() for one in found]
    assert all(grant.of_consent(p.consent_id) is p for p in parts) and grant.of_consent(uuid4()) is None


@given(st.text() | st.uuids().map(str) | st.uuids().map(lambda u: u.hex) | st.uuids().map(lambda u: str(u).upper()))
def test_a_grant_id_has_one_spelling(text: str) -> None:
    found = parse_id(text)
    assert found is None or str(found) == text


@given(
    detail, st.dictionaries(st.text(max_size=8), st.none() | st.booleans() | st.integers() | st.text(max_size=8), min_size=1, max_size=3)
)
def test_what_the_schema_does_not_name_is_refused(one: Detail, more: dict[str, Any]) -> None:
    body = one.as_json()
    unknown = {name: value for name, value in more.items() if name not in body}
    if unknown:
        with pytest.raises(InvalidAuthorizationDetails):
            rfc9396.parse(json.dumps([body | unknown]))


def test_there_is_a_closed_schema_for_each_type() -> None:
    assert set(rfc9396.TYPES) == {config.DETAIL_TYPE} == {file.stem for file in rfc9396.SCHEMAS.iterdir()}


@pytest.mark.parametrize(
    "changes",
    [{"additionalProperties": True}, {"properties": {"type": {"const": "another"}}}, {"properties": {"type": {"type": "string"}}}],
)
def test_a_schema_that_is_open_or_of_another_type_is_not_loaded(tmp_path: Path, changes: dict[str, Any]) -> None:
    schema = {"type": "object", "additionalProperties": False, "properties": {"type": {"const": "mine"}}}
    (tmp_path / "mine.json").write_text(json.dumps(schema))
    assert set(rfc9396.load_types(tmp_path)) == {"mine"}
    (tmp_path / "mine.json").write_text(json.dumps(schema | changes))
    with pytest.raises(ValueError, match="must be closed"):
        rfc9396.load_types(tmp_path)


def test_introspection_says_what_stands_also_of_tokens_that_nobody_touched(office: Any, aino: Any, agree: Any) -> None:
    """Expiry, change of meaning and partial withdrawal are decided at the read, not by what was written into tokens."""
    answer = agree(office, aino)
    held = office.redeem(answer.code).json()
    left = office.categories[1:]
    with citizen_scope(aino):
        ConsentRecord.objects.filter(pk=answer.consent.pk).update(withdrawn=office.categories[:1])
    for token in (held["access_token"], held["refresh_token"]):
        assert [d["categories"] for d in office.introspect(token)["authorization_details"]] == [sorted(left)]
    assert [d["categories"] for d in office.refresh(held["refresh_token"]).json()["authorization_details"]] == [sorted(left)]
    now = timezone.now()
    with citizen_scope(aino):
        ConsentRecord.objects.filter(pk=answer.consent.pk).update(not_before=now - timedelta(days=2), expires_at=now - timedelta(days=1))
    for token in (held["access_token"], held["refresh_token"]):
        assert office.introspect(token) == {"active": False}
    assert office.refresh(held["refresh_token"]).json()["error"] == "invalid_grant"
