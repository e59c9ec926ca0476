"""Break-glass in plain words: to the citizen (entries, letters), to whoever acts for them, and to operators. As `aurora.ui.words`."""

from collections.abc import Mapping, Sequence
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

Sentence = str | Promise

_REASONS: Final[Mapping[str, Sentence]] = {
    "vital_interest": _("Somebody's life or health is in danger"),
    "citizen_asked": _("The person asked for help with their data, and was identified"),
    "security_incident": _("A security incident is being looked into"),
    "data_fault": _("A fault in the data is being looked into"),
    "legal_duty": _("A law or an authority's order requires it"),
}
_ROLES: Final[Mapping[str, Sentence]] = {
    "privacy_officer": _("a privacy officer of Aurora"),
    "auditor": _("an auditor of Aurora"),
}
# To the citizen, and to whoever acts for them: no "you".
_REFUSALS: Final[Mapping[str, Sentence]] = {
    "not_approved": _("Nobody had agreed to it."),
    "another_operator": _("It was tried by somebody else than the operator who may look."),
    "approval_over": _("The time for looking was over."),
    "beyond_approval": _("It was tried to see other data than what had been agreed to."),
    "read_twice": _("The same look was tried a second time."),
}
_SAID: Final[Mapping[str, Sentence]] = {
    "requested": _("Nothing has been shown by this. Another privacy officer decides within a day, or the request lapses."),
    "approved": _("Another privacy officer agreed. Each look is an entry of its own here, written before anything is shown."),
    "declined": _("Another privacy officer declined the request. Nothing was shown."),
    "taken_back": _("Whoever had made the request took it back. Nothing was shown."),
    "read": _("There was no consent for this. It was allowed because another privacy officer had agreed to it for this case."),
    "justified": _("A reviewer, who had no part in it, judged that it was justified."),
    "not_justified": _("A reviewer, who had no part in it, judged that it was not justified."),
}

# Name nobody, and say not whose data: a mail's subject may be read by others.
TITLES: Final[Mapping[str, Sentence]] = {
    "approved": _("Somebody who runs Aurora may look at data without a consent"),
    "not_justified": _("A look at data without a consent was found not justified"),
}
_LETTERS: Final[Mapping[str, tuple[Sentence, ...]]] = {
    "approved": (
        _("A privacy officer of Aurora may look at this data of yours without your consent: %(data)s."),
        _("Why: %(reason)s. What they wrote: %(text)s Case number: %(case)s."),
        _("Another privacy officer has agreed. It ends at the latest on %(until)s."),
        _("Each look is recorded in your activity before anything is shown, and somebody who has no part in it reviews it afterwards."),
        _("If you think that this is wrong, open the entry in your activity and report a concern there."),
    ),
    "not_justified": (
        _("Data of yours was open to a privacy officer of Aurora without your consent: %(data)s. Case number: %(case)s."),
        _("A reviewer, who had no part in it, judged that it was not justified. What the reviewer wrote: %(text)s"),
        _("Those who run Aurora see this judgement, and it can no longer be changed."),
        _("If you want it to be looked into further, open the entry in your activity and report a concern there."),
    ),
}
# The same to the guardian of a child.
_WARDS: Final[Mapping[str, tuple[Sentence, ...]]] = {
    "approved": (
        _("A privacy officer of Aurora may look at this data of %(ward)s without a consent: %(data)s."),
        _("Why: %(reason)s. What they wrote: %(text)s Case number: %(case)s."),
        _("Another privacy officer has agreed. It ends at the latest on %(until)s."),
        _(
            "You see each look in the activity of %(ward)s when you act for them. If you think that it is wrong, name the case number to Aurora."
        ),
    ),
    "not_justified": (
        _("Data of %(ward)s was open to a privacy officer of Aurora without a consent: %(data)s. Case number: %(case)s."),
        _("A reviewer, who had no part in it, judged that it was not justified. What the reviewer wrote: %(text)s"),
        _(
            "You see this in the activity of %(ward)s when you act for them. If you want it to be looked into further, name the case number to Aurora."
        ),
    ),
}

