"""Facts come out with a permit that was logged in the same transaction, and what neither permit nor entry names stays in."""

from __future__ import annotations

import copy
import dataclasses
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from own_facts import HOUSING, INCOME, NOW, OFFICE, PURPOSE, names, note, permit_for

from aurora.twin.read import NotLogged, read
from consent.errors import OutsideTransaction
from consent.rules import Permit
from consent.scope import citizen_scope


def test_a_logged_permit_opens_what_it_names_and_nothing_else(aino: UUID) -> None:
    with citizen_scope(aino):
        permit = permit_for(aino, INCOME)
        note(permit)
        assert names(read(permit)) == {"tax.income.interest": 12, "tax.income.wages": 43_800}


def test_a_permit_that_is_not_logged_opens_nothing(aino: UUID) -> None:
    with citizen_scope(aino):
        permit = permit_for(aino, INCOME)
        with pytest.raises(NotLogged):
            read(permit)
        note(permit_for(aino, INCOME))
        with pytest.raises(NotLogged):
            read(permit)


def test_nothing_is_a_valid_answer(aino: UUID, cecilia: UUID) -> None:
    with citizen_scope(cecilia):
        permit = permit_for(cecilia, INCOME)
        note(permit)
        assert read(permit) == ()


def test_an_entry_that_names_less_opens_less(aino: UUID) -> None:
    """What was not logged is not read, even if a permit says so."""
    with citizen_scope(aino):
        permit = permit_for(aino, INCOME, HOUSING)
        note(permit, categories=[HOUSING])
        assert names(read(permit)) == {"tax.housing.property_tax": 7}


def test_a_permit_does_not_open_another_s_twin(aino: UUID, cecilia: UUID) -> None:
    permit = permit_for(aino, INCOME)
    with citizen_scope(aino):
        note(permit)
        with citizen_scope(cecilia), pytest.raises(NotLogged):
            read(permit)
        assert read(permit), "and the scope is back"


def test_a_permit_cannot_be_forged(aino: UUID) -> None:
    real = permit_for(aino, INCOME)
    values = (uuid4(), aino, OFFICE, PURPOSE, frozenset({INCOME}), (), NOW)
    for forge in (
        lambda: Permit(*values),
        lambda: Permit(*values, _seal=object()),  # type: ignore[call-arg]
        lambda: Permit(*values, _seal=getattr(real, "_seal", None)),  # type: ignore[call-arg]
        lambda: dataclasses.replace(real, categories=frozenset({INCOME, HOUSING})),
        lambda: dataclasses.replace(real),
    ):
        with pytest.raises(TypeError):
            forge()
    with pytest.raises(AttributeError):
        real.categories = frozenset({HOUSING})  # type: ignore[misc]
    assert copy.copy(real) == real and "seal" not in repr(real)


def test_what_only_looks_like_a_permit_opens_nothing(aino: UUID) -> None:
    with citizen_scope(aino):
        real = permit_for(aino, INCOME)
        note(real)
        alike: Any = SimpleNamespace(id=real.id, citizen_id=aino, categories=frozenset({INCOME, HOUSING}))
        with pytest.raises(TypeError):
            read(alike)


# What committed rows are needed for


def test_outside_a_transaction_nothing_is_read(committed: UUID) -> None:
    with pytest.raises(OutsideTransaction):
        read(permit_for(committed, INCOME))


def test_a_permit_kept_for_later_opens_nothing(committed: UUID) -> None:
    permit = permit_for(committed, INCOME)
    with citizen_scope(committed):
        note(permit)
        assert names(read(permit)) == {"tax.income.wages": 1}
        with transaction.atomic():
            assert read(permit), "a savepoint is the same transaction"
    with citizen_scope(committed), pytest.raises(NotLogged):
        read(permit)


def test_a_permit_logged_in_a_savepoint_opens_within_its_transaction_only(committed: UUID) -> None:
    permit = permit_for(committed, INCOME)
    with citizen_scope(committed):
        with transaction.atomic():
            note(permit)
        assert read(permit)
    with citizen_scope(committed), pytest.raises(NotLogged):
        read(permit)


def test_an_entry_that_was_rolled_back_opens_nothing(committed: UUID) -> None:
    permit = permit_for(committed, INCOME)
    with citizen_scope(committed):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            note(permit)
            assert read(permit)
            raise ZeroDivisionError
        with pytest.raises(NotLogged):
            read(permit)
