"""What pages say of a consent that ended: what follows, what the agency was told, what it said it did. As `aurora.ui.words`."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aurora.ui import formats

Sentence = str | Promise

_TOLD: Final[Mapping[str, Sentence]] = {
    "consent.withdrawn": _("The whole consent has ended."),
    "consent.narrowed": _("A part of the consent has ended."),
    "consent.expired": _("The consent ran out."),
    "consent.replaced": _("The consent was replaced by a newer one."),
    "data.erased": _("The person had data deleted that was read under the consent. The consent stands."),
    "concern.raised": _("A citizen reported a concern."),
    "concern.replied": _("A citizen replied to an answer to a concern."),
    "concern.closed": _("A citizen closed a concern."),
}

# Why an agency has not heard of it yet, and what has ended all the same. Two whole sentences, or more, one after the other.
_UNHEARD: Final[Mapping[str, Sentence]] = {
    "untried": _("Aurora tells %(agency)s as soon as it can."),
    "trying": _("Aurora has not been able to tell %(agency)s yet, and goes on trying."),
    "feed": _("The notice waits until %(agency)s fetches it: Aurora has no address to send it to."),
    "gone": _(
        "The server of %(agency)s says that it takes no more notices, so Aurora does not send this one again. "
        "It waits to be fetched, and the operators of Aurora see that."
    ),
    "failed": _(
        "Aurora tried to tell %(agency)s for three days without success. The notice waits for it, and the operators of Aurora see that."
    ),
}
_ENDED_ALL_THE_SAME: Final[Mapping[str, Sentence]] = {
    "consent.narrowed": _("That part of the consent has ended all the same."),
    "consent.replaced": _("The older consent has ended all the same."),
}

_OTHERS: Final[Mapping[tuple[str, str], Sentence]] = {
    ("withdrawn", "operator"): _("An operator of Aurora ended this consent."),
    ("withdrawn", "recipient"): _("The agency gave this consent back."),
    ("withdrawn", "source"): _("The source gives no more data, so this consent ended."),
    ("withdrawn", "register"): _("The register told that the person has died, so this consent ended."),
    ("narrowed", "operator"): _("An operator of Aurora ended a part of this consent."),
    ("narrowed", "recipient"): _("The agency gave a part of this consent back."),
    ("narrowed", "source"): _("The source gives some data no more, so a part of this consent ended."),
}

# What else rests on a consent of this purpose.
_RESTED: Final[Mapping[str, Sentence]] = {
    "acting-for-child": _("You can no longer act for the children whose guardian you are."),
    "administering-estate": _("You can no longer handle the estates that you administer."),
}

_ERRORS: Final[Mapping[str, Sentence]] = {
    "gone": _("The agency's server says that it takes no more notices."),
    "too_many_requests": _("The agency's server is busy and asked Aurora to wait."),
    "receiver_failed": _("The agency's server had a fault."),
    "redirected": _("The agency's server sent Aurora to another address, where notices are not sent."),
    "refused": _("The agency's server refused the notice."),
    "timeout": _("The agency's server took too long to answer."),
    "receiver_down": _("The agency's server did not answer."),
    "address_refused": _("The agency's address leads to a place that Aurora does not call."),
}

_REASONS: Final[Mapping[str, Sentence]] = {
    "citizen_asked": _("The citizen asked for it, and was identified"),
    "recipient_ended": _("The receiving agency no longer needs it"),
    "source_ended": _("The source no longer gives the data"),
    "unlawful": _("The processing is unlawful"),
    "given_in_error": _("The consent was given in error"),
    "citizen_died": _("The citizen has died"),
}

FIELD_ERRORS: Final[Mapping[str, Sentence]] = {
    "reason_required": _("Select a reason."),
    "case_wrong": _("Enter the case number: 3 to 32 letters, digits, and . _ / -"),
    "wanted_wrong": _("Enter the id of a consent or of a grant. There is no such consent in force."),
    "source_required": _("Select a source."),
    "source_under_way": _("An order to end the consents at this source is under way already."),
    "withdraw_category_required": _("Tick at least one kind of data, or withdraw all of it."),
}


def told(kind: str) -> Sentence:
    """What an agency was told."""
    return _TOLD.get(kind, _("Something was recorded"))


def unheard(why: str, kind: str, agency: Mapping[str, str]) -> str:
    """What is said of a notice that has not arrived. `why`: `untried`, `trying`, `feed` (there is no address), `gone` (it takes no more), `failed`."""
    still = _ENDED_ALL_THE_SAME.get(kind, _("The consent has ended all the same."))
    name = agency.get(formats.language()) or agency.get("fi", "")
    return f"{str(_UNHEARD[why]) % {'agency': name}} {still}"


def by_another(kind: str, by: str) -> Sentence | None:
    """One line of a consent's history for what the citizen did not do; `by`: `operator`, `recipient`, `source`, `register` (of a death). None for all else."""
    return _OTHERS.get((kind, by))


def rested(purpose: str) -> tuple[Sentence, ...]:
    """What else ends with a consent for this purpose."""
    return (_RESTED[purpose],) if purpose in _RESTED else ()


def delivery_error(code: str) -> Sentence:
    """Why a notice did not arrive."""
    return _ERRORS.get(code, _("The agency did not take the notice."))


def reason(code: str) -> Sentence:
    """Why an operator ended a consent."""
    return _REASONS.get(code, code)


def field_error(code: str) -> Sentence:
    """The message beside a form's field."""
    return FIELD_ERRORS.get(code, _("Check the marked fields."))