_STANDINGS: Final[Mapping[str, Sentence]] = {
    "waits": _("Waits for another privacy officer"),
    "lapsed": _("Lapsed: nobody decided within a day"),
    "open": _("Open"),
    "over": _("Over"),
    "declined": _("Declined"),
    "taken_back": _("Taken back"),
    "nobody": _("Nobody is known by what was typed"),
}
_VERDICTS: Final[Mapping[str, Sentence]] = {"justified": _("Justified"), "not_justified": _("Not justified")}
_ALARMS: Final[Mapping[str, Sentence]] = {
    "requests_a_day": _("Tried to make more requests than a day allows"),
    "open_at_once": _("Tried to make a request while too many were open"),
    "own_request": _("Tried to agree to their own request"),
    "who_differs": _("Named another person at the decision than the one asked for"),
    "read_refused": _("Tried to read what was not allowed"),
}
_FIELD_ERRORS: Final[Mapping[str, Sentence]] = {
    "who_required": _("Enter the exact national identifier, or the id of a consent or grant."),
    "who_differs": _("This is not whose data was asked for. The attempt is recorded."),
    "reason_required": _("Select a reason."),
    "text_wrong": _("Write 10 to 600 characters."),
    "case_wrong": _("Enter the case number: 3 to 32 letters, digits, and . _ / -"),
    "categories_required": _("Tick at least one kind of data."),
    "categories_many": _("Tick at most 8 kinds of data."),
    "read_categories_required": _("Tick what you need to see now."),
    "form_unknown": _("This was not sent by the form of this page. Open the page anew."),
    "minutes_required": _("Select how long."),
    "verdict_required": _("Select whether it was justified."),
    "requests_a_day": _("You have made as many requests as a day allows. Others see that you tried to make more."),
    "open_at_once": _("Two of your requests wait or are open. End one first. Others see that you tried to make more."),
    "same_person": _("Somebody else must decide on what you asked for. The attempt is recorded."),
    "conflict": _("This has already been decided, or its time is over."),
    "decision_required": _("Choose what you want to do."),
}

REASON_CODES: Final = frozenset(_REASONS)
REFUSAL_CODES: Final = frozenset(_REFUSALS)
ALARM_KINDS: Final = frozenset(_ALARMS)
STANDINGS: Final = frozenset(_STANDINGS)


def reason(code: str) -> Sentence:
    """Why an operator asked."""
    return _REASONS.get(code, code)


def role(code: str) -> Sentence:
    """An operator's role, as a citizen reads it."""
    return _ROLES.get(code, _("an operator of Aurora"))


def refusal(code: str) -> Sentence:
    """Why a look was refused."""
    return _REFUSALS.get(code, _("The rules did not allow this."))


def said(action: str) -> Sentence:
    """What stands behind an entry: `requested`, `approved`, `declined`, `taken_back`, `read`, and the judgement for `reviewed`."""
    return _SAID.get(action, _("Something was recorded"))


def letter(which: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """What a message says. `values`: data, reason, text, case, until, and `ward` (a child's name) to a guardian."""
    known = _WARDS if values.get("ward") else _LETTERS
    return tuple(str(sentence) % values for sentence in known.get(which, ()))


def listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def letter_link() -> str:
    return gettext("See the entry in your activity")


def standing(code: str) -> Sentence:
    """How a request stands, to operators."""
    return _STANDINGS[code]


def verdict(code: str) -> Sentence:
    return _VERDICTS[code]


def alarm(code: str) -> Sentence:
    """What an operator tried, to operators."""
    return _ALARMS.get(code, code)


def field_error(code: str) -> Sentence:
    """The message beside a form's field; a refused read says why."""
    return _FIELD_ERRORS.get(code) or _REFUSALS.get(code) or _("Check the marked fields.")
