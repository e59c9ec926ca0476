"""An agency's own JSON is mapped by what is declared: exactly, or not at all; and a declaration that cannot be right is not loaded."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from asking import FACTS, INVALID, OBSERVED, SCHEMAS, WHO, answer, asked, refusal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aurora.outbound.oauth import PeerFailed
from aurora.sources.connectors import Answer, convert, mapped_json, pointer
from aurora.sources.connectors.declared import SettingsWrong
from aurora.sources.connectors.pointer import NOTHING
from consent.models import DataCategoryVersion
from tests.support.hostile_peer import Peer

PATH = "/own/v2/incomes"
MAPPING: dict[str, Any] = {
    "subject": "/customer/id",
    "observed_at": {"at": "/asOf"},
    "valid_from": {"at": "/period/from", "format": "dd.mm.yyyy"},
    "valid_to": {"at": "/period/to", "format": "dd.mm.yyyy"},
    "categories": {
        "tax.income": {
            "version": 1,
            "name": "incomes",
            "facts": {
                "wages": {"at": "/salary", "as": "integer", "decimal": ","},
                "interest": {"in": "/lines", "where": {"/kind": "INT"}, "at": "/cents", "as": "integer", "scale": "0.01", "take": "sum"},
            },
        }
    },
}
SETTINGS: dict[str, Any] = {"address": "/own/v2/{category}", "mapping": MAPPING}
SAID: dict[str, Any] = {
    "customer": {"id": WHO},
    "asOf": OBSERVED.isoformat(),
    "period": {"from": "1.1.2025", "to": "31.12.2025"},
    "salary": "43800,00",
    "lines": [{"kind": "INT", "cents": 700}, {"kind": "DIV", "cents": 9}, {"kind": "INT", "cents": "500"}],
}


def fetch(peer: Peer, said: Any, rules: dict[str, Any] | None = None) -> Answer:
    """`rules`: the facts' rules, instead of those above."""
    peer.says(PATH, said)
    return answer(peer, mapped_json.fetch, settings=declared(rules))


def refused(peer: Peer, said: Any, rules: dict[str, Any] | None = None) -> bool:
    peer.says(PATH, said)
    return refusal(peer, mapped_json.fetch, settings=declared(rules)) == INVALID


def declared(rules: dict[str, Any] | None = None) -> dict[str, Any]:
    whole = deepcopy(SETTINGS)
    if rules is not None:
        whole["mapping"]["categories"]["tax.income"]["facts"] = rules
    return whole


def test_what_is_declared_is_found_and_converted(peer: Peer) -> None:
    found = fetch(peer, SAID)
    assert (found.category, found.version, found.national_id, found.facts) == ("tax.income", 1, WHO, FACTS)
    assert (found.observed_at, found.valid_from, found.valid_to) == (OBSERVED, date(2025, 1, 1), date(2025, 12, 31))
    assert not found.attested and [request.path for request in peer.seen] == [PATH]


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in SAID.items() if key != name}


WRONG: dict[str, Any] = {
    "nobody": without("customer"),
    "nobody's number": SAID | {"customer": {"id": 7}},
    "everybody": SAID | {"customer": {"id": [WHO]}},
    "no time": without("asOf"),
    "a time that is none": SAID | {"asOf": "yesterday"},
    "a time to come": SAID | {"asOf": "2999-01-01T00:00:00Z"},
    "a day that is none": SAID | {"period": {"from": "31.2.2025"}},
    "a day in another form": SAID | {"period": {"from": "2025-01-01"}},
    "days the wrong way round": SAID | {"period": {"from": "2.1.2025", "to": "1.1.2025"}},
    "an amount in another form": SAID | {"salary": "43.800,00"},
    "an amount that is none": SAID | {"salary": "a lot"},
    "an amount as truth": SAID | {"salary": True},
    "an amount in a list": SAID | {"salary": ["43800,00"]},
    "part of a crown": SAID | {"salary": "43800,50"},
    "part of a crown in all": SAID | {"lines": [{"kind": "INT", "cents": 701}]},
    "less than nothing": SAID | {"salary": "-1,00"},
    "more than there is": SAID | {"salary": "9" * 20},
    "lines that are none": SAID | {"lines": {"kind": "INT"}},
    "a list": [SAID],
}


