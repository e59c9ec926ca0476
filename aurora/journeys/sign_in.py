"""A citizen signs in by the national e-ID (OpenID Connect). No password of theirs ever comes here."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from aurora.identity import citizens, eid
from aurora.identity.models import Citizen
from aurora.outbound.oauth import PeerFailed
from consent import mandates
from consent.errors import AuroraError
from consent.scope import citizen_scope


class SignInFailed(AuroraError):
    """Nobody was signed in. `code` is what `aurora.ui.words.sign_in_error` explains."""

    code = "failed"
    sentence = "Signing in did not succeed. Nothing was changed. Try again."
    status = 400
    retryable = True


class SignInRefused(SignInFailed):
    """The e-ID named somebody of whom a register tells that they are dead."""

    code = "not_possible"
    sentence = "Aurora cannot be used with this identity."
    status = 403
    retryable = False


@dataclass(frozen=True)
class Errand:
    """What the browser's session remembers while the citizen is at the e-ID; used once."""

    state: str
    verifier: str
    nonce: str
    next: str
    anew: bool = False

    def __repr__(self) -> str:
        return "Errand(...)"


def start(*, language: str, next_path: str, anew: bool = False) -> tuple[str, dict[str, str]]:
    """The e-ID's address, and what the session must remember. `anew`: they are to prove again who they are. Raises `SignInFailed`."""
    try:
        departure = eid.depart(language=language, anew=anew)
    except PeerFailed as error:
        raise SignInFailed(code="eid_unavailable") from error
    return departure.url, asdict(Errand(departure.state, departure.verifier, departure.nonce, next_path, anew))


def finish(*, remembered: Any, answer: dict[str, str], language: str, now: datetime) -> tuple[Citizen, str]:
    """Who came back, and where they were going. Raises `SignInFailed`; a repeated or foreign answer has no errand."""
    if not isinstance(remembered, dict):
        raise SignInFailed(code="invalid_state")
    errand = Errand(**remembered)
    try:
        identified = eid.identify(answer=answer, state=errand.state, verifier=errand.verifier, nonce=errand.nonce, anew=errand.anew)
    except PeerFailed as error:
        raise SignInFailed(code=_how_it_ended(error)) from error
    citizen = citizens.find_or_create(identified=identified, language=language, now=now)
    with citizen_scope(citizen.pk):
        if mandates.estates_of(citizen.pk).exists():
            # Whoever holds a dead person's means of identification is not them.
            raise SignInRefused()
    return citizen, errand.next


def _how_it_ended(error: PeerFailed) -> str:
    if error.oauth_error:
        return {"access_denied": "access_denied", "state": "invalid_state"}.get(error.oauth_error, "invalid_answer")
    return "eid_unavailable" if error.retryable else "invalid_answer"
