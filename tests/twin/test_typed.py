"""Every fact is what its category says, whichever way it comes in: there is one way into the table, and the check stands in it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from own_facts import INCOME, NOW, fact

import aurora
from aurora.twin import declared, typed, write
from aurora.twin.models import Fact
from aurora.twin.typed import NotOfItsCategory
from consent.scope import citizen_scope

WRONG = {"a text": "many", "below the least": -1, "a flag": True, "a list": [1], "nothing": None}


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
def test_a_value_that_the_schema_does_not_allow_is_not_written(aino: UUID, value: Any) -> None:
    with citizen_scope(aino):
        before = set(Fact.objects.values_list("pk", "superseded_at"))
        with pytest.raises(NotOfItsCategory) as refused:
            write.write(citizen_id=aino, facts=[fact("dividends", 1), fact("wages", value)], now=NOW)
        assert set(Fact.objects.values_list("pk", "superseded_at")) == before, "all or nothing"
    assert str(refused.value) == "a fact of tax.income, version 1", "and tells no value, and not of which fact"


def test_a_fact_or_a_version_that_there_is_not_is_not_written(aino: UUID) -> None:
    with citizen_scope(aino):
        for wrong in (fact("never_heard_of", 1), fact("wages", 1, "tax.nothing")):
            with pytest.raises(NotOfItsCategory):
                write.write(citizen_id=aino, facts=[wrong], now=NOW)
    assert not typed.fits(INCOME, 99, "wages", 1)


def test_what_is_declared_and_what_is_derived_pass_the_same_check(aino: UUID) -> None:
    with citizen_scope(aino):
        with pytest.raises(NotOfItsCategory):
            declared.state(citizen_id=aino, said={INCOME: {"wages": "a lot"}}, version={INCOME: 1}, now=NOW)
        made = fact("wages", "a lot", provenance="derived", derived_by=uuid4(), derived_from=())
        with pytest.raises(NotOfItsCategory):
            write.keep_derived(citizen_id=aino, facts=[made], now=NOW)


def test_a_version_is_compiled_once(aino: UUID, django_assert_num_queries: Any) -> None:
    assert typed.fits(INCOME, 1, "wages", 1)
    with django_assert_num_queries(0):
        assert typed.fits(INCOME, 1, "wages", 2) and not typed.fits(INCOME, 1, "wages", -2)


def test_nobody_else_makes_rows_of_facts() -> None:
    """Rows come about in two modules, and both are called by those two functions of `write` that check first."""
    root = Path(aurora.__file__).parent
    makes, calls = set(), set()
    for path in root.rglob("*.py"):
        if "migrations" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(root).as_posix()
        if "INSERT INTO twin_fact" in text or "Fact.objects.create(" in text or "Fact.objects.bulk_create(" in text:
            makes.add(name)
        if "rows.insert(" in text:
            calls.add(name)
    assert makes == {"twin/rows.py", "twin/write.py"} and calls == {"twin/write.py"}
    writing = ast.parse((root / "twin/write.py").read_text(encoding="utf-8"))
    for function in (node for node in writing.body if isinstance(node, ast.FunctionDef)):
        source = ast.unparse(function)
        if "rows.insert(" in source or "bulk_create(" in source:
            assert source.index("typed.check(") < min(source.find(one) for one in ("rows.insert(", "bulk_create(") if one in source), (
                function.name
            )