@pytest.mark.parametrize("said", WRONG.values(), ids=WRONG.keys())
def test_what_does_not_fit_its_rule_is_refused(peer: Peer, said: Any) -> None:
    assert refused(peer, said)


def test_what_the_agency_does_not_say_is_not_known(peer: Peer) -> None:
    assert fetch(peer, without("lines")).facts == {"wages": 43_800}
    assert fetch(peer, SAID | {"lines": [], "salary": None, "x": 1} | {"lines": [{"kind": "INT", "cents": 100}]}).facts == {"interest": 1}
    assert refused(peer, without("lines") | {"salary": None}), "a category without any fact"
    found = fetch(peer, without("period"))
    assert (found.valid_from, found.valid_to) == (None, None)


def test_the_rest_of_an_agencys_answer_is_its_own_affair(peer: Peer) -> None:
    assert fetch(peer, SAID | {"case": 2**70, "lines": [*SAID["lines"], 1, None, [], {"kind": True, "cents": 1}]}).facts == FACTS


def test_pages_are_named_in_the_answer_or_beside_it(peer: Peer) -> None:
    settings_ = declared()
    settings_["mapping"]["next"] = "/more"
    peer.says(PATH, without("lines") | {"more": f"{PATH}?p=2"})
    peer.says(f"{PATH}?p=2", without("salary") | {"more": None})
    assert answer(peer, mapped_json.fetch, settings=settings_).facts == FACTS
    peer.says(f"{PATH}?p=2", without("salary") | {"more": "https://elsewhere.example/"})
    assert refusal(peer, mapped_json.fetch, settings=settings_) == INVALID


def test_a_fact_may_have_times_of_its_own(peer: Peer) -> None:
    rules = {
        "wages": {
            "in": "/lines", "where": {"/kind": "PAY"}, "at": "/sum", "as": "integer",
            "observed_at": {"at": "/seen", "format": "epoch_seconds"}, "valid_from": {"at": "/from", "format": "yyyymmdd"},
        }
    }  # fmt: skip
    found = fetch(peer, SAID | {"lines": [{"kind": "PAY", "sum": 5, "seen": 1_767_225_600, "from": "20250301"}]}, rules)
    assert found.times["wages"].observed_at.isoformat() == "2026-01-01T00:00:00+00:00"
    assert found.times["wages"].valid_from == date(2025, 3, 1)


LINES = [{"k": "A", "n": 1, "ok": True}, {"k": "B", "n": 2, "ok": False}, {"k": "B", "n": 3.0}]
TAKES: dict[str, tuple[dict[str, Any], Any]] = {
    "the only one": ({"where": {"/k": "A"}, "at": "/n", "as": "integer"}, 1),
    "none": ({"where": {"/k": "C"}, "at": "/n", "as": "integer"}, NOTHING),
    "a default": ({"where": {"/k": "C"}, "at": "/n", "as": "integer", "default": 0}, 0),
    "the sum": ({"where": {"/k": "B"}, "at": "/n", "as": "integer", "take": "sum"}, 5),
    "how many": ({"where": {"/k": "B"}, "take": "count"}, 2),
    "whether there is one": ({"where": {"/k": "B"}, "take": "exists"}, True),
    "whether there is none": ({"where": {"/k": "C"}, "take": "exists"}, False),
    "a number is not a truth": ({"where": {"/n": True}, "take": "count"}, 0),
    "two conditions": ({"where": {"/k": "B", "/ok": False}, "at": "/n", "as": "integer"}, 2),
}


@pytest.mark.parametrize("name", TAKES)
def test_of_a_list_what_fits_is_taken(name: str) -> None:
    rule, expected = TAKES[name]
    assert mapped_json._fact({"lines": LINES}, {"in": "/lines", **rule})[0] == expected


def test_of_several_that_fit_none_is_guessed() -> None:
    with pytest.raises(convert.NotConverted):
        mapped_json._fact({"lines": LINES}, {"in": "/lines", "where": {"/k": "B"}, "at": "/n", "as": "integer"})


