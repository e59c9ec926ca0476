"""A cast, and a server of the office's that says what a test wants."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from consent.oauth.models import Client
from tests.support.cast import Cast
from tests.support.casting import cast, committed_cast
from tests.support.hostile_peer import Peer, listening, peer
from tests.withdrawals.told import PATH, only

__all__ = ["cast", "committed_cast", "listening", "peer"]


@pytest.fixture
def office_server(cast: Cast, peer: Peer) -> Iterator[Peer]:
    """Takes notices; what it is told is in `seen`."""
    Client.objects.filter(client_id=cast.office.client_id).update(notice_uri=peer.url + PATH)
    peer.says(PATH, {}, 204)
    only()
    yield peer
    Client.objects.filter(client_id=cast.office.client_id).update(notice_uri=peer.url + PATH)
