"""Aino, of whom three facts are known, and Cecilia, of whom nothing is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from own_facts import HOUSING, NOW, fact, vocabulary

from aurora.twin.models import Fact
from aurora.twin.write import write
from consent.scope import citizen_scope
from tests.support.citizens import make_citizen


@pytest.fixture
def categories(db: None) -> None:
    vocabulary()


@pytest.fixture
def aino(categories: None) -> UUID:
    citizen_id = make_citizen()
    with citizen_scope(citizen_id):
        write(citizen_id=citizen_id, facts=[fact("wages", 43_800), fact("interest", 12), fact("property_tax", 7, HOUSING)], now=NOW)
    return citizen_id


@pytest.fixture
def cecilia(db: None) -> UUID:
    return make_citizen()


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[UUID]:
    """A citizen with a fact, by real transactions. Her log stays, as logs do."""
    with django_db_blocker.unblock():
        vocabulary()
        citizen_id = make_citizen()
        with citizen_scope(citizen_id):
            write(citizen_id=citizen_id, facts=[fact("wages", 1)], now=NOW)
        yield citizen_id
        with citizen_scope(citizen_id):
            Fact.objects.all().delete()
        connection.close()
