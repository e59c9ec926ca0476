"""A catalogue in the database."""

from __future__ import annotations

import pytest

from recommender.catalogue import catalogue
from recommender.catalogue.load import Catalogue
from tests.support.catalogue import put


@pytest.fixture
def loaded(db) -> Catalogue:
    """The shipped services in use."""
    return put(*catalogue().values())
