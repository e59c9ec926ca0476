"""Redirect URI tricks (RFC 9700, 2.1 and 4.1; RFC 3986, 6): compared letter by letter, so nothing that only means the same, or looks it.

What may be registered at all, and a first list of tricks: tests/consent/oauth/test_oauth_edges.py and test_oauth_par.py.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from consent.oauth.models import PushedRequest
from tests.support.cast import Cast
from tests.support.relying import Relying, refused

REGISTERED = "https://second.example/callback?dummy1=lorem&dummy2=ipsum"
TRICKS = {
    "userinfo": "https://second.example@evil.example/callback?dummy1=lorem&dummy2=ipsum",
    "userinfo before the host": "https://evil.example@second.example/callback?dummy1=lorem&dummy2=ipsum",
    "password": "https://a:b@second.example/callback?dummy1=lorem&dummy2=ipsum",
    "encoded at": "https://second.example%40evil.example/callback?dummy1=lorem&dummy2=ipsum",
    "a longer path": "https://second.example/callback/evil?dummy1=lorem&dummy2=ipsum",
    "dots": "https://second.example/callback/../callback?dummy1=lorem&dummy2=ipsum",
    "encoded dots": "https://second.example/callback/%2e%2e/evil?dummy1=lorem&dummy2=ipsum",
    "two slashes": "https://second.example//callback?dummy1=lorem&dummy2=ipsum",
    "path parameter": "https://second.example/callback;x?dummy1=lorem&dummy2=ipsum",
    "encoded slash": "https://second.example%2fcallback?dummy1=lorem&dummy2=ipsum",
    "encoded letter": "https://second.example/callb%61ck?dummy1=lorem&dummy2=ipsum",
    "homograph": "https://sеcond.example/callback?dummy1=lorem&dummy2=ipsum",
    "punycode of the homograph": "https://xn--scond-4of.example/callback?dummy1=lorem&dummy2=ipsum",
    "full-width stop": "https://second．example/callback?dummy1=lorem&dummy2=ipsum",
    "soft hyphen": "https://sec\u00adond.example/callback?dummy1=lorem&dummy2=ipsum",
    "long s": "https://ſecond.example/callback?dummy1=lorem&dummy2=ipsum",
    "its own port": "https://second.example:443/callback?dummy1=lorem&dummy2=ipsum",
    "an empty port": "https://second.example:/callback?dummy1=lorem&dummy2=ipsum",
    "another port": "https://second.example:4443/callback?dummy1=lorem&dummy2=ipsum",
    "fragment": "https://second.example/callback?dummy1=lorem&dummy2=ipsum#",
    "encoded fragment": "https://second.example/callback?dummy1=lorem&dummy2=ipsum%23x",
    "case of the scheme": "Https://second.example/callback?dummy1=lorem&dummy2=ipsum",
    "case of the host": "https://Second.example/callback?dummy1=lorem&dummy2=ipsum",
    "case of the path": "https://second.example/Callback?dummy1=lorem&dummy2=ipsum",
    "trailing dot": "https://second.example./callback?dummy1=lorem&dummy2=ipsum",
    "trailing slash": "https://second.example/callback/?dummy1=lorem&dummy2=ipsum",
    "no query": "https://second.example/callback",
    "more query": "https://second.example/callback?dummy1=lorem&dummy2=ipsum&next=https://evil.example",
    "query in another order": "https://second.example/callback?dummy2=ipsum&dummy1=lorem",
    "backslash": "https://second.example\\@evil.example/callback?dummy1=lorem&dummy2=ipsum",
    "a tab": "https://second.example/call\tback?dummy1=lorem&dummy2=ipsum",
    "a line break": "https://second.example/callback?dummy1=lorem&dummy2=ipsum\r\nSet-Cookie: a=b",
    "a space": " https://second.example/callback?dummy1=lorem&dummy2=ipsum",
    "a domain below": "https://evil.second.example/callback?dummy1=lorem&dummy2=ipsum",
    "a domain above": "https://example/callback?dummy1=lorem&dummy2=ipsum",
    "a longer domain": "https://second.example.evil.example/callback?dummy1=lorem&dummy2=ipsum",
    "plain http": "http://second.example/callback?dummy1=lorem&dummy2=ipsum",
    "no scheme": "//second.example/callback?dummy1=lorem&dummy2=ipsum",
    "script": "javascript://second.example/callback?dummy1=lorem&dummy2=ipsum",
    "out of band": "urn:ietf:wg:oauth:2.0:oob",
    "wildcard": "https://*.example/callback?dummy1=lorem&dummy2=ipsum",
    "two": f"{REGISTERED} {REGISTERED}",
}


def test_none_of_the_tricks_is_the_registered_one(second: Relying) -> None:
    assert second.redirect_uri == REGISTERED
    kept = PushedRequest.objects.filter(client__client_id=second.client_id)
    for name, trick in TRICKS.items():
        answer = second.par(redirect_uri=trick)
        refused(answer, "invalid_request")
        assert "second" not in answer.content.decode(), name  # nor is it repeated
    assert not kept.exists()
    assert second.par().status_code == 201 and kept.count() == 1


def test_another_port_of_loopback_is_another_address(first: Relying) -> None:
    """RFC 8252, 7.3 lets native apps choose a port; agencies' clients are servers, in the sandbox too."""
    port = urlsplit(first.redirect_uri).port
    for other in (f"127.0.0.1:{(port or 0) ^ 1}", "127.0.0.1", f"localhost:{port}", f"[::1]:{port}", f"127.1:{port}", f"2130706433:{port}"):
        refused(first.par(redirect_uri=first.redirect_uri.replace(f"127.0.0.1:{port}", other)), "invalid_request")


@pytest.mark.parametrize("decision", ["allow", "decline"])
def test_an_answer_goes_where_it_was_pushed_for_whatever_the_form_says(cast: Cast, second: Relying, decision: str) -> None:
    """4.1.3, 4.11: neither the address of the page nor the form can turn it away."""
    face: Any = cast.cecilia.browser()
    evil = {"redirect_uri": "https://evil.example/", "client_redirect": "https://evil.example/", "next": "//evil.example"}
    second.answered(cast.cecilia, second.pushed(), decision=decision, face=face, **evil)
