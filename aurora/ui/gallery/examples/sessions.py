"""Where somebody is signed in: alone, in several browsers a while ago, and just signed in, with one ended."""

from datetime import timedelta

from aurora.ui import session_words, words
from aurora.ui.contexts import Banner, NoticeKind
from aurora.ui.contexts.sessions import SessionRow, SessionsPage
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example


def pages() -> list[Example]:
    here = SessionRow(session_words.browser("firefox", "windows"), "a", True, p.NOW - timedelta(hours=2))
    phone = SessionRow(session_words.browser("samsung", "android"), "b", began=p.NOW - timedelta(hours=7))
    unknown = SessionRow(session_words.browser("", ""), "c", began=p.NOW - timedelta(hours=9))
    sign_in = "/sign-in/?anew"
    ended = Banner(NoticeKind.SUCCESS, str(words.banner("sessions_ended")))
    return [
        Example("sessions-one", "portal/sessions.html", "sessions/", SessionsPage((here,), False, False, sign_in)),
        Example("sessions-several", "portal/sessions.html", "sessions/", SessionsPage((here, phone, unknown), False, False, sign_in)),
        Example("sessions-fresh", "portal/sessions.html", "sessions/", SessionsPage((here, phone), True, True, sign_in, ended)),
    ]
