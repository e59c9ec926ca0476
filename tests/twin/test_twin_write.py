"""What a source says replaces what it said before, with its provenance, under the citizen's own key, and the citizen can take it along."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone
from own_facts import ANYTHING, HOUSING, INCOME, NOW, OBSERVED, everything, fact, note, permit_for

from aurora.identity import vault
from aurora.journeys import own_data
from aurora.sandbox.config import HOLDERS
from aurora.twin import queries
from aurora.twin.models import Fact, SuggestionRun
from aurora.twin.read import read
from aurora.twin.values import Written
from aurora.twin.write import erase, keep, write
from consent.ledger.queries import entries_for
from consent.models import Agency
from consent.rules import CITIZEN
from consent.scope import citizen_scope
from tests.support.held import by_name, keys_of


def current(citizen_id: UUID) -> list[Fact]:
    with citizen_scope(citizen_id):
        return [row for row, _, _ in by_name(Fact.objects.filter(superseded_at__isnull=True))]


def test_new_facts_replace_the_category_as_its_source_told_it_and_keep_the_rest(aino: UUID) -> None:
    later = NOW + timedelta(hours=1)
    with citizen_scope(aino):
        write(citizen_id=aino, facts=[fact("interest", 0, source="other-agency")], now=later)
        written = write(citizen_id=aino, facts=[fact("wages", 50_000)], now=later)
        assert (written.new, written.changed, written.same, written.ended) == (0, 1, 0, 1) and written.moved
        past = Fact.objects.filter(superseded_at=later)
        assert keys_of(past) == ["interest", "wages"], "history is kept, also of what is no longer said"
        rows = [(f.category, key, f.source) for f, key, _ in by_name(current(aino))]
    assert rows == [
        (HOUSING, "property_tax", "tax-administration"),
        (INCOME, "interest", "other-agency"),
        (INCOME, "wages", "tax-administration"),
    ]
    assert everything(aino) == {"tax.housing.property_tax": 7, "tax.income.interest": 0, "tax.income.wages": 50_000}


def test_an_equal_fact_stays_with_the_pull_that_first_brought_it(aino: UUID) -> None:
    first, again = uuid4(), uuid4()
    with citizen_scope(aino):
        write(citizen_id=aino, facts=[fact("wages", 1, pull_id=first), fact("interest", 2, pull_id=first)], now=NOW)
        before = [(f.pk, f.pull_id, bytes(f.sealed)) for f in current(aino)]
        written = write(
            citizen_id=aino, facts=[fact("interest", 2, pull_id=again), fact("wages", 1, pull_id=again)], now=NOW + timedelta(hours=1)
        )
    assert written == Written(new=0, changed=0, same=2, ended=0) and not written.moved
    assert [(f.pk, f.pull_id, bytes(f.sealed)) for f in current(aino)] == before


@pytest.mark.parametrize(
    "change",
    [
        {"value": 43_801},
        {"value": 43_800.0},
        {"provenance": "attested"},
        {"observed_at": OBSERVED + timedelta(hours=1)},
        {"valid_from": date(2025, 1, 2)},
        {"valid_to": date(2025, 12, 31)},
    ],
    ids=["value", "type", "provenance", "observed", "valid-from", "valid-to"],
)
def test_whatever_differs_is_a_change(aino: UUID, change: dict[str, Any]) -> None:
    new = fact("wages", **{"value": 43_800} | change)
    with citizen_scope(aino):
        written = write(citizen_id=aino, facts=[new], now=NOW + timedelta(hours=1), whole=())
        assert written == Written(new=0, changed=1, same=0, ended=0, categories=frozenset({INCOME}))
        assert Fact.objects.filter(superseded_at=NOW + timedelta(hours=1)).count() == 1


def test_what_tells_only_news_ends_only_what_it_names(aino: UUID) -> None:
    part, later = (INCOME, "tax-administration"), NOW + timedelta(hours=1)
    with citizen_scope(aino):
        written = write(citizen_id=aino, facts=[fact("dividends", 5)], now=later, whole=(), gone={part: {"interest", "never_told"}})
        assert written == Written(new=1, changed=0, same=0, ended=1, categories=frozenset({INCOME}))
    assert everything(aino) == {"tax.income.wages": 43_800, "tax.income.dividends": 5, "tax.housing.property_tax": 7}


def test_a_whole_statement_of_nothing_ends_all(aino: UUID) -> None:
    with citizen_scope(aino):
        write(citizen_id=aino, facts=[fact("interest", 0, source="other-agency")], now=NOW)
        assert write(citizen_id=aino, facts=[], now=NOW) == Written(0, 0, 0, 0)
        written = write(citizen_id=aino, facts=[], now=NOW + timedelta(hours=1), whole={(INCOME, "tax-administration")})
        assert written == Written(new=0, changed=0, same=0, ended=2, categories=frozenset({INCOME}))
    assert everything(aino) == {"tax.income.interest": 0, "tax.housing.property_tax": 7}


def test_what_the_citizen_kept_is_fetched_again_and_kept_no_longer(aino: UUID) -> None:
    """Else it would stay when they end the new consent, though they never said so."""
    with citizen_scope(aino):
        keep(citizen_id=aino, categories=[INCOME], source="tax-administration", now=NOW)
        write(citizen_id=aino, facts=[fact("wages", 43_800)], now=NOW + timedelta(hours=1))
        assert not Fact.objects.filter(kept_at__isnull=False).exists()
        assert erase(citizen_id=aino, categories=[INCOME], source="tax-administration") == 2
    assert everything(aino) == {"tax.housing.property_tax": 7}


def test_provenance_and_times_come_out_as_they_went_in(aino: UUID) -> None:
    pull_id = uuid4()
    whole = fact("wages", 1, provenance="attested", pull_id=pull_id, valid_to=date(2025, 12, 31))
    with citizen_scope(aino):
        write(citizen_id=aino, facts=[whole], now=NOW)
        permit = permit_for(aino, INCOME)
        note(permit)
        [view] = read(permit)
    assert (view.provenance, view.source, view.category_version) == ("attested", "tax-administration", 1)
    assert (view.observed_at, view.recorded_at, view.valid_from, view.valid_to) == (OBSERVED, NOW, date(2025, 1, 1), date(2025, 12, 31))
    assert current(aino)[1].pull_id == pull_id


@pytest.mark.parametrize("value", [0, -1, 2**53 - 1, 0.5, True, False, "", "Äänekoski 🌞", None])
def test_a_value_comes_out_as_it_went_in(aino: UUID, value: Any) -> None:
    with citizen_scope(aino):
        write(citizen_id=aino, facts=[fact("value", value, ANYTHING)], now=NOW)
    found = everything(aino)["test.anything.value"]
    assert found == value and type(found) is type(value)


def test_a_pull_writes_once(aino: UUID) -> None:
    pull_id = uuid4()
    with citizen_scope(aino):
        write(citizen_id=aino, facts=[fact("wages", 1, pull_id=pull_id)], now=NOW)
        with pytest.raises(IntegrityError), transaction.atomic():
            write(citizen_id=aino, facts=[fact("wages", 2, pull_id=pull_id)], now=NOW)
    assert everything(aino)["tax.income.wages"] == 1


def test_one_key_has_one_current_value_a_source(aino: UUID) -> None:
    with citizen_scope(aino), pytest.raises(IntegrityError), transaction.atomic():
        write(citizen_id=aino, facts=[fact("wages", 1), fact("wages", 2)], now=NOW)


def test_erasing_takes_the_past_along_and_what_was_derived(aino: UUID) -> None:
    with citizen_scope(aino):
        write(citizen_id=aino, facts=[fact("wages", 2)], now=NOW)
        SuggestionRun.objects.create(citizen_id=aino, made_at=NOW, basis="b", entry_id=uuid4(), sealed=b"x")
        assert erase(citizen_id=aino, categories=[INCOME], source="other-agency") == 0
        assert erase(citizen_id=aino, categories=[INCOME], source="tax-administration") == 3
        assert not SuggestionRun.objects.exists()
    assert everything(aino) == {"tax.housing.property_tax": 7}


def test_nothing_can_be_written_into_another_s_twin(aino: UUID, cecilia: UUID) -> None:
    with citizen_scope(cecilia):
        assert not Fact.objects.exists() and not queries.categories_held(citizen_id=aino)
        assert erase(citizen_id=aino, categories=[INCOME], source="tax-administration") == 0
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            write(citizen_id=aino, facts=[fact("wages", 0)], now=NOW)
    assert everything(aino)["tax.income.wages"] == 43_800


def test_values_moved_between_rows_do_not_open(aino: UUID) -> None:
    """Whoever can write the table still cannot give one fact another's value."""
    wages, interest = (f for f in reversed(current(aino)) if f.category == INCOME)
    with citizen_scope(aino):
        Fact.objects.filter(pk=wages.pk).update(sealed=interest.sealed)
        permit = permit_for(aino, INCOME)
        note(permit)
        with pytest.raises(vault.VaultClosed):
            read(permit)


