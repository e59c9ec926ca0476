"""What is asked for since the last time, what that can tell, and when everything is asked for anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fhir_peer import ICD10, Server, condition, observation, status
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aurora.sources.connectors import Answer, Mark, Times, Unchanged
from aurora.sources.connectors.fhir import cursor
from aurora.sources.connectors.fhir.taken import Taken
from tests.support.hostile_peer import Peer

WEIGHT = "health.measurements"


@pytest.fixture
def server(peer: Peer) -> Server:
    return Server(peer)


def since(server: Server, *news: Any, held: Any = None, category: str = "health.conditions") -> tuple[Answer, Answer | Unchanged]:
    """A whole answer, and what came of it when these had changed."""
    first = server.whole(category, *(held or [condition(), condition("c2", "E11.9")]))
    server.news = {"Condition": list(news), "Observation": list(news)}
    return first, server.fetch(category, since=first.mark)


def whole_searches(server: Server, resource: str = "Condition") -> int:
    return sum("_lastUpdated" not in query for query in server.asked[resource])


def test_nothing_new_is_unchanged_and_asks_once(server: Server) -> None:
    first, second = since(server)
    assert isinstance(second, Unchanged) and second.mark.cursor
    asked = server.asked["Condition"]
    assert len(asked) == 2 and asked[1]["_lastUpdated"] == "gt2026-11-20T07:59:00.000Z"
    assert len(server.peer.asked("/fhir/Patient/p-1")) == 1, "whose records they are was said with the answer that stands"
    assert first.gone is None


def test_what_is_new_is_told_alone(server: Server) -> None:
    _, second = since(server, condition("c3", "J45.9"))
    assert isinstance(second, Answer)
    assert (second.facts, second.gone) == ({"icd10.J45.9": "Illness J45.9"}, frozenset())
    server.news = {}
    assert isinstance(server.fetch("health.conditions", since=second.mark), Unchanged)
    assert whole_searches(server) == 1


def test_a_renamed_illness_is_told_again(server: Server) -> None:
    coding = {"coding": [{"system": ICD10, "code": "I10", "display": "Hypertension"}]}
    _, second = since(server, condition(code=coding))
    assert isinstance(second, Answer) and second.facts == {"icd10.I10": "Hypertension"} and second.gone == frozenset()


def test_the_end_of_an_illness_is_told_whole(server: Server) -> None:
    """What is over comes after what holds: only everything shows whether the same illness holds by another record."""
    ended = condition(abatementDateTime="2026-10-01", clinicalStatus=status("condition-clinical", "resolved"))
    first = server.whole("health.conditions", condition(), condition("c2", "E11.9"))
    server.news, server.holds = {"Condition": [ended]}, {"Condition": [ended, condition("c2", "E11.9")]}
    second = server.fetch("health.conditions", since=first.mark)
    assert isinstance(second, Answer) and second.gone is None and len(second.facts) == 2
    assert str(second.times["icd10.I10"].valid_to) == "2026-10-01"


def test_what_was_retracted_is_told_by_asking_for_everything(server: Server) -> None:
    wrong = condition(verificationStatus=status("condition-ver-status", "entered-in-error"), clinicalStatus=...)
    first = server.whole("health.conditions", condition(), condition("c2", "E11.9"))
    server.news, server.holds = {"Condition": [wrong]}, {"Condition": [wrong, condition("c2", "E11.9")]}
    second = server.fetch("health.conditions", since=first.mark)
    assert isinstance(second, Answer) and second.gone is None and set(second.facts) == {"icd10.E11.9"}
    assert whole_searches(server) == 2


def test_what_was_retracted_without_a_fact_changes_nothing(server: Server) -> None:
    _, second = since(server, condition("c7", "C61", verificationStatus=status("condition-ver-status", "refuted"), clinicalStatus=...))
    assert isinstance(second, Unchanged)


def test_an_older_measurement_that_was_noted_late_changes_nothing(server: Server) -> None:
    held = [observation(effectiveDateTime="2026-02-01T10:00:00Z")]
    _, second = since(server, observation("o9", value=90, effectiveDateTime="2024-01-01"), held=held, category=WEIGHT)
    assert isinstance(second, Unchanged)


def test_a_newer_measurement_takes_the_place(server: Server) -> None:
    _, second = since(server, observation("o9", value=70.1, effectiveDateTime="2026-11-01"), held=[observation()], category=WEIGHT)
    assert isinstance(second, Answer) and second.facts == {"body_weight": 70.1} and second.gone == frozenset()


def test_a_newer_measurement_that_cannot_be_read_ends_the_older(server: Server) -> None:
    _, second = since(server, observation("o9", unit="[stone_av]", effectiveDateTime="2026-11-01"), held=[observation()], category=WEIGHT)
    assert isinstance(second, Answer) and second.facts == {} and second.gone == {"body_weight"}


def test_a_measurement_dated_back_is_told_by_asking_for_everything(server: Server) -> None:
    first = server.whole(WEIGHT, observation(), observation("o2", value=75, effectiveDateTime="2025-06-01"))
    moved = observation(effectiveDateTime="2025-01-01")
    server.news, server.holds = (
        {"Observation": [moved]},
        {"Observation": [moved, observation("o2", value=75, effectiveDateTime="2025-06-01")]},
    )
    second = server.fetch(WEIGHT, since=first.mark)
    assert isinstance(second, Answer) and second.facts == {"body_weight": 75} and second.gone is None


def test_what_was_deleted_is_seen_by_the_next_whole_statement(server: Server) -> None:
    """R4's searches cannot tell of a deletion."""
    first = server.whole("health.conditions", condition(), condition("c2", "E11.9"))
    server.holds["Condition"] = [condition()]
    assert isinstance(server.fetch("health.conditions", since=first.mark), Unchanged)
    old = aged(first.mark, days=8)
    second = server.fetch("health.conditions", since=old)
    assert isinstance(second, Answer) and second.gone is None and set(second.facts) == {"icd10.I10"}


