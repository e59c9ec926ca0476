"""Aurora's registration with a peer that says what it is told to."""

from __future__ import annotations

import pytest

from aurora.outbound.oauth import Registration
from aurora.sandbox import jose
from tests.support.hostile_peer import Peer, listening, peer

__all__ = ["listening", "peer"]


@pytest.fixture(scope="session")
def client_key() -> dict[str, str]:
    return jose.new_key()


@pytest.fixture
def registration(peer: Peer, client_key: dict[str, str]) -> Registration:
    return Registration(peer.url, "aurora", client_key, "https://aurora.test/sources/agency/callback")
