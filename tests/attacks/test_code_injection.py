"""Code injection (RFC 9700, 4.5): a stolen code brought into another transaction, by another client, or as something that it is not.

Another client's code and a code bound to another key: tests/attacks/conformance/test_token_endpoint.py. A code used twice: test_forms.py.
"""

from __future__ import annotations

import secrets

import pytest

from consent.oauth.models import Client
from tests.support.cast import Cast
from tests.support.relying import Relying, issued, refused


@pytest.fixture
def code(cast: Cast, first: Relying) -> str:
    """The victim's, on its way through a browser that leaks."""
    return first.code(cast.cecilia)


def test_a_code_in_the_attackers_own_transaction_at_the_same_client(cast: Cast, first: Relying, code: str) -> None:
    """4.5.3.1: the attacker has begun with the same client, which now redeems the victim's code with the attacker's verifier."""
    mine, first.verifier = first.verifier, secrets.token_urlsafe(48)
    attackers = first.code(cast.aino)
    refused(first.redeem(code), "invalid_grant")
    refused(first.redeem(attackers, code_verifier=mine), "invalid_grant")
    assert "access_token" in issued(first.redeem(code, code_verifier=mine)), "and what was refused used nothing up"


def test_a_code_for_another_redirect_uri_of_the_same_client(cast: Cast, first: Relying, code: str) -> None:
    """RFC 6749, 4.1.3: exactly the one it was sent to, though the other is registered too."""
    other = "https://office.example/another"
    row = Client.objects.get(client_id=first.client_id)
    Client.objects.filter(pk=row.pk).update(redirect_uris=[*row.redirect_uris, other])
    try:
        for wrong in (other, None, "", f"{first.redirect_uri}?", first.redirect_uri.upper()):
            refused(first.redeem(code, redirect_uri=wrong), "invalid_grant")
        issued(first.redeem(code))
    finally:
        Client.objects.filter(pk=row.pk).update(redirect_uris=row.redirect_uris)


def test_a_code_is_no_token_and_a_token_is_no_code(cast: Cast, first: Relying, code: str) -> None:
    refused(first.refresh(code), "invalid_grant")
    assert first.reads(code).status_code == 401
    held = issued(first.redeem(code))
    for other in (held["access_token"], held["refresh_token"]):
        refused(first.redeem(other), "invalid_grant")
    refused(first.refresh(held["access_token"]), "invalid_grant")
    assert first.reads(held["refresh_token"]).status_code == 401
    assert first.reads(held["access_token"]).status_code == 200
