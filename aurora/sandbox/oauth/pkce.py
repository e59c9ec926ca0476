"""Proof Key for Code Exchange (RFC 7636), S256 only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from aurora.sandbox.errors import OAuthError

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def challenge_of(verifier: str) -> str:
    """RFC 7636 section 4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


def require_challenge(challenge: str, method: str) -> None:
    """Section 4.4.1: a request without an S256 challenge is refused."""
    if not challenge:
        raise OAuthError("invalid_request", "A code_challenge is required.")
    if method != "S256":
        raise OAuthError("invalid_request", "The code_challenge_method must be S256.")
    if not _CHALLENGE.fullmatch(challenge):
        raise OAuthError("invalid_request", "The code_challenge is not a SHA-256 value in base64url.")


def require_verifier(verifier: str, challenge: str) -> None:
    """Section 4.6: invalid_grant if the verifier does not belong to the challenge."""
    if not verifier:
        raise OAuthError("invalid_request", "A code_verifier is required.")
    if not _VERIFIER.fullmatch(verifier) or not hmac.compare_digest(challenge_of(verifier), challenge):
        raise OAuthError("invalid_grant", "The code_verifier does not belong to this code.")
