"""The accessibility statement with its form."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from aurora.journeys import hear_feedback
from aurora.ui import accessibility_words as words
from aurora.ui.contexts import Banner, FieldError, NoticeKind
from aurora.ui.contexts.accessibility import AccessibilityPage

FIELDS = ("page", "text", "address")


def statement(*, sent: str = "", typed: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None) -> AccessibilityPage:
    """The page. `sent`: the reference of what has just come; `typed` and `errors`: the form as it comes back."""
    return AccessibilityPage(
        feedback=settings.AURORA_MAIL_FROM,
        longest_page=hear_feedback.LONGEST_PAGE,
        longest=hear_feedback.LONGEST,
        sent=sent,
        banner=Banner(NoticeKind.SUCCESS, words.arrived(sent)) if sent else None,
        errors=tuple(FieldError(name, words.error(name, (errors or {})[name])) for name in FIELDS if name in (errors or {})),
        **(typed or {}),
    )
