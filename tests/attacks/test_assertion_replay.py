"""Client assertions replayed (RFC 7523, 3, point 7; FAPI 2.0, 5.3.2.1; RFC 9700, 2.5): one use, at whichever endpoint comes first.

What an assertion may say (`aud` as an array, `alg`, `kid`, times) is in tests/consent/oauth/test_oauth_assertions.py and tests/attacks/conformance.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from tests.support.cast import Cast, browser
from tests.support.relying import Relying, refused

ENDPOINTS = ["/oauth/par", "/oauth/token", "/oauth/introspect", "/oauth/revoke"]


def _sent(client: Relying, path: str, assertion: str) -> Any:
    """An honest call of this endpoint, but for the assertion."""
    form: dict[str, str | None] = {"token": "t"}
    if path == "/oauth/par":
        form = dict(client.request())
    if path == "/oauth/token":
        form = {"grant_type": "client_credentials", "scope": "events"}
    proof = client.proved(path) if path == "/oauth/token" else None
    return client.send(path, form, assertion=assertion, proof=proof)


@pytest.mark.parametrize("path", ENDPOINTS)
def test_an_assertion_seen_at_one_endpoint_opens_none(cast: Cast, first: Relying, path: str) -> None:
    assertion = first.signed_by()
    assert _sent(first, path, assertion).status_code in (200, 201)
    for again in ENDPOINTS:
        refused(_sent(first, again, assertion), "invalid_client")


def test_another_text_of_the_same_jti_is_the_same(cast: Cast, first: Relying) -> None:
    """By client and jti, not by the text: an ECDSA signature can be made again, with other times."""
    jti = "the same"
    assert _sent(first, "/oauth/introspect", first.signed_by(jti=jti)).status_code == 200
    refused(_sent(first, "/oauth/introspect", first.signed_by(jti=jti, exp=None, nbf=None)), "invalid_client")
    refused(_sent(first, "/oauth/introspect", first.signed_by(jti=jti)), "invalid_client")


def test_a_jti_is_its_clients_own(cast: Cast, first: Relying, second: Relying) -> None:
    """Nobody can use up what another is about to send."""
    jti = "everybody's"
    for client in (first, second):
        assert _sent(client, "/oauth/introspect", client.signed_by(jti=jti)).status_code == 200


def test_of_parallel_uses_at_different_endpoints_one_passes(cast: Cast, first: Relying) -> None:
    assertion, start = first.signed_by(), Barrier(4)

    def use(path: str) -> int:
        mine = Relying(first.client_id, first.key, first.redirect_uri, first.purpose, first.categories, http=browser())
        start.wait()
        try:
            return int(_sent(mine, path, assertion).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(use, ENDPOINTS))
    assert statuses[0] in (200, 201) and statuses[1:] == [401, 401, 401]
