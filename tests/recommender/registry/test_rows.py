"""A citizen's training row goes through JSON unchanged, and what does not keep to its schema is refused whole."""

from __future__ import annotations

import json
from datetime import date

import pytest

from recommender.errors import RowError
from recommender.facts import PROGRAMMES
from recommender.training.rows import ItemShown, Row, Said, SlateShown

SHA = "a" * 64
ITEM = ItemShown("food-assistance", 1, 0.25, 0.5, True)
SLATE = SlateShown(date(2026, 11, 1), SHA, "b" * 64, 7, (ITEM,))
SAID = Said(0, "food-assistance", "not_for_me", "too_far", date(2026, 11, 2))


def row(**changed) -> Row:
    values = {
        "facts": {"tax.income.wages": 43_219, "population.person.region": "R07"},
        "received": {"food_assistance": True, "housing_assistance": False},
        "slates": (SLATE,),
        "feedback": (SAID,),
    }
    return Row(**{**values, **changed})


def test_a_row_comes_back_from_json_as_it_was_and_gives_the_same_bytes() -> None:
    found = Row.of_json(row().to_json())
    assert found == row() and found.to_json() == row().to_json()
    assert found.profile.get("social.programmes.food_assistance") is True


def test_the_order_of_facts_does_not_change_the_bytes() -> None:
    turned = row(facts=dict(reversed(row().facts.items())))
    assert turned.to_json() == row().to_json()


def test_labels_need_every_programme_known() -> None:
    assert row().labels is None
    assert row(received=dict.fromkeys(PROGRAMMES, False)).labels == (False,) * len(PROGRAMMES)


def test_no_value_is_in_its_repr_or_in_an_error() -> None:
    assert "43219" not in repr(row())
    content = row().to_json().replace(b"43219", b"-43219")
    with pytest.raises(RowError) as caught:
        Row.of_json(content)
    assert "43219" not in str(caught.value)


def changed(path, value):
    found = json.loads(row().to_json())
    inner = found
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return json.dumps(found).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b"null",
        b"[" * 100_000,
        changed(["schema"], 2),
        changed(["more"], 1),
        changed(["facts"], []),
        changed(["facts"], {"tax.income.nothing": 1}),
        changed(["facts"], {"tax.income.wages": "much"}),
        changed(["facts"], {"social.programmes.food_assistance": True}),
        changed(["received"], {"bus_pass": True}),
        changed(["received"], {"food_assistance": 1}),
        changed(["slates", 0, "model"], "x"),
        changed(["slates", 0, "day"], "2026-11-01T10:00"),
        changed(["slates", 0, "day"], "20261101"),
        changed(["slates", 0, "seed"], -1),
        changed(["slates", 0, "run"], "id"),
        changed(["slates", 0, "items", 0, 1], 0),
        changed(["slates", 0, "items", 0, 1], True),
        changed(["slates", 0, "items", 0, 3], 0),
        changed(["slates", 0, "items", 0, 3], 1.5),
        changed(["slates", 0, "items", 0, 2], "high"),
        changed(["slates", 0, "items", 0, 4], 1),
        changed(["slates", 0, "items", 0], ["food-assistance", 1, 0.25, 0.5]),
        changed(["feedback", 0, 0], 1),
        changed(["feedback", 0, 1], "housing-assistance"),
        changed(["feedback", 0, 2], "loved"),
        changed(["feedback", 0, 3], "Because I said so"),
        row().to_json().replace(b'"schema":1', b'"schema":1,"schema":1'),
        row().to_json().replace(b"0.25", b"NaN"),
        row().to_json().replace(b"0.25", b"1e999"),
        row().to_json() + b" " * 3_000_000,
    ],
)
def test_what_does_not_keep_to_the_schema_is_refused_whole(content) -> None:
    with pytest.raises(RowError):
        Row.of_json(content)


def two_slates(*said: Said) -> Row:
    items = tuple(ItemShown(name, place, 0.5, 1.0, False) for place, name in enumerate("abc", start=1))
    slates = (SlateShown(date(2026, 11, 1), SHA, SHA, 1, items[::-1]), SlateShown(date(2026, 11, 5), SHA, SHA, 2, items))
    return row(slates=slates, feedback=said)


def test_of_a_slate_that_was_seen_which_the_feedback_says_was_shown() -> None:
    found = two_slates(
        Said(0, "b", "shown", "", date(2026, 11, 2)),
        Said(0, "a", "shown", "", date(2026, 11, 4)),
        Said(0, "c", "applied", "", date(2026, 11, 4)),
    )
    assert [(item.service, item.position) for item in found.seen(0)] == [("a", 1), ("b", 2)]
    assert [item.service for item in found.seen(0, until=date(2026, 11, 3))] == ["b"] and found.seen(0, until=date(2026, 11, 1)) == ()
    assert found.first_seen(0) == date(2026, 11, 2)
    assert (found.seen(1), found.first_seen(1)) == ((), None), "it was made and never looked at"


def test_a_row_from_before_it_was_noted_counts_each_slate_whole() -> None:
    old = two_slates(Said(0, "c", "applied", "", date(2026, 11, 4)))
    assert [item.service for item in old.seen(1)] == ["a", "b", "c"] and old.first_seen(1) == date(2026, 11, 5)
    assert old.seen(1, until=date(2026, 11, 4)) == () and not old.notes_shown
