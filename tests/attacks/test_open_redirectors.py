"""Open redirectors (RFC 9700, 4.11): Aurora sends a browser to a client's registered address, its own e-ID and sources, and nowhere else.

Where one comes to after signing in, and odd paths: tests/attacks/test_callbacks.py. Odd queries on every route: test_every_route.py.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.support.cast import Cast, browser
from tests.support.relying import Relying, shown

EVIL = "https://evil.example/"
AWAY = dict.fromkeys(("next", "redirect_uri", "return_to", "url", "continue", "post_logout_redirect_uri", "iss", "language", "from"), EVIL)
LINK = re.compile(r"""(?:href|action|src|content)=["']([^"']*)["']""")


def _leads_nowhere_else(answer: Any) -> None:
    where = urlsplit(answer.headers.get("Location", ""))
    assert where.netloc in ("", "localhost:8000") and not where.path.startswith("//"), answer["Location"]
    assert not answer.headers.get("Refresh")
    for link in LINK.findall(answer.content.decode("utf-8", "replace")):
        parts = urlsplit(unescape(link).replace("\\", "/"))
        assert parts.hostname != "evil.example" and parts.scheme in ("", "http", "https", "data"), link


def test_a_request_that_is_not_proved_sends_nobody_away(cast: Cast, first: Relying) -> None:
    """4.11.2: whoever asks wrongly is told so on a page, also with a redirect URI that is registered."""
    for query in (
        {},
        {"client_id": first.client_id, "redirect_uri": first.redirect_uri, "error": "access_denied"},
        {"client_id": first.client_id, "redirect_uri": EVIL, "response_type": "code", "prompt": "none"},
        {"client_id": "nobody", "redirect_uri": EVIL, "request_uri": EVIL},
        {**first.request(), "redirect_uri": EVIL},
    ):
        for face in (browser(), cast.cecilia.browser()):
            answer: Any = face.get("/oauth/authorize", query)
            shown(answer)
            _leads_nowhere_else(answer)


@pytest.mark.parametrize("path", ["/en/", "/en/sign-in/", "/en/home/", "/en/consents/", "/en/console/sign-in/", "/", "/en/nowhere/"])
def test_no_parameter_leads_away(cast: Cast, path: str) -> None:
    """Pages, their language links, and where a stranger is sent to sign in. The e-ID's own address is the one exception."""
    for face in (browser(), cast.aino.browser()):
        answer: Any = face.get(f"{path}?{urlencode(AWAY)}")
        if answer.headers.get("Location", "").startswith(cast.urls["eid"]):
            assert "evil.example" not in answer["Location"]
            continue
        _leads_nowhere_else(answer)


def test_the_language_links_of_an_agencys_request_stay_here(cast: Cast, first: Relying) -> None:
    """The page has no language in its address: its links carry the request, and nothing that was put beside it."""
    answer = first.opened(cast.cecilia.browser(), first.pushed(), **AWAY)
    assert answer.status_code == 200 and b"evil.example" not in answer.content
    for url in answer.context["page"].language_urls.values():
        assert url.startswith("/oauth/authorize?")
    _leads_nowhere_else(answer)


@pytest.mark.parametrize("path", ["/en/sign-out/", "/en/console/sign-out/", "/en/mandates/stop/"])
def test_leaving_leads_home(cast: Cast, path: str) -> None:
    face = cast.operator_browser() if "console" in path else cast.aino.browser()
    answer: Any = face.post(f"{path}?{urlencode(AWAY)}", AWAY, HTTP_REFERER=EVIL)
    assert answer.status_code in (302, 303) and answer["Location"].startswith("/")
    _leads_nowhere_else(answer)
