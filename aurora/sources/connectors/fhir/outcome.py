"""What an OperationOutcome (R4) means for a pull, by the codes that every connector uses. Its texts may hold anything, and are not looked at."""

from __future__ import annotations

from typing import Any, TypeGuard

from aurora.outbound.oauth import PeerFailed

# IssueType, http://hl7.org/fhir/R4/valueset-issue-type.html. What is not here is an answer that we cannot use, now or later.
_LATER = {
    "throttled": "too_many_requests",
    "timeout": "timeout",
    **dict.fromkeys(("transient", "exception", "lock-error", "no-store", "incomplete"), "source_down"),
}
_NEVER = {"login": "revoked", "expired": "revoked", "too-costly": "too_large", "too-long": "too_large"}
_GRAVE = frozenset({"error", "fatal"})


def is_outcome(found: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(found, dict) and found.get("resourceType") == "OperationOutcome"


def failure(found: dict[str, Any]) -> PeerFailed | None:
    """The worst of what it says; None where it only warns or informs."""
    issues = found.get("issue")
    codes = [
        str(issue.get("code"))
        for issue in (issues if isinstance(issues, list) else [])
        if isinstance(issue, dict) and issue.get("severity") in _GRAVE
    ]
    if not codes:
        return None
    if code := next((_NEVER[c] for c in codes if c in _NEVER), None):
        return PeerFailed(code, retryable=False)
    if code := next((_LATER[c] for c in codes if c in _LATER), None):
        return PeerFailed(code)
    return PeerFailed("invalid_answer", retryable=False)
