"""Pushed requests reused, guessed, or in foreign hands (RFC 9126, 2.1, 2.2, 4 and 7; FAPI 2.0, 5.3.2.2; RFC 9700, 4.7).

After an answer, after its time, and for another client: tests/attacks/conformance/test_requests.py. In another browser: test_new_browsers.py.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from consent.oauth.models import PushedRequest
from consent.oauth.rfc9126 import URI_PREFIX
from tests.support.cast import FORM, Cast, browser
from tests.support.relying import Relying, shown


def test_a_no_uses_it_up_as_a_yes_does(cast: Cast, first: Relying) -> None:
    face, uri = cast.cecilia.browser(), first.pushed()
    page = first.opened(face, uri)
    form = {**dict(page.context["page"].hidden), "categories": first.categories}
    assert first.answered(cast.cecilia, uri, decision="decline", face=face)["error"] == "access_denied"
    shown(first.opened(face, uri))
    late: Any = face.post("/oauth/authorize", urlencode({**form, "decision": "allow"}, doseq=True), content_type=FORM)
    shown(late)


def test_a_reference_that_is_nearly_right_is_none(cast: Cast, first: Relying) -> None:
    """One spelling each; 256 bits are not guessed."""
    uri = first.pushed()
    secret = uri.removeprefix(URI_PREFIX)
    flipped = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    face = cast.cecilia.browser()
    for wrong in (
        URI_PREFIX + flipped,
        URI_PREFIX + secret.swapcase(),
        URI_PREFIX.upper() + secret,
        f"{uri} ",
        f" {uri}",
        f"{uri}\n",
        f"{uri}#",
        f"{uri}?x",
        uri.replace(":", "%3A"),
        secret,
        f"https://evil.example/request.jwt#{secret}",
        f"data:application/json,{secret}",
        "",
    ):
        shown(first.opened(face, wrong))
    assert first.opened(face, uri).status_code == 200


def test_a_client_id_that_is_nearly_right_is_none(cast: Cast, first: Relying) -> None:
    face, uri = cast.cecilia.browser(), first.pushed()
    for wrong in (first.client_id.upper(), f"{first.client_id} ", f"{first.client_id}\x00", "", "*", f"{first.client_id}&client_id=x"):
        shown(face.get("/oauth/authorize", {"client_id": wrong, "request_uri": uri}))
    shown(face.get("/oauth/authorize", {"request_uri": uri}))
    twice = f"/oauth/authorize?{urlencode({'client_id': first.client_id, 'request_uri': uri})}&request_uri={URI_PREFIX}{'A' * 43}"
    shown(face.get(twice))
    assert first.opened(face, uri).status_code == 200


def test_nobody_but_a_client_pushes_and_only_for_itself(cast: Cast, first: Relying, second: Relying) -> None:
    """RFC 9126, 2: the client_id is the authenticated one's, whoever fills the form."""
    kept = PushedRequest.objects.count()
    for client_id in (second.client_id, "", first.client_id.upper()):
        answer = first.par(client_id=client_id)
        assert answer.status_code in (400, 401) and "request_uri" not in answer.json()
    anonymous: Any = browser().post("/oauth/par", urlencode(first.request()), content_type=FORM)
    assert anonymous.status_code == 401
    assert PushedRequest.objects.count() == kept
