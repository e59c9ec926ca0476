"""The browsers in which a citizen is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django.urls import reverse

from aurora.identity.own_sessions import Open
from aurora.ui import session_words, words
from aurora.ui.contexts import Banner, NoticeKind
from aurora.ui.contexts.sessions import SessionRow, SessionsPage

MOST = 20  # so many are listed, the newest: "everywhere else" ends the others too


def page(found: Sequence[Open], *, here: str, fresh: bool, pauses: bool, done: str = "") -> SessionsPage:
    """`here`: the name of the session that asks; it comes first. `done`: the code of what was just done, "" for nothing."""
    rows = listed(found, here=here)
    again = urlencode({"next": reverse("portal:sessions"), "anew": ""})
    return SessionsPage(
        rows=tuple(rows[:MOST]),
        more=max(0, len(rows) - MOST),
        fresh=fresh,
        pauses_for_a_day=pauses,
        sign_in_url=f"{reverse('portal:sign_in')}?{again}",
        banner=Banner(NoticeKind.SUCCESS, str(words.banner(done))) if done else None,
    )


def listed(found: Sequence[Open], *, here: str, with_use: bool = False) -> list[SessionRow]:
    """In the words of the page, the one that asks first."""
    rows = [
        SessionRow(session_words.browser(one.browser, one.system), one.name, one.name == here, one.began, one.used if with_use else None)
        for one in found
    ]
    return sorted(rows, key=lambda row: not row.here)
