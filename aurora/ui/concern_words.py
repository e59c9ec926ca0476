"""What pages say of concerns, and of uses that a law had kept back. As `aurora.ui.words`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Sentence = str | Promise

_KINDS: Final[Mapping[str, Sentence]] = {
    "unknown": _("I do not know this organisation"),
    "unexpected": _("I did not expect this"),
    "wrong": _("The data is wrong"),
    "other": _("Something else"),
}
# As operators read it, of somebody else.
_KINDS_OF_OTHERS: Final[Mapping[str, Sentence]] = {
    "unknown": _("Does not know the organisation"),
    "unexpected": _("Did not expect this"),
    "wrong": _("Finds the data wrong"),
    "other": _("Something else"),
}
_STATES: Final[Mapping[str, Sentence]] = {
    "open": _("Waiting for an answer"),
    "overdue": _("Not answered in time"),
    "answered": _("Answered"),
    "closed": _("Closed"),
}
_OUTCOMES: Final[Mapping[str, Sentence]] = {
    "accepted": _("You accepted the answer."),
    "not_satisfied": _("You closed the case because you were not satisfied."),
    "withdrawn": _("You took the concern back."),
}
_SAID: Final[Mapping[str, Sentence]] = {
    "raised": _("Your concern"),
    "reply": _("Your reply"),
    "lawful": _("The answer: it was lawful"),
    "mistake": _("The answer: it was a mistake"),
    "later": _("The answer comes later"),
}
# Of a case that a guardian reported for a child; read by both.
_OUTCOMES_FOR: Final[Mapping[str, Sentence]] = {
    "accepted": _("The answer was accepted."),
    "not_satisfied": _("The case was closed because the answer, or that there was none, was not enough."),
    "withdrawn": _("The concern was taken back."),
}
_SAID_FOR: Final[Mapping[str, Sentence]] = {"raised": _("The concern"), "reply": _("The reply")}
_SAID_TO_US: Final[Mapping[str, Sentence]] = {
    "raised": _("The citizen's concern"),
    "reply": _("The citizen's reply"),
    "lawful": _("The answer: it was lawful"),
    "mistake": _("The answer: it was a mistake"),
    "later": _("The answer comes later"),
}
_SAID_TO_US_FOR: Final[Mapping[str, Sentence]] = {
    "raised": _("The concern of a child's guardian"),
    "reply": _("The reply of a child's guardian"),
}
_ANSWERS: Final[Mapping[str, Sentence]] = {
    "lawful": _("It was lawful"),
    "mistake": _("It was a mistake"),
    "later": _("We cannot say yet"),
}
_ERRORS: Final[Mapping[str, Sentence]] = {
    "kind_required": _("Choose one of these."),
    "text_required": _("Write something."),
    "text_too_long": _("The text is too long."),
    "text_unreadable": _("The text holds characters that cannot be shown. Write it anew."),
    "until_required": _("Give a day."),
    "until_too_early": _("The new day must be later than the one that was set."),
    "until_too_late": _("The new day may be at most 60 days after the one that was set."),
    "outcome_required": _("Choose one of these."),
    "concern_moved": _("Something has been said in this case since you opened the page. Read it first."),
    "concern_put_off_already": _("A later day has been named once already. Answer now."),
    "too_many_concerns": _("You have many cases open. Close one of them, or wait for an answer, before you report another concern."),
    "conflict": _("There is an open case about this entry already."),
    "agency_unknown": _("Choose an agency."),
    "delay_law_unknown": _("Choose a law."),
    "reason": _("Say why, in at most 300 characters."),
    "delay_permission_open": _("This agency has such a permission, or it has been asked for."),
    "same_person": _("Somebody else must decide on what you asked for."),
}
_PERMISSIONS: Final[Mapping[str, Sentence]] = {
    "asked": _("Waits for a second agency officer."),
    "standing": _("In force"),
    "declined": _("Declined"),
    "ended": _("Ended"),
}


def kind(code: str, *, of_others: bool = False) -> str:
    return str((_KINDS_OF_OTHERS if of_others else _KINDS)[code])


def state(code: str) -> str:
    """`open`, `overdue`, `answered` or `closed`."""
    return str(_STATES[code])


def outcome(code: str, *, for_child: bool = False) -> str:
    return str((_OUTCOMES_FOR if for_child else _OUTCOMES).get(code, ""))


def said(code: str, *, to_us: bool = False, for_child: bool = False) -> str:
    """`for_child`: said by a guardian, or read by one who acts."""
    said_for = (_SAID_TO_US_FOR if to_us else _SAID_FOR).get(code) if for_child else None
    return str(said_for or (_SAID_TO_US if to_us else _SAID)[code])


def answer(code: str) -> str:
    return str(_ANSWERS[code])


def error(code: str) -> str:
    return str(_ERRORS.get(code, _("Something went wrong.")))


def permission(code: str) -> str:
    return str(_PERMISSIONS[code])