def test_values_show_nowhere(aino: UUID) -> None:
    wages = 438_001_234_567  # of so many digits that no id has it by chance
    new = fact("wages", wages)
    with citizen_scope(aino):
        write(citizen_id=aino, facts=[new], now=NOW)
        permit = permit_for(aino, INCOME)
        note(permit)
        views = read(permit)
        shown = repr(views) + repr(new) + repr(current(aino)) + str(current(aino)[0])
    assert [view.value for view in views] == [wages]
    assert str(wages) not in shown and f"{wages:_}" not in shown
    assert all(str(wages).encode() not in bytes(f.sealed) for f in current(aino))


def test_the_fingerprint_follows_the_facts(aino: UUID) -> None:
    def now() -> str:
        with citizen_scope(aino):
            return queries.fingerprint(fact_id for _, fact_id in queries.fact_ids(citizen_id=aino))

    before = now()
    assert now() == before
    with citizen_scope(aino):
        write(citizen_id=aino, facts=[fact("wages", 43_800)], now=NOW)
        assert queries.categories_held(citizen_id=aino) == {INCOME, HOUSING} and queries.fact_count(citizen_id=aino) == 2
    assert now() != before


# The citizen's own look


@pytest.fixture
def vocabulary(db: None) -> None:
    """The sandbox's categories."""
    for code in HOLDERS:
        Agency.objects.get_or_create(code=code, defaults={"name": dict.fromkeys(("fi", "sv", "en"), code)})
    call_command("load_vocabulary")


def test_looking_at_one_s_own_data_is_logged_each_time(vocabulary: None, aino: UUID) -> None:
    first = own_data.view(citizen_id=aino, now=timezone.now())
    second = own_data.view(citizen_id=aino, now=timezone.now())
    with citizen_scope(aino):
        newest, older = entries_for(aino)[:2]
    assert older.event == newest.event == "citizen:twin:viewed" and newest.pk == second.entry_id
    assert older.pk == first.entry_id and {older.actor, newest.actor} == {CITIZEN}
    assert set(older.categories) >= {INCOME, HOUSING} and older.consent_ids == []
