"""What did we know on 1 May? Through the same door, of what is held still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from own_facts import HOUSING, INCOME, NOW, fact, names, note, permit_for

from aurora.twin.read import NotLogged, read
from aurora.twin.write import erase, write
from consent.scope import citizen_scope

APRIL, MAY, JUNE = (datetime(2026, month, 1, 9, tzinfo=UTC) for month in (4, 5, 6))


@pytest.fixture
def bertil(cecilia: UUID, categories: None) -> UUID:
    """Of whom the tax administration said one thing in April, another in May, and less in June."""
    with citizen_scope(cecilia):
        write(citizen_id=cecilia, facts=[fact("wages", 1), fact("interest", 5), fact("property_tax", 9, HOUSING)], now=APRIL)
        write(citizen_id=cecilia, facts=[fact("wages", 2), fact("interest", 5)], now=MAY)
        write(citizen_id=cecilia, facts=[fact("wages", 3)], now=JUNE)
    return cecilia


def known(citizen_id: UUID, at: datetime | None, *categories: str) -> dict[str, Any]:
    with citizen_scope(citizen_id):
        permit = permit_for(citizen_id, *(categories or (INCOME, HOUSING)))
        note(permit)
        return names(read(permit, as_of=at))


@pytest.mark.parametrize(
    ("at", "wages", "interest"),
    [
        (APRIL, 1, 5),
        (MAY - timedelta(microseconds=1), 1, 5),
        (MAY, 2, 5),
        (JUNE - timedelta(days=1), 2, 5),
        (JUNE, 3, None),
        (None, 3, None),
    ],
    ids=["april", "before may", "may", "late may", "june", "now"],
)
def test_what_was_known_at_a_time(bertil: UUID, at: datetime | None, wages: int, interest: int | None) -> None:
    expected = {"tax.income.wages": wages, "tax.housing.property_tax": 9, **({"tax.income.interest": interest} if interest else {})}
    assert known(bertil, at) == expected


def test_before_the_first_day_nothing_was_known(bertil: UUID) -> None:
    assert known(bertil, APRIL - timedelta(seconds=1)) == {}


def test_what_was_erased_since_is_known_of_no_time(bertil: UUID) -> None:
    with citizen_scope(bertil):
        erase(citizen_id=bertil, categories=[INCOME], source="tax-administration")
    assert known(bertil, MAY) == {"tax.housing.property_tax": 9}


def test_the_past_is_behind_the_same_door(bertil: UUID) -> None:
    with citizen_scope(bertil):
        permit = permit_for(bertil, INCOME)
        with pytest.raises(NotLogged):
            read(permit, as_of=MAY)
        note(permit)
        assert set(names(read(permit, as_of=MAY))) == {"tax.income.wages", "tax.income.interest"}, "and of what the permit covers"


def test_both_halves_are_found_by_index(bertil: UUID) -> None:
    """Among many versions of one fact, not by going through all of them."""
    with citizen_scope(bertil):
        for day in range(60):
            write(citizen_id=bertil, facts=[fact("wages", day + 10)], now=NOW + timedelta(days=day))
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL row_security = on")
            cursor.execute(
                "EXPLAIN SELECT id FROM twin_fact f WHERE f.citizen_id = %s AND f.category = ANY(%s) AND f.recorded_at <= %s"
                " AND (f.superseded_at IS NULL OR f.superseded_at > %s)",
                [bertil, [INCOME], MAY, MAY],
            )
            plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "fact_known_until" in plan or "twin_fact_citizen" in plan, plan
    assert "Seq Scan" not in plan, plan
