"""The cast, somebody new to leave, and a worker that goes on with what was asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from aurora.erasures import scrub
from aurora.identity import citizens
from aurora.identity.eid import Identified
from aurora.journeys import suggest
from tests.support.cast import REGISTER, TAX, Cast, Person
from tests.support.casting import cast, committed_cast

__all__ = ["cast", "committed_cast"]


@pytest.fixture(autouse=True)
def files_are_written_anew_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for all who left within an hour, as a service does."""
    monkeypatch.setattr(scrub, "EVERY", timedelta(0))


@pytest.fixture
def leaver(cast: Cast) -> Iterator[Person]:
    """Two sources connected and pulled, suggestions made, the office has read."""
    number = f"T-{uuid4().hex.upper()}"
    identified = Identified(cast.made.aurora["eid"]["issuer"], number, "Wilhelmiina Testinen")
    person = Person(citizens.find_or_create(identified=identified, language="en", now=timezone.now()), identified.name, number)
    person.connect(REGISTER)
    person.connect(TAX)
    suggest.suggest(citizen_id=person.id, now=timezone.now())
    yield person
