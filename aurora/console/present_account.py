"""An operator's own account, for its page."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from aurora.audit.queries import Since
from aurora.console import present_trail
from aurora.identity.models import Operator
from aurora.identity.own_sessions import Open
from aurora.portal.present.sessions import MOST, listed
from aurora.ui import operator_words as words
from aurora.ui.contexts import Banner, NoticeKind
from aurora.ui.contexts.operators import AccountPage, Change
from aurora.ui.contexts.shared import FieldError


def account(
    one: Operator, *, sessions: Sequence[Open], here: str, since: Since, fresh: bool, done: str = "", errors: Sequence[FieldError] = ()
) -> AccountPage:
    """`here`: the name of the session that asks. `done`: the code of what was just done, "" for nothing. Queries: what they did last."""
    rows = listed(sessions, here=here, with_use=True)
    return AccountPage(
        name=one.name,
        username=one.username,
        roles=words.roles(one.roles),
        fresh=fresh,
        rows=tuple(rows[:MOST]),
        more=max(0, len(rows) - MOST),
        trail=present_trail.lately(one),
        trail_url=reverse("console:own_trail"),
        last_at=since.at,
        failed=since.failed,
        changes=tuple(Change(str(words.CHANGES[what]), at) for what, at in since.changed),
        banner=Banner(NoticeKind.SUCCESS, str(words.ACCOUNT_DONE[done])) if done else None,
        errors=tuple(errors),
    )
