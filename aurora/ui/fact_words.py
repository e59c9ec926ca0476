"""What pages say of statements that disagree, and of requests to correct one. As `aurora.ui.words`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

Sentence = str | Promise

_BECAUSE: Final[Mapping[str, Sentence]] = {
    "only": _("Nobody else says anything of this."),
    "agreed": _("All say the same."),
    "order": _("Aurora uses the first one: its source comes before the others."),
    "newest": _("Aurora uses the first one: it is the newest."),
    "chosen": _("Aurora uses the first one: you said that it is right."),
}
_STATES: Final[Mapping[str, Sentence]] = {
    "open": _("Waiting for an answer"),
    "overdue": _("Not answered in time"),
    "corrected": _("Corrected"),
    "refused": _("Not corrected"),
    "closed": _("Taken back"),
}
TONES: Final[Mapping[str, str]] = {"open": "busy", "overdue": "bad", "corrected": "good", "refused": "attention", "closed": "mark"}
_ERRORS: Final[Mapping[str, Sentence]] = {
    "right_required": _("Say what is right"),
    "right_wrong": _("What you say is right must be a value that this fact can have"),
    "right_same": _("What you say is right is what the source says already"),
    "text_required": _("Say why"),
    "text_too_long": _("The text is too long"),
    "text_unreadable": _("The text has characters that cannot be read"),
    "conflict": _("You have asked to have this corrected already."),
    "too_many_corrections": _(
        "You have many requests open. Take one of them back, or wait for an answer, before you ask for another correction."
    ),
    "correction_moved": _("This request has been answered or taken back since. Look at where it stands now."),
    "changed": _("What is said has changed since you opened the page. Look at it again."),
    "day_wrong": _("Give a day that there is, such as 1.5.2026, and not one to come"),
}
_DONE: Final[Mapping[str, Sentence]] = {
    "chosen": _("Your choice is noted. Suggestions are made anew from it."),
    "released": _("The rule decides again. Suggestions are made anew from it."),
}


def because(reason: str) -> str:
    """Why a statement decides."""
    return str(_BECAUSE[reason])


def state(code: str) -> str:
    return str(_STATES[code])


def error(code: str) -> str:
    return str(_ERRORS.get(code, code))


def done(code: str) -> str:
    """A banner; "" for a code that there is not."""
    return str(_DONE.get(code, ""))


def yes_or_no(value: bool) -> str:
    return gettext("Yes") if value else gettext("No")
