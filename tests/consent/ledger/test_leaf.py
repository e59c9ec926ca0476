"""The bytes that are committed to: RFC 8785's own examples, an independent implementation, and our frozen format."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from consent.ledger import leaf
from consent.ledger.leaf import NotCanonical, canonical

SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=5),
    max_leaves=20,
)


@given(st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=8), SCALARS | st.lists(SCALARS, max_size=3), max_size=6))
def test_what_the_standard_librarys_encoder_writes_is_what_ours_writes(value: Any) -> None:
    """The encoder in C is used where it may be: for plain types and ASCII keys."""
    parts: list[str] = []
    leaf._write(value, parts.append)
    assert canonical(value) == "".join(parts).encode() == rfc8785.dumps(value)


def test_keys_sort_by_utf16_code_units() -> None:
    """RFC 8785, 3.2.3: the example, with its expected order."""
    unsorted = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert list(json.loads(canonical(unsorted)).values()) == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def test_strings_and_literals_are_written_as_the_rfc_writes_them() -> None:
    """RFC 8785, 3.2.2: the string and the literals of its first example (its numbers are floats, which we refuse)."""
    value = {"string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/", "literals": [None, True, False]}
    expected = '{"literals":[null,true,false],"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    assert canonical(value) == expected.encode()


@given(VALUES)
def test_an_independent_implementation_writes_the_same(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        2**53,
        -(2**53),
        b"bytes",
        {1: "key"},
        {"a": {2.5}},
        ["\ud800"],
        {"\udfff": 1},
        {"\udfff": 1, "\u20ac": 2},
        datetime.now(UTC),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_exact_form_is_refused_without_quoting_it(value: Any) -> None:
    with pytest.raises(NotCanonical) as refusal:
        canonical(value)
    assert repr(value) not in str(refusal.value)


def test_the_leaf_format_is_frozen() -> None:
    """Changing anything here makes every salt that citizens keep worthless."""
    access = {
        "actor": "benefits",
        "at": "2026-11-24T08:00:00.000001Z",
        "categories": ["tax.income"],
        "citizen": "018f0000-0000-7000-8000-000000000001",
        "consents": ["018f0000-0000-7000-8000-000000000002"],
        "decision": "permit",
        "details": {"fields": ["wages", "åäö"], "n": 2},
        "event": "agency:twin:read",
        "id": "018f0000-0000-7000-8000-000000000003",
        "permit": None,
        "purpose": "benefit-application",
        "source": None,
        "v": 1,
    }
    salt, prev = bytes(range(32)), hashlib.sha256(b"former").digest()
    written = leaf.opening(salt, access) + leaf.closing(prev, 7)
    assert (
        written
        == salt
        + (
            '{"access":{"actor":"benefits","at":"2026-11-24T08:00:00.000001Z","categories":["tax.income"],'
            '"citizen":"018f0000-0000-7000-8000-000000000001","consents":["018f0000-0000-7000-8000-000000000002"],'
            '"decision":"permit","details":{"fields":["wages","åäö"],"n":2},"event":"agency:twin:read",'
            '"id":"018f0000-0000-7000-8000-000000000003","permit":null,"purpose":"benefit-application","source":null,"v":1},'
            f'"prev":"{prev.hex()}","seq":7}}'
        ).encode()
    )
    assert written[32:] == rfc8785.dumps({"access": access, "prev": prev.hex(), "seq": 7})
    commitment = leaf.commitment(salt=salt, access=access, prev=prev, seq=7)
    assert commitment == hashlib.sha256(written).digest()
    assert commitment.hex() == "a24404d03527c1616d2291bc04dc65b926225c8996b1f114c784beb5e31226cd"
    assert leaf.leaf_hash(commitment).hex() == "ab7ea0bcdcb3a96c0ed08e72015a22a43d8694625897dd2ec54b0732bcf542c4"


def test_a_time_has_one_form() -> None:
    helsinki = timezone(timedelta(hours=2))
    assert leaf.timestamp(datetime(2026, 11, 24, 10, 0, tzinfo=helsinki)) == "2026-11-24T08:00:00.000000Z"
    assert leaf.timestamp(datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=UTC)) == "2026-01-02T03:04:05.000060Z"
    with pytest.raises(NotCanonical):
        leaf.timestamp(datetime(2026, 1, 1))


@pytest.mark.parametrize(("prev", "seq"), [(b"", 1), (bytes(31), 1), (bytes(32), 0)])
def test_a_place_in_no_chain_is_refused(prev: bytes, seq: int) -> None:
    with pytest.raises(ValueError, match="prev must be 32 bytes"):
        leaf.closing(prev, seq)


def test_a_short_salt_is_refused() -> None:
    with pytest.raises(ValueError, match="salt"):
        leaf.opening(bytes(16), {})