@pytest.mark.parametrize(("days", "declared", "whole"), [(6, 7, False), (8, 7, True), (8, 30, False), (1, 0, True)])
def test_how_often_everything_is_asked_for_is_declared(server: Server, days: int, declared: int, whole: bool) -> None:
    first = server.whole("health.conditions", condition())
    found = server.fetch("health.conditions", since=aged(first.mark, days=days), whole_after_days=declared)
    assert isinstance(found, Answer) is whole


@pytest.mark.parametrize(
    "kept",
    ["", "[]", "{}", "null", "nonsense", '["p-1"]', '["p-1","x","y",{}]', '["p-1","2026-01-01T00:00:00+00:00","2026-01-01T00:00:00+00:00",[1]]'],
    ids=["none", "list", "object", "null", "words", "short", "no times", "no pairs"],
)  # fmt: skip
def test_a_cursor_that_cannot_be_read_asks_for_everything(server: Server, kept: str) -> None:
    server.holds["Condition"] = [condition()]
    assert isinstance(server.fetch("health.conditions", since=Mark(cursor=kept)), Answer)
    assert "_lastUpdated" not in server.asked["Condition"][0]


def test_a_cursor_of_another_patient_asks_for_everything(server: Server) -> None:
    first = server.whole("health.conditions", condition())
    server.fetch("health.conditions", since=Mark(cursor=first.mark.cursor.replace('"p-1"', '"p-2"')))
    assert all("_lastUpdated" not in query for query in server.asked["Condition"])


def test_of_too_many_facts_no_cursor_is_kept(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursor, "MOST_HELD", 1)
    assert server.whole("health.conditions", condition()).mark.cursor
    assert not server.whole("health.conditions", condition(), condition("c2", "E11.9")).mark.cursor


def aged(mark: Mark, *, days: int) -> Mark:
    known = cursor.parse(mark.cursor)
    assert known is not None
    return Mark(cursor=cursor.Cursor(known.patient, known.seen, known.whole - timedelta(days=days), known.held).text())


# Whatever happens to a handful of records, an increment says what everything would.

_KEYS, _IDS = st.sampled_from("abc"), st.sampled_from("123")
_TAKEN = st.lists(st.tuples(_KEYS, st.integers(0, 4), st.one_of(st.none(), st.integers(0, 9))), max_size=2, unique_by=lambda t: t[0])
_NOW = Times(datetime(2026, 1, 1, tzinfo=UTC))


def _made(identifier: str, drawn: list[tuple[str, int, int | None]]) -> tuple[Taken, ...]:
    return tuple(Taken(key, f"{rank} {identifier}", value, _NOW) for key, rank, value in drawn)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(_IDS, _TAKEN), st.dictionaries(_IDS, _TAKEN))
def test_an_increment_says_what_everything_would(before: dict[str, Any], changed: dict[str, Any]) -> None:
    old, new = ({i: _made(i, drawn) for i, drawn in some.items()} for some in (before, changed))
    first = cursor.newest((i, one) for i, taken in old.items() for one in taken)
    held = {key: (i, one.rank) for key, (i, one) in first.items()}
    moved = cursor.moved(held, new)
    if moved is None:
        return
    everything = cursor.newest((i, one) for i, taken in {**old, **new}.items() for one in taken)
    assert {**held, **{key: (i, one.rank) for key, (i, one) in moved.items()}} == {k: (i, one.rank) for k, (i, one) in everything.items()}
    told = {key: one.value for key, (_, one) in {**first, **moved}.items()}
    assert told == {key: one.value for key, (_, one) in everything.items()}
