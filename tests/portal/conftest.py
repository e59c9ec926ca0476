"""The cast with real rows; no count of calls is left of the test before."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.utils import timezone

from aurora.identity import citizens
from aurora.identity.eid import Identified
from aurora.sources.models import DataSource
from tests.support.cast import TAX, Cast, Person
from tests.support.casting import cast, committed_cast
from tests.support.counted import kept_meanwhile
from tests.support.hostile_peer import Peer, listening, peer

__all__ = ["cast", "committed_cast", "kept_meanwhile", "listening", "peer"]


@pytest.fixture
def new_person(cast: Cast) -> Person:
    """Somebody who has decided nothing yet."""
    number = f"T-{uuid4().hex}"
    identified = Identified("https://eid.test", number, "Wilhelmiina Testinen")
    return Person(citizens.find_or_create(identified=identified, language="en", now=timezone.now()), identified.name, number)


@pytest.fixture
def source(cast: Cast, peer: Peer) -> Iterator[Peer]:
    """The tax administration says what a test wants; to begin with, it gives tokens and takes them back."""
    was = DataSource.objects.get(agency__code=TAX).issuer
    DataSource.objects.filter(agency__code=TAX).update(issuer=peer.url)
    peer.publishes(pushed_authorization_request_endpoint=None, authorization_response_iss_parameter_supported=None)
    peer.says("/token", {"access_token": "an-access-token", "refresh_token": "a-refresh-token", "token_type": "Bearer", "expires_in": 600})
    peer.says("/revoke", {})
    yield peer
    DataSource.objects.filter(agency__code=TAX).update(issuer=was)
