"""Requests that Aurora makes, led astray (SSRF; RFC 9700, 4.12 for redirects): by the e-ID, a source, or an agency's address for notices.

Which addresses may be registered, and key sets: tests/attacks/test_client_keys.py. The guard itself: tests/outbound/test_guard.py. Addresses of notices
that lie inside: tests/withdrawals/test_telling.py.
"""

from __future__ import annotations

import socket
from typing import Any

import pytest

from aurora.outbound.notices import NotTaken, post
from tests.attacks.conftest import PUSHED
from tests.support.cast import Cast, browser
from tests.support.hostile_peer import Peer

METADATA = "http://169.254.169.254/latest/meta-data"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_notice_is_not_sent_on(cast: Cast, peer: Peer, status: int) -> None:
    """Neither its body nor its signature reaches another address, not even one on the same host."""
    peer.says("/notices", {}, status, Location=f"{peer.url}/inside")
    peer.says("/inside", {}, 204)
    with pytest.raises(NotTaken, match="redirected"):
        post(f"{peer.url}/notices", body=b"{}", headers={"webhook-id": "1"})
    assert len(peer.asked("/notices")) == 1 and not peer.asked("/inside")


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.7", "100.64.0.1", "0.0.0.0"]
)
def test_a_name_for_notices_that_leads_inside_is_not_connected_to(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """Registered in good faith, turned later (DNS rebinding)."""
    settings.AURORA_SANDBOX = False
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: [(family, socket.SOCK_STREAM, 6, "", (address, 443))])
    with pytest.raises(NotTaken, match="address_refused"):
        post("https://agency.example/notices", body=b"{}", headers={})


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/par"])
def test_the_eid_sends_us_nowhere(cast: Cast, eid_of_ours: Peer, path: str) -> None:
    """Its metadata and its endpoints answer for themselves; a redirect is an answer that says nothing."""
    eid_of_ours.says(path, {}, 302, Location=f"{eid_of_ours.url}/inside")
    eid_of_ours.says("/inside", PUSHED, 201)
    answer: Any = browser().get("/en/sign-in/")
    assert answer.status_code == 503 and "Location" not in answer.headers and eid_of_ours.url.encode() not in answer.content
    assert len(eid_of_ours.asked(path)) == 1 and not eid_of_ours.asked("/inside")


@pytest.mark.parametrize("name", ["pushed_authorization_request_endpoint", "authorization_endpoint", "token_endpoint"])
@pytest.mark.parametrize("url", [METADATA, "https://10.0.0.7/par", "file:///etc/passwd", "gopher://127.0.0.1:6379/_FLUSHALL"])
def test_the_eids_metadata_names_nothing_inside(
    cast: Cast, eid_of_ours: Peer, name: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is connected to, or sent, there."""
    connected: list[Any] = []
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        connected.append(address)
        real(self, address)

    eid_of_ours.publishes(**{name: url})
    monkeypatch.setattr(socket.socket, "connect", connect)
    answer: Any = browser().get("/en/sign-in/")
    assert not [a for a in connected if (isinstance(a, tuple) and a[0] in ("169.254.169.254", "10.0.0.7")) or a == ("127.0.0.1", 6379)]
    assert not answer.headers.get("Location", "").startswith(("file:", "gopher:"))
    assert answer.status_code < 500 or answer.status_code in (502, 503, 504)