CONVERTED: dict[str, tuple[Any, dict[str, Any], Any]] = {
    "a monthly sum to a yearly one": ("1250.50", {"as": "integer", "scale": "12"}, 15_006),
    "thousands": (12.5, {"as": "integer", "scale": "1000"}, 12_500),
    "a tenth that binary fractions miss": (0.1, {"as": "integer", "scale": "10"}, 1),
    "rounded down": ("1.99", {"as": "integer", "round": "down"}, 1),
    "rounded half to even": ("2.5", {"as": "integer", "round": "half_even"}, 2),
    "a number": ("24,5", {"as": "number", "decimal": ","}, 24.5),
    "a code": ("K", {"as": "code", "codes": {"K": "married"}}, "married"),
    "a code that is a number": (3, {"as": "code", "codes": {"3": True}}, True),
    "a code that is a truth": (False, {"as": "code", "codes": {"true": "y", "false": "n"}}, "n"),
    "a truth": (True, {"as": "boolean"}, True),
    "text": ("R01", {"as": "string"}, "R01"),
    "a day": ("3.2.2025", {"as": "date", "format": "dd.mm.yyyy"}, "2025-02-03"),
}
NOT_CONVERTED: dict[str, tuple[Any, dict[str, Any]]] = {
    "an unknown code": ("X", {"as": "code", "codes": {"K": "married"}}),
    "a code of another kind": ([], {"as": "code", "codes": {"K": 1}}),
    "a truth as text": ("true", {"as": "boolean"}),
    "a truth as a number": (1, {"as": "boolean"}),
    "text as a number": (5, {"as": "string"}),
    "spaces": (" 5", {"as": "integer"}),
    "digits of another script": ("٣", {"as": "integer"}),
    "a power of ten": ("1e3", {"as": "integer"}),
    "an immense number": (1e300, {"as": "integer"}),
    "a thousand's sign": ("1,000", {"as": "integer"}),
    "two decimal signs": ("1,0,0", {"as": "number", "decimal": ","}),
    "nothing": ("", {"as": "number"}),
    "a day that is none": ("2025-13-01", {"as": "date"}),
    "a day with a line behind it": ("2025-01-01\n", {"as": "date"}),
}


@pytest.mark.parametrize("name", CONVERTED)
def test_a_value_is_converted_exactly(name: str) -> None:
    found, rule, expected = CONVERTED[name]
    value = convert.value(found, rule)
    assert value == expected and type(value) is type(expected)


@pytest.mark.parametrize("name", NOT_CONVERTED)
def test_a_value_of_another_kind_is_not(name: str) -> None:
    with pytest.raises(convert.NotConverted):
        convert.value(*NOT_CONVERTED[name])


# RFC 6901, section 5.
DOCUMENT = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8}
POINTED = {"": DOCUMENT, "/foo": ["bar", "baz"], "/foo/0": "bar", "/": 0, "/a~1b": 1, "/c%d": 2, "/i\\j": 5, "/ ": 7, "/m~0n": 8}


@pytest.mark.parametrize("where", POINTED)
def test_a_pointer_finds_what_the_standard_says(where: str) -> None:
    assert pointer.find(DOCUMENT, where) == POINTED[where]


@pytest.mark.parametrize("where", ["/bar", "/foo/2", "/foo/-", "/foo/01", "/foo/-1", "/foo/0/0", "/foo/length", "/a/b", "/foo/٠"])
def test_a_pointer_finds_nothing_where_nothing_is(where: str) -> None:
    assert pointer.find(DOCUMENT, where) is NOTHING


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.sampled_from([*SAID, "customer.id", "period.from"]), value=values)
def test_whatever_stands_anywhere_it_is_taken_or_refused(peer: Peer, place: str, value: Any) -> None:
    """No exception but `PeerFailed`: anything else would be tried ten times and given up."""
    said = deepcopy(SAID)
    member, _, inner = place.partition(".")
    if inner:
        said[member][inner] = value
    else:
        said[member] = value
    peer.says(PATH, said)
    try:
        mapped_json.fetch(asked(peer, settings=SETTINGS))
    except PeerFailed as failed:
        assert failed.code == "invalid_answer"


# What is declared


def check(whole: dict[str, Any]) -> None:
    mapped_json.check(whole, {"tax.income": DataCategoryVersion(category_id="tax.income", version=1, schema=SCHEMAS["tax.income"])})


