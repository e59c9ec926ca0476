"""What operators do about their own account: another password, and ending their sessions elsewhere. Nobody else agrees; the trail tells of it.

Whoever calls these has made sure that it is the operator who sits there: by the password that they have now, by a code of the last minutes.
"""

from __future__ import annotations

from django.db import transaction

from aurora.audit import trail
from aurora.identity import own_sessions
from aurora.identity.models import Operator
from aurora.journeys.join import PasswordRefused, digest_of
from consent.errors import Conflict

__all__ = ["PasswordRefused", "change_password", "end_sessions"]


def change_password(*, operator: Operator, password: str) -> Operator:
    """The operator with another password; no session goes on that was signed in to with the old one. `operator`: as `authenticate` gave them, with the
    password that was found right. Raises `PasswordRefused`, and `Conflict` if it is no longer theirs: two administrators have begun it anew, say.
    """
    digest = digest_of(operator=operator, password=password)  # slow, so not while anything is locked
    with transaction.atomic():
        if Operator.objects.filter(pk=operator.pk, is_active=True, password=operator.password).update(password=digest) != 1:
            raise Conflict()
        trail.did(operator_id=operator.pk, deed="password:changed")
    operator.refresh_from_db()
    return operator


def end_sessions(*, operator: Operator, here: str, names: frozenset[str] | None = None) -> int:
    """End the operator's other sessions, or those of them that bear these names; how many there were. `here`: the key of the session that stays."""
    with transaction.atomic():
        others = own_sessions.names_but(operator.pk, key=here)
        wanted = others if names is None else others & names
        ended = own_sessions.end(operator.pk, names=wanted)
        if ended:
            trail.did(operator_id=operator.pk, deed="session:others_ended" if names is None else "session:one_ended")
    own_sessions.forget(wanted)
    return ended
