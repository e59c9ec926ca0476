"""The cast with real rows, and somebody who has decided nothing yet."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.utils import timezone

from aurora.identity import citizens
from aurora.identity.eid import Identified
from tests.support.cast import Cast, Person
from tests.support.casting import cast, committed_cast
from tests.support.grant_holder import second_purpose

__all__ = ["cast", "committed_cast"]


@pytest.fixture
def person(cast: Cast) -> Person:
    number = f"T-{uuid4().hex}"
    identified = Identified("https://eid.test", number, "Wilhelmiina Testinen")
    return Person(citizens.find_or_create(identified=identified, language="en", now=timezone.now()), identified.name, number)


@pytest.fixture
def review(cast: Cast) -> str:
    """A second purpose."""
    return second_purpose(cast)
