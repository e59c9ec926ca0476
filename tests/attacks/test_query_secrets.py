"""Secrets in the address (RFC 9700, 4.3.2 and 2.6; RFC 6750, 5.3; RFC 6749, 2.3.1; FAPI 2.0, 5.3.4): refused, so that nobody gets used to it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from consent.oauth.models import UsedAssertion
from tests.support.cast import ASSERTION_TYPE, FORM, Cast, browser
from tests.support.relying import PATH, Relying


@pytest.mark.parametrize("path", ["/oauth/par", "/oauth/token", "/oauth/introspect", "/oauth/revoke"])
@pytest.mark.parametrize("name", ["client_assertion", "token", "code", "client_secret", "anything", ""])
def test_a_clients_endpoint_takes_nothing_from_the_address(first: Relying, path: str, name: str) -> None:
    """Whatever it is called, and though the body is good; the assertion is not used up."""
    kept, assertion = UsedAssertion.objects.count(), first.signed_by()
    own = {"grant_type": "client_credentials", "scope": "events"}
    form = {"/oauth/par": first.request(), "/oauth/token": own}.get(path, {"token": "t"})
    body = urlencode({**form, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion})
    answer: Any = browser().post(f"{path}?{name}={assertion}", body, content_type=FORM, HTTP_DPOP=first.proved(path))
    assert answer.status_code == 400 and answer.json()["error"] == "invalid_request"
    assert UsedAssertion.objects.count() == kept and assertion not in answer.content.decode()


@pytest.mark.parametrize("where", ["twin", "events", "confirmation", "evaluators", "grants"])
def test_a_token_in_the_address_or_the_body_is_no_token(cast: Cast, first: Relying, where: str) -> None:
    held = first.tokens(cast.cecilia)
    nobodys = "00000000-0000-0000-0000-000000000000"
    method, path = {
        "twin": ("GET", PATH),
        "events": ("GET", "/api/v1/events"),
        "confirmation": ("POST", f"/api/v1/events/{nobodys}/confirmation"),
        "evaluators": ("POST", "/api/v1/evaluators"),
        "grants": ("GET", f"/oauth/grants/{held['grant_id']}"),
    }[where]
    token = held["access_token"]
    for form in ("access_token={0}", "token={0}", "authorization=DPoP%20{0}"):
        text = form.format(token)
        for address, body in ((f"{path}?{text}", ""), (path, text)):
            proof = first.proved(path, method, token=token)
            answer: Any = browser().generic(method, address, body, content_type=FORM, HTTP_DPOP=proof)
            assert answer.status_code == 401 and token not in answer.content.decode(), (address, answer.content)


def test_no_answer_to_a_client_carries_a_token_in_its_address(cast: Cast, first: Relying) -> None:
    """RFC 9700, 2.1.2: the browser carries a code and never a token; the page that leads there sends no Referer (4.2.4)."""
    face, uri = cast.cecilia.browser(), first.pushed()
    page = first.opened(face, uri)
    assert page["Referrer-Policy"] in ("same-origin", "no-referrer")
    form = {**dict(page.context["page"].hidden), "decision": "allow", "categories": first.categories}
    answer: Any = face.post("/oauth/authorize", urlencode(form, doseq=True), content_type=FORM)
    assert set(first.arrived(answer["Location"])) == {"code", "state", "iss"}
    assert answer["Referrer-Policy"] == "no-referrer" and "no-store" in answer["Cache-Control"]
