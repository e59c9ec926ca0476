"""Cross-site requests (RFC 9700, 4.7): nobody decides in a citizen's name by a link, a form elsewhere, or another person's token.

That every form wants its token is in tests/attacks/test_every_route.py, login CSRF and `state` in tests/attacks/test_callbacks.py, that a
request belongs to the browser that opened it in tests/attacks/test_new_browsers.py and test_other_peoples.py.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client

from tests.support.cast import FORM, ISSUER, Cast, Person
from tests.support.relying import Relying


def _opened(person: Person, client: Relying) -> tuple[Client, dict[str, Any], str]:
    """The page in a browser that wants its tokens, the form that allows everything, and the token."""
    face = person.browser(enforce_csrf_checks=True)
    page = client.opened(face, client.pushed())
    assert page.status_code == 200
    form = {**dict(page.context["page"].hidden), "decision": "allow", "categories": client.categories}
    return face, form, page.context["csrf_token"]


def _posted(face: Client, form: dict[str, Any], token: str, **headers: str) -> Any:
    body = urlencode({**form, "csrfmiddlewaretoken": str(token)}, doseq=True)
    return face.post("/oauth/authorize", body, content_type=FORM, **headers)  # type: ignore[arg-type]


def test_a_link_does_not_decide(cast: Cast, first: Relying) -> None:
    """A GET with all that the form has is the page again."""
    face, form, token = _opened(cast.cecilia, first)
    known = len(cast.cecilia.consents())
    for method in (face.get, face.head):
        answer: Any = method("/oauth/authorize", {**form, "csrfmiddlewaretoken": str(token)})
        assert answer.status_code == 200 and "Location" not in answer.headers
    assert len(cast.cecilia.consents()) == known
    assert _posted(face, form, token, HTTP_ORIGIN=ISSUER).status_code == 303


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{ISSUER}.evil.example", "http://localhost:8001"])
def test_a_form_elsewhere_does_not_decide(cast: Cast, first: Relying, origin: str) -> None:
    """Not even with a good token: the browser says where the form stood."""
    face, form, token = _opened(cast.cecilia, first)
    known = len(cast.cecilia.consents())
    assert _posted(face, form, token, HTTP_ORIGIN=origin).status_code == 403
    assert len(cast.cecilia.consents()) == known


def test_another_persons_token_is_none(cast: Cast, first: Relying) -> None:
    """The attacker's token with the victim's cookie, and the other way about."""
    face, form, token = _opened(cast.cecilia, first)
    _, _, attackers = _opened(cast.aino, first)
    assert _posted(face, form, attackers).status_code == 403
    bare = cast.cecilia.browser(enforce_csrf_checks=True)
    assert settings.CSRF_COOKIE_NAME not in bare.cookies
    assert _posted(bare, form, token).status_code == 403
    assert _posted(face, form, token).status_code == 303