def test_a_right_declaration_is_taken() -> None:
    check(SETTINGS)


Change = Callable[[dict[str, Any]], object]
RULES = ("mapping", "categories", "tax.income", "facts")


def at(*path: str, value: Any) -> Change:
    def change(whole: dict[str, Any]) -> None:
        for name in path[:-1]:
            whole = whole[name]
        whole[path[-1]] = value

    return change


WRONG_DECLARATIONS: dict[str, tuple[Change, str]] = {
    "an address elsewhere": (at("address", value="https://elsewhere.example/{category}"), "settings/address"),
    "an address of another host": (at("address", value="//elsewhere.example/{category}"), "settings/address"),
    "an address upwards": (at("address", value="/a/../{category}"), "settings/address"),
    "an address with a query": (at("address", value="/a?c={category}"), "settings/address"),
    "an address with another blank": (at("address", value="/{national_id}/{category}"), "settings/address"),
    "no address": (lambda whole: whole.pop("address"), "'address' is a required property"),
    "a member unheard of": (at("mapping", "subjects", value="/x"), "settings/mapping: Additional properties"),
    "no subject": (lambda whole: whole["mapping"].pop("subject"), "'subject' is a required property"),
    "no pointer": (at("mapping", "subject", value="customer.id"), "settings/mapping/subject"),
    "a pointer badly escaped": (at("mapping", "subject", value="/a~2"), "settings/mapping/subject"),
    "another version": (at("mapping", "categories", "tax.income", "version", value=2), "current version is 1"),
    "a category not held": (at("mapping", "categories", "tax.housing", value=MAPPING["categories"]["tax.income"]), "no category of this source"),
    "no category": (at("mapping", "categories", value={}), "settings/mapping/categories"),
    "a name that leads away": (at("mapping", "categories", "tax.income", "name", value="../x"), "tax.income/name"),
    "a fact that there is not": (at(*RULES, "wealth", value={"at": "/w", "as": "integer"}), "facts/wealth: the category has no such fact"),
    "a fact of another kind": (at(*RULES, "wages", value={"at": "/w", "as": "string"}), "the fact is a integer, and the rule makes it a string"),
    "a rule without a place": (at(*RULES, "wages", value={"as": "integer"}), "tax.income/facts/wages"),
    "a rule without a kind": (at(*RULES, "wages", value={"at": "/w"}), "'as' is a dependency of 'at'"),
    "a condition without a list": (at(*RULES, "wages", value={"at": "/w", "as": "integer", "where": {"/a": 1}}), "dependency of 'where'"),
    "codes without a list of them": (at(*RULES, "wages", value={"at": "/w", "as": "code"}), "'codes' is a required property"),
    "codes that mean what may not be": (
        at(*RULES, "wages", value={"at": "/w", "as": "code", "codes": {"A": "much"}}), "facts/wages/codes/A: the fact may not have this value",
    ),
    "a default that may not be": (at(*RULES, "wages", value={"at": "/w", "as": "integer", "default": -1}), "facts/wages/default"),
    "a scale that is none": (at(*RULES, "wages", value={"at": "/w", "as": "integer", "scale": "x"}), "facts/wages/scale"),
    "a sum of texts": (at(*RULES, "wages", value={"in": "/l", "at": "/w", "as": "string", "take": "sum"}), "facts/wages/as"),
    "a count of somewhere": (at(*RULES, "wages", value={"in": "/l", "at": "/w", "as": "integer", "take": "count"}), "facts/wages"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_DECLARATIONS)
def test_a_wrong_declaration_is_refused_with_its_place(name: str) -> None:
    change, sentence = WRONG_DECLARATIONS[name]
    whole = deepcopy(SETTINGS)
    change(whole)
    with pytest.raises(SettingsWrong) as wrong:
        check(whole)
    assert sentence in str(wrong.value)


def test_what_is_not_mapped_is_not_asked_for(peer: Peer) -> None:
    assert refusal(peer, mapped_json.fetch, settings=SETTINGS, category="tax.housing", version=2) == INVALID
    assert refusal(peer, mapped_json.fetch, settings=SETTINGS, version=2) == INVALID
    assert not peer.seen
