"""A scope that its first question opens is the citizen's, ends with its block, and shows nobody else's consents."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from uuid import UUID

import pytest
from consent_world import World
from django.db import connection

from consent import queries
from consent.models import ConsentRecord
from consent.scope import CURRENT_CITIZEN, citizen_scope, scope_opened_by


@pytest.fixture
def world(db: None) -> World:
    return World()


def _current() -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {CURRENT_CITIZEN}")
        found: UUID | None = cursor.fetchone()[0]
    return found


def _asking(world: World, citizen_id: UUID) -> partial[list[queries.ConsentView]]:
    return partial(queries.for_decision, citizen_id=citizen_id, recipient=world.office.code, opening=True)


def test_it_shows_what_a_scope_shows(world: World) -> None:
    record, _ = world.give()
    with citizen_scope(world.aino):
        wanted = queries.for_decision(citizen_id=world.aino, recipient=world.office.code)
    with scope_opened_by(_asking(world, world.aino)) as found:
        assert found == wanted and [c.id for c in found] == [record.pk]
        assert _current() == world.aino and ConsentRecord.objects.filter(pk=record.pk).exists()


def test_and_nothing_of_another_citizen(world: World) -> None:
    record, _ = world.give()
    with scope_opened_by(_asking(world, world.cecilia)) as found:
        assert found == [] and _current() == world.cecilia and not ConsentRecord.objects.filter(pk=record.pk).exists()


@pytest.mark.parametrize("failing", [False, True])
def test_it_ends_with_its_block(world: World, failing: bool) -> None:
    world.give()
    with pytest.raises(ZeroDivisionError) if failing else nullcontext(), scope_opened_by(_asking(world, world.aino)):
        assert not failing or 1 / 0
    assert _current() is None and not ConsentRecord.objects.exists()


def test_it_joins_no_transaction(world: World) -> None:
    with citizen_scope(world.cecilia), pytest.raises(RuntimeError, match="durable"), scope_opened_by(_asking(world, world.aino)):
        pass
