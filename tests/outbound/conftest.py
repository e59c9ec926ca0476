"""One peer for all tests of this folder, and Aurora's registration with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hostile_peer import Peer, Server, handler

from aurora.outbound import oauth
from aurora.outbound.oauth import Registration
from aurora.sandbox import jose


@pytest.fixture(scope="session")
def _listening() -> Iterator[tuple[Server, Peer]]:
    peer = Peer()
    server = Server(("127.0.0.1", 0), handler(peer))
    peer.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server, peer
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def peer(_listening: tuple[Server, Peer], settings: Any) -> Iterator[Peer]:
    settings.AURORA_SANDBOX = True
    found = _listening[1]
    found.answers.clear()
    found.seen.clear()
    oauth._metadata_cache.clear()
    yield found
    oauth._metadata_cache.clear()


@pytest.fixture(scope="session")
def client_key() -> dict[str, str]:
    return jose.new_key()


@pytest.fixture
def registration(peer: Peer, client_key: dict[str, str]) -> Registration:
    return Registration(peer.url, "aurora", client_key, "https://aurora.test/sources/agency/callback")
