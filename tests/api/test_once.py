"""What a consent for one use pays for over HTTP: a GET that delivers, and nothing else."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.support.cast import FORM, Cast

HELD = "population.household"


@pytest.fixture
def token(cast: Cast) -> str:
    """The office's, of Cecilia, for one use."""
    face, office = cast.cecilia.browser(), cast.office
    page = face.get("/oauth/authorize", {"client_id": office.client_id, "request_uri": office.push(once=True)}).context["page"]
    form = urlencode({**dict(page.hidden), "decision": "allow", "categories": office.categories}, doseq=True)
    code = parse_qs(urlsplit(face.post("/oauth/authorize", form, content_type=FORM)["Location"]).query)["code"][0]
    answer: Any = office.post(
        "/oauth/token", grant_type="authorization_code", code=code, redirect_uri=office.redirect_uri, code_verifier=office.verifier
    )
    return str(answer.json()["access_token"])


def test_there_is_no_head_and_it_is_no_access(cast: Cast, token: str) -> None:
    entries = len(cast.cecilia.entries())
    refused = cast.office.read(token, HELD, method="HEAD")
    assert (refused.status_code, refused["Allow"]) == (405, "GET")
    assert len(cast.cecilia.entries()) == entries
    assert cast.office.read(token, HELD).status_code == 200
    used_up: Any = cast.office.read(token, HELD)
    assert (used_up.status_code, used_up.json()["code"]) == (403, "used_up")


def test_an_empty_answer_spends_nothing(cast: Cast, token: str) -> None:
    """Cecilia has not connected the tax administration yet."""
    for _ in range(2):
        answer: Any = cast.office.read(token, "tax.income")
        assert answer.status_code == 200 and answer.json()["facts"] == []
