"""The table knows facts by marks: their keys stand sealed beside their values, and nothing that is shown by itself names one."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import connection
from own_facts import HOUSING, INCOME, NOW, fact, note, permit_for

from aurora.identity import vault
from aurora.twin import choices, queries
from aurora.twin.models import Fact, FactChoice
from aurora.twin.read import read
from aurora.twin.sealing import mark_of, opened, plain
from aurora.twin.values import Choice
from aurora.twin.write import write
from consent.scope import citizen_scope
from tests.support.held import by_name, keys_of


def rows(citizen_id: UUID) -> list[Fact]:
    return [row for row, _, _ in by_name(Fact.objects.filter(citizen_id=citizen_id))]


def test_a_key_stands_nowhere_in_the_row(aino: UUID) -> None:
    with citizen_scope(aino):
        choices.put(citizen_id=aino, choice=Choice("region", INCOME, "wages", "tax-administration", NOW, 1))
        with connection.cursor() as cursor:
            cursor.execute("SELECT t::text FROM twin_fact t UNION ALL SELECT t::text FROM twin_factchoice t")
            said = " ".join(row for (row,) in cursor.fetchall())
        [one] = choices.of(citizen_id=aino)
    assert INCOME in said
    assert not any(form in said for key in ("wages", "interest", "property_tax") for form in (key, key.encode().hex()))
    assert (one.key, one.value) == ("wages", 1), "and is there for who has the key"


def test_the_same_key_has_one_mark_a_category_and_citizen(aino: UUID, cecilia: UUID) -> None:
    with citizen_scope(aino):
        mine = mark_of(citizen_id=aino, category=INCOME, key="wages")
        assert mine == mark_of(citizen_id=aino, category=INCOME, key="wages") and len(mine) == vault.MARK_BYTES
        assert mine != mark_of(citizen_id=aino, category=HOUSING, key="wages")
        assert mine in {bytes(row.mark) for row in rows(aino)}
    with citizen_scope(cecilia):
        assert mine != mark_of(citizen_id=cecilia, category=INCOME, key="wages")


def test_a_fact_under_another_one_s_mark_does_not_open(aino: UUID) -> None:
    """Whoever can write the table cannot pass one fact off as another: neither by its mark alone nor with what is sealed."""
    with citizen_scope(aino):
        interest, wages = (row for row in rows(aino) if row.category == INCOME)
        Fact.objects.filter(pk=interest.pk).update(mark=b"out of the way..")
        for changes in ({"mark": interest.mark}, {"mark": interest.mark, "sealed": interest.sealed}):
            Fact.objects.filter(pk=wages.pk).update(**changes)
            permit = permit_for(aino, INCOME)
            note(permit)
            with pytest.raises(vault.VaultClosed):
                read(permit)


def test_a_choice_of_another_fact_does_not_open(aino: UUID) -> None:
    with citizen_scope(aino):
        choices.put(citizen_id=aino, choice=Choice("region", INCOME, "wages", "tax-administration", NOW, 1))
        FactChoice.objects.filter(citizen_id=aino).delete()
        choices.put(citizen_id=aino, choice=Choice("region", INCOME, "wages", "tax-administration", NOW, 1))
        row = FactChoice.objects.get(citizen_id=aino)
        row.mark = mark_of(citizen_id=aino, category=INCOME, key="interest")
        with pytest.raises(vault.VaultClosed):
            choices._choice(row)


def test_what_is_read_comes_by_category_and_key(aino: UUID) -> None:
    with citizen_scope(aino):
        keys = ["wages", "dividends", "self_employment", "interest"]
        write(citizen_id=aino, facts=[fact(key, 1) for key in keys], now=NOW)
        permit = permit_for(aino, HOUSING, INCOME)
        note(permit)
        read_names = [view.name for view in read(permit)]
    assert read_names == sorted(read_names) and len(read_names) == 5


def test_what_was_replaced_leads_to_what_stands(aino: UUID, cecilia: UUID) -> None:
    with citizen_scope(aino):
        before = next(row for row in rows(aino) if opened(row, citizen_id=aino)[0] == "wages")
        write(citizen_id=aino, facts=[fact("wages", 50_000)], now=NOW)
        place = queries.stands_for(citizen_id=aino, fact_id=before.pk)
        assert place is not None and place.fact_id != before.pk and place.mark == bytes(before.mark)
        assert queries.stands_for(citizen_id=aino, fact_id=place.fact_id) == place
        write(citizen_id=aino, facts=[], now=NOW, whole={(INCOME, "tax-administration")})
        assert queries.stands_for(citizen_id=aino, fact_id=before.pk) is None, "its source says nothing of it any more"
    with citizen_scope(cecilia):
        assert queries.stands_for(citizen_id=cecilia, fact_id=before.pk) is None


@pytest.mark.parametrize("value", [True, False, 7, 43_800], ids=str)
def test_the_length_of_what_is_sealed_does_not_tell_which(value: object) -> None:
    assert {len(plain(key, value)) for key in ("icd10.J45", "icd10.J45.9", "icd10.F32.1", "smoker")} == {32}


def test_nothing_that_shows_itself_names_a_key(aino: UUID) -> None:
    with citizen_scope(aino):
        permit = permit_for(aino, INCOME)
        note(permit)
        shown = [str(row) + repr(row) for row in rows(aino)] + [repr(view) for view in read(permit)] + [repr(fact("wages", 1))]
        assert keys_of(Fact.objects.filter(citizen_id=aino, category=INCOME)) == ["interest", "wages"]
    shown.append(repr(Choice("region", INCOME, "wages", "tax-administration", NOW, 1)))
    assert not [text for text in shown if "wages" in text or "interest" in text]
