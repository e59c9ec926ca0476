"""A cast, and somebody of whom two sources say different things."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.utils import timezone

from aurora.identity import citizens
from aurora.identity.eid import Identified
from tests.corrections.dispute import Disputed, disputed_by
from tests.support.cast import Cast, Person
from tests.support.casting import cast, committed_cast

__all__ = ["cast", "committed_cast"]


@pytest.fixture
def disputed(cast: Cast) -> Disputed:
    identified = Identified("https://eid.test", f"T-{uuid4().hex}", "Wilhelmiina Testinen")
    found = citizens.find_or_create(identified=identified, language="en", now=timezone.now())
    return disputed_by(cast, Person(found, identified.name, identified.national_id))
