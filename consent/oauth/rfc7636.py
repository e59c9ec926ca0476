"""RFC 7636: proof key for code exchange. S256 always, for confidential clients too (FAPI 2.0, 5.3.2.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError
from authlib.oauth2.rfc7636 import CodeChallenge, create_s256_code_challenge

from .models import AuthorizationCode

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


def _same(verifier: str, challenge: str) -> bool:
    return compare_digest(create_s256_code_challenge(verifier), challenge)


class S256Only(CodeChallenge):  # type: ignore[misc]
    """Authlib lets confidential clients leave PKCE out and `plain` pass. Every code here has an S256 challenge."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)
    CODE_CHALLENGE_METHODS = {"S256": staticmethod(_same)}

    def validate_code_verifier(self, grant: Any, result: Any) -> None:
        """4.6: to bring no verifier is not to have the right one. Authlib says `invalid_request`, the conformance suite wants `invalid_grant`."""
        if "code_verifier" not in grant.request.form:
            raise InvalidGrantError("code_verifier is missing.")
        super().validate_code_verifier(grant, result)

    def get_authorization_code_challenge_method(self, authorization_code: AuthorizationCode) -> str:
        return "S256"


def challenge_of(parameters: Mapping[str, str]) -> str:
    """The challenge of a pushed request. Raises `InvalidRequestError`; an absent method would mean `plain`, and is refused (4.3)."""
    if parameters.get("code_challenge_method") != "S256":
        raise InvalidRequestError("code_challenge_method must be S256.")
    challenge = parameters.get("code_challenge", "")
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequestError("code_challenge must be 43 characters of base64url.")
    return challenge
