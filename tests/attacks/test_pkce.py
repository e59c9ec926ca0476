"""PKCE downgrade (RFC 9700, 4.8; RFC 7636, 4.3, 4.6 and 7.2; FAPI 2.0, 5.3.2.2): no request without S256, none that becomes so on the way.

That neither `plain` nor nothing may be pushed: tests/consent/oauth/test_oauth_par.py.
"""

from __future__ import annotations

import pytest

from tests.support.cast import Cast
from tests.support.relying import Relying, issued, refused


@pytest.mark.parametrize("method", ["plain", "PLAIN", "s256", "S256 ", " S256", "S512", "S256,plain", "none", ""])
def test_no_other_method_is_taken(first: Relying, method: str) -> None:
    refused(first.par(code_challenge_method=method), "invalid_request")


@pytest.mark.parametrize("challenge", ["", "A" * 42, "A" * 44, "A" * 42 + "=", "A" * 42 + "+", "A" * 42 + "\n", "Ａ" * 43])
def test_what_is_no_digest_is_no_challenge(first: Relying, challenge: str) -> None:
    refused(first.par(code_challenge=challenge), "invalid_request")


def test_the_browser_cannot_take_the_challenge_away_or_change_it(cast: Cast, first: Relying) -> None:
    """4.8.1: the attacker strips or replaces parameters in the address; here none of them stands in it."""
    for tampered in ({"code_challenge": "A" * 43}, {"code_challenge_method": "plain"}, {"code_challenge": "", "code_challenge_method": ""}):
        code = first.answered(cast.cecilia, first.pushed(), **tampered)["code"]
        refused(first.redeem(code, code_verifier="A" * 43), "invalid_grant")
        refused(first.redeem(code, code_verifier=None), "invalid_grant")
        issued(first.redeem(code))


def test_the_token_request_cannot_either(cast: Cast, first: Relying) -> None:
    """7.2: whoever saw the challenge has not seen the verifier."""
    code, challenge = first.code(cast.cecilia), first.request()["code_challenge"]
    refused(first.redeem(code, code_verifier=challenge), "invalid_grant")
    refused(first.redeem(code, code_verifier=challenge, code_challenge=challenge, code_challenge_method="plain"), "invalid_grant")
    for wrong in (first.verifier[:-1], first.verifier + "a", first.verifier.swapcase(), first.verifier + "\n"):
        refused(first.redeem(code, code_verifier=wrong), "invalid_grant")
    for malformed in ("a" * 42, "a" * 129, "é" * 50):
        refused(first.redeem(code, code_verifier=malformed), "invalid_request")
    issued(first.redeem(code))
