"""Stolen tokens (RFC 9700, 4.9, 4.10 and 4.14; FAPI 2.0, 5.3.2.1, 5.3.4): worth nothing without the key, at every address that takes one.

More about proofs: tests/attacks/test_dpop.py. A token in the query: test_query_secrets.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from joserfc.jwk import ECKey

from tests.support.cast import FORM, Cast, browser
from tests.support.relying import PATH, Relying, issued, refused


def _own(client: Relying) -> str:
    form: dict[str, str | None] = {"grant_type": "client_credentials", "scope": "evaluators events grant_management_query"}
    return str(issued(client.send("/oauth/token", form, proof=client.proved("/oauth/token")))["access_token"])


@pytest.mark.parametrize("where", ["twin", "events", "evaluators", "grants"])
def test_a_token_without_its_key_is_worth_nothing_anywhere(cast: Cast, first: Relying, where: str) -> None:
    held = first.tokens(cast.cecilia)
    token = held["access_token"] if where == "twin" else _own(first)
    own = {name: f"/api/v1/{name}" for name in ("events", "evaluators")}
    path = {"twin": PATH, **own, "grants": f"/oauth/grants/{held['grant_id']}"}[where]
    thief = ECKey.generate_key("P-256")
    seen = first.proved(path, "GET", token=token)
    assert first.reads(token, path=path, proof=seen).status_code == 200
    attempts = [
        first.reads(token, path=path, proof=first.proved(path, "GET", token=token, key=thief)),
        first.reads(token, path=path, proof=seen),
        first.reads(token, path=path, proof=""),
        first.reads(token, path=path, scheme="Bearer"),
        first.reads(token, path=path, scheme="Bearer", proof=""),
        browser().get(path, HTTP_COOKIE=f"access_token={token}", HTTP_DPOP=first.proved(path, "GET", token=token)),
        browser().get(path, HTTP_X_ACCESS_TOKEN=token, HTTP_DPOP=first.proved(path, "GET", token=token)),
    ]
    for answer in attempts:
        assert answer.status_code == 401 and answer["WWW-Authenticate"].startswith("DPoP "), answer.content
        assert token not in answer.content.decode()
    assert first.reads(token, path=path).status_code == 200


def test_a_stolen_refresh_token_needs_the_clients_key(cast: Cast, first: Relying, second: Relying) -> None:
    """RFC 9700, 4.14.2: bound to the client's authentication. What the thief tries does not take it from its owner."""
    held = first.tokens(cast.cecilia)
    refused(second.refresh(held["refresh_token"]), "invalid_grant")
    refused(second.refresh(held["refresh_token"], client_id=first.client_id), "invalid_client")
    anonymous: Any = browser().post("/oauth/token", f"grant_type=refresh_token&refresh_token={held['refresh_token']}", content_type=FORM)
    refused(anonymous, "invalid_client")
    issued(first.refresh(held["refresh_token"]))


def test_a_rival_neither_learns_of_a_token_nor_ends_it(cast: Cast, first: Relying, second: Relying) -> None:
    """RFC 7662, 4; RFC 7009, 2.1."""
    held = first.tokens(cast.cecilia)
    for token in (held["access_token"], held["refresh_token"], _own(first)):
        told = second.send("/oauth/introspect", {"token": token})
        assert told.status_code == 200 and told.json() == {"active": False}
        assert second.send("/oauth/revoke", {"token": token}).status_code in (200, 400)
        assert first.send("/oauth/introspect", {"token": token}).json()["active"] is True
