"""What pages say of uses that agencies report, in the active language. No sentence says "you": who acts for somebody reads the same."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aurora.ui.words import Sentence

FEW: Final = _("fewer than 10")
_OF_READ: Final[Mapping[str, Sentence]] = {
    "matched": _("The agency has reported how it used this data."),
    "differing": _("The agency has reported how it used this data, but the report does not agree with what Aurora delivered."),
    "not_reported": _("The agency has not reported how it used this data, although the time for it is over."),
    "open": _("The agency has not reported yet how it used this data. It has until %(day)s to do so."),
    "in_doubt": _("It is not certain that Aurora's answer reached the agency, and the agency has not reported any use of this data."),
}
_OF_REPORT: Final[Mapping[str, Sentence]] = {
    "matched": _("The report agrees with data that Aurora delivered to the agency."),
    "differing": _("The report is about data that Aurora delivered to the agency, but it does not agree with the delivery."),
    "not_delivered": _("Aurora has delivered nothing to the agency that this report could be about."),
    "open": _("The report has not been compared with Aurora's deliveries yet."),
}
_TAGS: Final[Mapping[str, Sentence]] = {
    "matched": _("Use reported"),
    "differing": _("Reported differently"),
    "not_reported": _("Not reported"),
    "not_delivered": _("Nothing was delivered"),
    "in_doubt": _("In doubt"),
    "open": _("Not due yet"),
}
TONES: Final[Mapping[str, str]] = {
    "matched": "au-tag--good",
    "differing": "au-tag--bad",
    "not_reported": "au-tag--bad",
    "not_delivered": "au-tag--bad",
    "in_doubt": "au-tag--busy",
    "open": "au-tag--busy",
}
_DIFFERS: Final[Mapping[str, Sentence]] = {
    "categories": _("The report names other data than Aurora delivered."),
    "purpose": _("The report names another purpose than the data were delivered for."),
    "receiver": _("The report names another receiver than the agency itself."),
    "time": _("The time in the report does not fit the delivery."),
}
_CAME: Final[Mapping[str, Sentence]] = {
    "push": _("The agency reported this by itself."),
    "poll": _("The agency told this when Aurora asked."),
    "disclosed": _("The agency reported this at the time. A law let it be told only later."),
}
_ERRORS: Final[Mapping[str, Sentence]] = {
    "too_many_requests": _("The agency asked Aurora to come later."),
    "receiver_failed": _("The agency's server failed."),
    "redirected": _("The agency's address leads elsewhere. Aurora follows no redirect."),
    "refused": _("The agency refused the question."),
    "timeout": _("The agency did not answer in time."),
    "receiver_down": _("The agency's server does not answer."),
    "address_refused": _("Aurora never asks at such an address."),
    "answer_too_large": _("The answer was too large."),
    "answer_invalid": _("The answer was not of the agreed form."),
    "answer_out_of_period": _("The answer names times that were not asked about."),
    "answer_unordered": _("The answer was not in the agreed order."),
    "answer_too_many": _("The answer had more records than were asked for."),
    "answer_entry_unknown": _("The answer names accesses that there were not."),
}


def of_read(state: str, *, day: str) -> str:
    """How it stands with a read."""
    return str(_OF_READ[state]) % {"day": day} if state == "open" else str(_OF_READ[state])


def of_report(state: str) -> str:
    """How it stands with a report."""
    return str(_OF_REPORT[state])


def tag(state: str) -> str:
    """The same in two words."""
    return str(_TAGS[state])


def differs(what: str) -> str:
    """In what a report differs, as a sentence."""
    return str(_DIFFERS[what])


def came(how: str) -> str:
    """By which way it was told."""
    return str(_CAME[how])


def decision() -> str:
    """Why a use stands in the log, though Aurora decided nothing about it."""
    return gettext("The agency says itself that it used data in this way. Aurora did not decide about it.")


def error(code: str) -> str:
    """Why an agency could not be asked; a code that is not known stands for itself."""
    return str(_ERRORS.get(code, code))


def chart() -> dict[str, str]:
    """What stands around the trend of one agency."""
    return {
        "day": gettext("Day"),
        "reads": gettext("Accesses due"),
        "reported": gettext("Use reported"),
        "share": gettext("Share"),
        "note": gettext("The bar is the share of the day's accesses that the agency has reported."),
    }
