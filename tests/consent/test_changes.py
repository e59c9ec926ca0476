"""What is different between two consent texts: equal texts give nothing, every difference is named, and nothing else."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.changes import CODES, FILE, Change, compare, tell

LANGUAGES = ("fi", "sv", "en")
words = st.sampled_from(["a", "b", "c"])
categories = st.lists(
    st.fixed_dictionaries(
        {
            "code": st.sampled_from(["tax.income", "tax.housing", "population.person"]),
            "version": st.integers(1, 2),
            "name": words,
            "description": words,
            "facts": st.lists(words, max_size=3, unique=True),
        }
    ),
    max_size=3,
    unique_by=lambda c: c["code"],
)
terms = st.lists(
    st.fixed_dictionaries(
        {
            "code": st.sampled_from(["asks", "identity", "onward", "frequency", "in_force", "not_shared", "on_decline"]),
            "heading": st.just("h"),
            "sentences": st.lists(words, min_size=1, max_size=2),
        }
    ),
    max_size=5,
    unique_by=lambda t: t["code"],
)
contents = st.fixed_dictionaries(
    {
        "recipient": words,
        "recipient_version": st.integers(1, 2),
        "terms_version": st.integers(1, 2),
        "source": st.sampled_from(["", "s"]),
        "purpose": st.fixed_dictionaries(
            {"code": st.just("p"), "version": st.integers(1, 2), "name": words, "description": words, "on_refusal": words}
        ),
        "categories": categories,
        "terms": terms,
    }
)


def text(**changes: Any) -> dict[str, Any]:
    return {
        "recipient": "Office",
        "source": "",
        "purpose": {"code": "p", "version": 1, "name": "Benefit", "description": "It checks.", "on_refusal": "Paper."},
        "categories": [{"code": "tax.income", "version": 1, "name": "Income", "description": "Taxed.", "facts": ["Wages"]}],
        "terms": [
            {"code": "asks", "heading": "", "sentences": ["Office asks for Benefit."]},
            {"code": "frequency", "heading": "How often", "sentences": ["Once."]},
            {"code": "in_force", "heading": "In force", "sentences": ["Until May."]},
            {"code": "on_decline", "heading": "If you decline", "sentences": ["Nothing."]},
        ],
    } | changes


def codes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return [c.about if c.code == "term" else c.code for c in compare(old, new)]


@given(contents)
def test_equal_texts_give_no_change(content: dict[str, Any]) -> None:
    assert compare(content, copy.deepcopy(content)) == ()
    turned = content | {
        "categories": [c | {"facts": c["facts"][::-1]} for c in content["categories"]][::-1],
        "terms": content["terms"][::-1],
    }
    assert compare(content, turned) == ()


def _plain(content: dict[str, Any]) -> dict[str, Any]:
    """What is agreed to, in a form in which sameness is equality: orders that mean nothing are gone."""
    said = {t["code"]: t["sentences"] for t in content["terms"]}
    return content | {"categories": {c["code"]: c | {"facts": sorted(c["facts"])} for c in content["categories"]}, "terms": said}


@given(contents, contents)
def test_every_difference_is_named_and_nothing_else(old: dict[str, Any], new: dict[str, Any]) -> None:
    found, was, now = compare(old, new), _plain(old), _plain(new)
    named = {(c.code, c.about) for c in found}
    assert len(named) == len(found) and {c.code for c in found} <= set(CODES)
    for code in ("recipient", "source"):
        assert ((code, "") in named) == (was[code] != now[code])
    for code, key in (("purpose_name", "name"), ("purpose_description", "description"), ("on_refusal", "on_refusal")):
        assert ((code, "") in named) == (was["purpose"][key] != now["purpose"][key])
    for code in {*was["categories"], *now["categories"]}:
        before, after = was["categories"].get(code), now["categories"].get(code)
        about = {c.code for c in found if c.about == code}
        if before is None or after is None:
            assert about == {"category_added" if before is None else "category_removed"}
            continue
        assert ("category_name" in about) == (before["name"] != after["name"])
        assert ("category_description" in about) == (before["description"] != after["description"])
        assert ("facts_added" in about) == bool(set(after["facts"]) - set(before["facts"]))
        assert ("facts_removed" in about) == bool(set(before["facts"]) - set(after["facts"]))
        assert bool(about) == (before != after)
    for code in {*was["terms"], *now["terms"]} - {"asks", "on_decline"}:
        assert (("term", code) in named) == (was["terms"].get(code) != now["terms"].get(code))
    if was["terms"].get("asks") != now["terms"].get("asks"):
        assert named & {("term", "asks"), ("recipient", ""), ("source", ""), ("purpose_name", "")}
    ignored = {"on_decline"} if not ("on_decline" in was["terms"] and "on_decline" in now["terms"]) else set()
    for content in (was, now):
        content["terms"] = {k: v for k, v in content["terms"].items() if k not in ignored}
    assert bool(found) == (was != now)


@given(contents, contents)
def test_a_change_turned_round_has_then_and_now_turned_round(old: dict[str, Any], new: dict[str, Any]) -> None:
    there = {(c.code, c.about, c.was, c.now) for c in compare(old, new) if not c.code.startswith(("category", "facts"))}
    back = {(c.code, c.about, c.now, c.was) for c in compare(new, old) if not c.code.startswith(("category", "facts"))}
    assert there == back


def test_the_words_of_a_change_are_those_of_the_texts() -> None:
    more = {"code": "tax.housing", "version": 1, "name": "Housing", "description": "Your home.", "facts": ["Rent"]}
    longer = [t | ({"sentences": ["Until June."]} if t["code"] == "in_force" else {}) for t in text()["terms"]]
    changes = compare(text(), text(categories=[*text()["categories"], more], terms=longer))
    assert changes == (
        Change("category_added", "tax.housing", "Housing", now=("Your home.", "Rent")),
        Change("term", "in_force", "In force", ("Until May.",), ("Until June.",)),
    )
    income = text()["categories"][0]
    grown = text(categories=[income | {"version": 2, "facts": ["Wages", "Interest"]}])
    assert compare(text(), grown) == (Change("facts_added", "tax.income", "Income", now=("Interest",)),)


def test_what_a_rename_has_said_is_not_said_twice() -> None:
    renamed = [t | ({"sentences": ["Bureau asks for Benefit."]} if t["code"] == "asks" else {}) for t in text()["terms"]]
    assert codes(text(), text(recipient="Bureau", terms=renamed)) == ["recipient"]
    other_service = [t | ({"sentences": ["Office asks, for its other service."]} if t["code"] == "asks" else {}) for t in text()["terms"]]
    assert codes(text(), text(terms=other_service)) == ["asks"]


def test_a_version_that_says_the_same_is_told_as_a_version() -> None:
    assert codes(text(), text(recipient_version=2, terms_version=2)) == ["recipient_version", "terms_version"]
    assert codes(text(), text(purpose=text()["purpose"] | {"version": 2})) == ["purpose_version"]
    later = [t | ({"sentences": ["Until June."]} if t["code"] == "in_force" else {}) for t in text()["terms"]]
    assert codes(text(), text(terms=later, terms_version=2)) == ["in_force", "terms_version"], "other days are no other wording"
    assert codes(text(), text(categories=[text()["categories"][0] | {"version": 2}])) == ["category_version"]


def test_a_notice_from_before_terms_were_kept_can_be_compared() -> None:
    old = {"purpose": {"code": "p", "version": 1}, "categories": [{"code": "tax.income", "version": 1}]}
    assert {"recipient", "purpose_name", "facts_added", "frequency"} <= set(codes(old, text()))


def test_every_sentence_is_there_in_every_language() -> None:
    said = json.loads(FILE.read_text(encoding="utf-8"))
    assert set(CODES) <= set(said)
    for texts in said.values():
        assert set(texts) == set(LANGUAGES) and all(texts.values())
        assert len({(t.count("{subject}"), t.count("{purpose}")) for t in texts.values()}) == 1


@pytest.mark.parametrize("earlier", ["standing", "outdated", "ended"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_of_an_earlier_consent(earlier: str, language: str) -> None:
    grown = text(categories=[text()["categories"][0] | {"facts": ["Wages", "Interest"]}])
    again = tell(compare(text(), grown), earlier=earlier, allowed=["tax.housing"], purpose="{Benefit}", language=language)
    assert "{Benefit}" in again.sentences[0] and len(again.sentences) == (1 if earlier == "ended" else 3)
    assert dict(again.marks).keys() == {"tax.income", "tax.housing"} and all(again.labels)
    assert [t.now for t in again.changes] == [("Interest",)] and "Income" in again.changes[0].heading
    unchanged = tell((), earlier=earlier, allowed=(), purpose="x", language=language)
    assert len(unchanged.sentences) == len(again.sentences) + 1 and not unchanged.marks


def test_only_what_is_new_is_marked_new() -> None:
    more = {"code": "tax.housing", "version": 1, "name": "Housing", "description": "Your home.", "facts": ["Rent"]}
    changes = compare(text(), text(categories=[*text()["categories"], more]))
    marks = dict(tell(changes, earlier="standing", allowed=["tax.income"], purpose="x", language="en").marks)
    assert marks == {"tax.housing": ("New",), "tax.income": ("You allow this now",)}
