"""A source's answer is taken whole and as agreed, or not at all."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aurora.outbound.oauth import PeerFailed, Registration
from aurora.sources.connectors import Answer, Asked, json_oauth
from consent.management.commands.load_vocabulary import documents
from consent.models import DataCategoryVersion
from tests.support.hostile_peer import Peer

MAY_BE_EMPTY = {"health.conditions", "health.measurements", "health.procedures"}
SCHEMAS = {doc["code"]: doc["schema"] for doc in documents("categories")}
INCOME = "tax.income"
NOW = datetime.now(UTC).replace(microsecond=0)
OBSERVED = NOW - timedelta(days=1)
FACTS = {"wages": 43_800, "interest": 12}


def answer(**changes: Any) -> dict[str, Any]:
    """A right answer; `...` takes a member away."""
    whole = {
        "category": INCOME,
        "version": 1,
        "subject": {"national_id": "S000123-Y"},
        "observed_at": OBSERVED.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "valid_from": "2025-01-01",
        "valid_to": "2025-12-31",
        "facts": FACTS,
    } | changes
    return {name: value for name, value in whole.items() if value is not ...}


def fetch(peer: Peer, said: Any, category: str = INCOME) -> Answer:
    peer.says(f"/data/{category}", said)
    version = DataCategoryVersion(category_id=category, version=1, schema=SCHEMAS[category])
    return json_oauth.fetch(Asked(Registration(peer.url, "aurora", {}, ""), "t", version))


def test_a_right_answer_is_taken(peer: Peer) -> None:
    found = fetch(peer, answer())
    assert (found.category, found.version, found.national_id, found.facts) == (INCOME, 1, "S000123-Y", FACTS)
    assert found.observed_at == OBSERVED
    assert (found.valid_from, found.valid_to) == (date(2025, 1, 1), date(2025, 12, 31))
    assert "S000123" not in repr(found) and "43" not in repr(found)


def test_what_may_be_left_out_may(peer: Peer) -> None:
    found = fetch(peer, answer(valid_from=..., valid_to=None))
    assert found.valid_from is None and found.valid_to is None
    assert fetch(peer, answer(more="to come", subject={"national_id": "x", "name": "y"})).facts == FACTS


def test_the_two_spellings_of_a_whole_number_are_one(peer: Peer) -> None:
    [wages] = fetch(peer, answer(facts={"wages": 43_800.0})).facts.values()
    assert wages == 43_800 and type(wages) is int


WRONG: dict[str, Any] = {
    "another category": answer(category="tax.housing"),
    "category of another case": answer(category="TAX.INCOME"),
    "another version": answer(version=2),
    "version as text": answer(version="1"),
    "version as truth": answer(version=True),
    "no version": answer(version=...),
    "no subject": answer(subject=...),
    "subject null": answer(subject=None),
    "subject without identifier": answer(subject={}),
    "identifier null": answer(subject={"national_id": None}),
    "identifier a number": answer(subject={"national_id": 123}),
    "identifier empty": answer(subject={"national_id": ""}),
    "identifier endless": answer(subject={"national_id": "S" * 65}),
    "identifier with half a character": answer(subject={"national_id": "\ud800"}),
    "identifier with NUL": answer(subject={"national_id": "S\u0000"}),
    "no facts": answer(facts=...),
    "facts null": answer(facts=None),
    "facts a list": answer(facts=[1]),
    "facts empty": answer(facts={}),
    "a fact unheard of": answer(facts=FACTS | {"secret_wealth": 1}),
    "a fact as text": answer(facts={"wages": "43800"}),
    "a fact as truth": answer(facts={"wages": True}),
    "a fact null": answer(facts={"wages": None}),
    "a fact in a list": answer(facts={"wages": [43_800]}),
    "a fact with a fraction": answer(facts={"wages": 43_800.5}),
    "a fact below its minimum": answer(facts={"wages": -1}),
    "a number too large for two readers to agree on": answer(facts={"wages": 2**53}),
    "a number of three hundred digits": answer(facts={"wages": 10**300}),
    "a number too large, deep inside": answer(facts={"wages": [{"a": 2**53}]}),
    "a large negative number": answer(facts={"self_employment": -(2**53)}),
    "observed without a zone": answer(observed_at="2026-11-24T08:00:00"),
    "observed on no day": answer(observed_at="2026-02-30T08:00:00Z"),
    "observed as a number": answer(observed_at=1764000000),
    "observed nonsense": answer(observed_at="yesterday"),
    "observed tomorrow and later": answer(observed_at=(NOW + timedelta(days=2)).isoformat()),
    "observed before there were records": answer(observed_at="0001-01-01T00:00:00+23:59"),
    "observed at the end of time": answer(observed_at="9999-12-31T23:59:59-23:59"),
    "valid from nonsense": answer(valid_from="soon"),
    "valid from a moment": answer(valid_from="2025-01-01T00:00:00Z"),
    "valid from no day": answer(valid_from="2025-02-29"),
    "valid to a number": answer(valid_to=2025),
    "valid until before it began": answer(valid_from="2025-12-31", valid_to="2025-01-01"),
    "a list": [answer()],
    "null": None,
    "text": "x",
    "a number": 1,
}


@pytest.mark.parametrize("said", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_answer_is_not(peer: Peer, said: Any) -> None:
    check_refused(peer, said)


def check_refused(peer: Peer, said: Any) -> None:
    with pytest.raises(PeerFailed) as failed:
        fetch(peer, said)
    assert (failed.value.code, failed.value.retryable) == ("invalid_answer", False)
    assert "S000123" not in f"{failed.value} {failed.value!r}" and failed.value.__cause__ is None


RIGHT = json.dumps(answer())
UNREADABLE = {
    "empty": b"",
    "cut off": RIGHT.encode()[:-2],
    "two documents": RIGHT.encode() * 2,
    "NaN": RIGHT.replace("43800", "NaN").encode(),
    "Infinity": RIGHT.replace("43800", "-Infinity").encode(),
    "beyond a double": RIGHT.replace("43800", "1e999").encode(),
    "ten thousand digits": RIGHT.replace("43800", "9" * 10_000).encode(),
    "a member twice": RIGHT.replace('"version": 1', '"version": 1, "version": 1').encode(),
    "a fact twice": RIGHT.replace('"wages": 43800', '"wages": 1, "wages": 43800').encode(),
    "a subject twice": RIGHT.replace('"facts"', '"subject": {"national_id": "S000999-0"}, "facts"').encode(),
    "bottomless": b'{"facts":' * 50_000,
    "too deep to walk": RIGHT.replace("43800", '{"a":' * 300 + "1" + "}" * 300).encode(),
    "deep beside the facts": RIGHT.replace('"S000123-Y"', '"S000123-Y", "more": ' + "[" * 900 + "]" * 900).encode(),
    "UTF-16": RIGHT.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + RIGHT.encode(),
    "not UTF-8": RIGHT.encode().replace(b"S000123", b"S\xff"),
    "comments": RIGHT.encode() + b"/* */",
}


@pytest.mark.parametrize("said", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_has_two_meanings_or_none_is_not(peer: Peer, said: bytes) -> None:
    check_refused(peer, said)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.sampled_from([*answer(), "facts.wages", "subject.national_id"]), value=values)
def test_whatever_stands_anywhere_it_is_taken_or_refused(peer: Peer, place: str, value: Any) -> None:
    """No exception but `PeerFailed`: anything else would be tried ten times and given up."""
    said = answer(facts=dict(FACTS), subject={"national_id": "S000123-Y"})
    member, _, inner = place.partition(".")
    if inner:
        said[member][inner] = value
    else:
        said[member] = value
    try:
        found = fetch(peer, said)
    except PeerFailed as failed:
        assert failed.code == "invalid_answer"
    else:
        assert found.facts and all(type(v) is int and abs(v) < 2**53 for v in found.facts.values())
        assert found.national_id.encode() and found.observed_at.tzinfo


@pytest.mark.parametrize("category", SCHEMAS)
def test_no_category_lets_in_what_it_does_not_name(category: str) -> None:
    schema = SCHEMAS[category]
    assert schema["type"] == "object" and schema["additionalProperties"] is False
    # Who has no illness on file has one fact less than one: that is an answer.
    assert schema.get("minProperties") == (None if category in MAY_BE_EMPTY else 1)
    assert all(len(key) <= 64 for key in schema["properties"])
