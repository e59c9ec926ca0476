"""What pages say of feedback on accessibility. As `aurora.ui.words`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aurora.ui import words
from aurora.ui.words import Sentence

_STATES: Final[Mapping[str, Sentence]] = {
    "open": _("To be answered"),
    "overdue": _("Overdue"),
    "answered": _("Answered"),
    "closed": _("Closed"),
}
_DEEDS: Final[Mapping[str, Sentence]] = {"answer": _("Marked as answered"), "closing": _("Closed")}
_TOO_LONG: Final[Sentence] = _("The text is too long.")
_UNREADABLE: Final[Sentence] = _("The text holds characters that cannot be shown. Write it anew.")
_ERRORS: Final[Mapping[tuple[str, str], Sentence]] = {
    ("page", "text_required"): _("Say which page it was, or what you were doing."),
    ("text", "text_required"): _("Say what happened."),
    ("text", "too_much_feedback"): _("Nothing was sent, since much feedback came in a short time. What you wrote is still here: send it again later."),
    ("note", "text_required"): _("Say what was answered or done."),
    ("note", "conflict"): _("Somebody else has answered or closed this since you opened the page."),
}  # fmt: skip
_OF_TEXTS: Final[Mapping[str, Sentence]] = {"text_too_long": _TOO_LONG, "text_unreadable": _UNREADABLE}


def state(code: str) -> str:
    """`open`, `overdue`, `answered` or `closed`."""
    return str(_STATES[code])


def deed(code: str) -> str:
    """`answer` or `closing`."""
    return str(_DEEDS[code])


def error(field: str, code: str) -> str:
    """The message beside a field of either form."""
    return str(_ERRORS.get((field, code)) or _OF_TEXTS.get(code) or words.form_error(code))


def arrived(reference: str) -> str:
    """What a page says above all else when feedback has come."""
    return gettext("Thank you. Your feedback has arrived. Its number is %(reference)s.") % {"reference": reference}
