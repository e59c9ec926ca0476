"""Codes and event names in plain words: lazy translations, so that one sentence serves page, log, receipt and API.

Everything here takes a code (a `StrEnum` member will do) and gives a sentence in the language active when it is shown.
An unknown code never fails a page: it gives the general sentence of its kind, and `tests/ui` holds the tables complete
against the enums.
"""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aurora.ui import event_words
from aurora.ui.contexts import EntryKind, Text

Sentence = str | Promise

YOU: Final[Text] = {"fi": "Sinä", "sv": "Du", "en": "You"}
AURORA: Final[Text] = {"fi": "Aurora", "sv": "Aurora", "en": "Aurora"}

_REFUSALS: Final[Mapping[str, Sentence]] = {
    "no_consent": _("There was no consent for this."),
    "consent_withdrawn": _("The consent had been ended."),
    "consent_expired": _("The consent had run out."),
    "consent_outdated": _("What is meant had changed since you consented, so your consent did not cover it any more."),
    "category_not_covered": _("The consent did not cover this kind of data."),
    "purpose_not_covered": _("The consent did not cover this purpose."),
    "not_yet_valid": _("The consent was not yet in force."),
    "used_up": _("The consent was for one use, and that use had been made."),
    "not_registered": _("The agency is no longer registered with Aurora to read this, whatever was consented to."),
}

_PULL_ERRORS: Final[Mapping[str, Sentence]] = {
    "source_down": _("The agency's service did not answer."),
    "too_many_requests": _("The agency's service is busy and asked Aurora to wait."),
    "revoked": _("The agency no longer accepts the connection that you approved."),
    "invalid_answer": _("The agency's answer was not in the agreed form, so nothing was saved from it."),
    "signature_invalid": _("The agency signs its answers, and this one was not rightly signed, so nothing was saved from it."),
    "wrong_citizen": _("The agency's answer was not about you, so nothing was saved from it."),
    "too_large": _("The agency's answer was larger than agreed, so nothing was saved from it."),
    "timeout": _("The agency's service took too long to answer."),
    "oauth_error": _("The agency's service did not accept Aurora's request."),
    "address_refused": _("The agency's service gave an address that Aurora does not trust."),
    "no_consent": _("There was no longer a consent for fetching this."),
    "consent_outdated": _("What would be fetched has changed since you consented, so it was not fetched."),
    "cancelled": _("The fetch was called off: the source is no longer in use, or was disconnected or connected anew meanwhile."),
    "gave_up": _("The fetch was broken off again and again, so nothing was saved from it."),
}

# The same to an officer, whose connection it is not.
_PULL_ERRORS_TO_OFFICERS: Final[Mapping[str, Sentence]] = {
    "revoked": _("The agency no longer accepts the connections that the citizens approved."),
    "wrong_citizen": _("The agency's answer was not about the citizen, so nothing was saved from it."),
    "consent_outdated": _("What would be fetched has changed since the citizen consented, so it was not fetched."),
}

# For a fetch that has ended: while it is still tried again, the progress page says when.
_OFFER_AGAIN: Final = _("Aurora has stopped trying for now. It asks again when the data is next due; you can also have it fetched again.")
_THEIR_FAULT: Final = _("The fault lies with the agency's service. Aurora asks again when the data is next due.")
_PULL_REMEDIES: Final[Mapping[str, Sentence]] = {
    "source_down": _OFFER_AGAIN,
    "too_many_requests": _OFFER_AGAIN,
    "timeout": _OFFER_AGAIN,
    "gave_up": _OFFER_AGAIN,
    "revoked": _("Connect the source again if you want Aurora to fetch the data."),
    "invalid_answer": _THEIR_FAULT,
    "signature_invalid": _THEIR_FAULT,
    "wrong_citizen": _("Connect the source again, and check that you sign in as yourself."),
    "too_large": _THEIR_FAULT,
    "oauth_error": _("Connect the source again if you want Aurora to fetch the data."),
    "address_refused": _THEIR_FAULT,
    "no_consent": _("Connect the source again if you want Aurora to fetch the data."),
    "consent_outdated": _("Read what has changed, and consent anew if you want Aurora to fetch the data."),
    "cancelled": _("Connect the source again if you want Aurora to fetch the data."),
}

_PULL_STATES: Final[Mapping[str, Sentence]] = {
    "queued": _("Waiting for their turn"),
    "running": _("Being fetched"),
    "retrying": _("Failed, and tried again by itself"),
    "done": _("Finished"),
    "failed": _("Failed for good"),
    "cancelled": _("Called off"),
}

_CONNECTORS: Final[Mapping[str, Sentence]] = {
    "json_oauth": _("Asked as the guide for sources says"),
    "mapped_json": _("Asked in its own JSON, by a declared mapping"),
    "xroad": _("Asked through a security server (X-Road)"),
    "fhir": _("Asked in FHIR"),
    "push": _("Sends by itself, and is not asked"),
}

_CONSENT_EVENTS: Final[Mapping[str, Sentence]] = {
    "given": _("You gave this consent."),
    "declined": _("You declined this request."),
    "narrowed": _("A part of this consent was withdrawn."),
    "replaced": _("This consent was replaced by a newer one."),
    "withdrawn": _("You withdrew this consent."),
    "expired": _("This consent ran out."),
}

_SIGN_IN_ERRORS: Final[Mapping[str, Sentence]] = {
    "access_denied": _("You cancelled signing in."),
    "eid_unavailable": _("The identification service does not answer at the moment."),
    "invalid_state": _("Signing in was begun in another window, or too long ago."),
    "invalid_answer": _("The identification service's answer could not be confirmed."),
    "not_possible": _("Aurora cannot be used with this identity. The population register tells that the person has died."),
    "busy": _("Many people are signing in at this moment. Wait a moment and try again."),
}

_CONNECT_ERRORS: Final[Mapping[str, Sentence]] = {
    "access_denied": _("You did not confirm on the agency's page, so nothing was connected."),
    "source_down": _("The agency's service does not answer at the moment, so nothing was connected. Try again later."),
    "invalid_state": _("Connecting was begun in another window, or too long ago. Start again from the beginning."),
    "invalid_answer": _("The agency's answer could not be confirmed, so nothing was connected. Start again."),
    "wrong_citizen": _("Somebody else signed in on the agency's page, so nothing was connected. Sign in as yourself."),
    "oauth_error": _("The agency's service did not accept Aurora's request, so nothing was connected."),
    "fetched_just_now": _("Data was fetched from this source a moment ago. Try again in five minutes."),
}

_REQUEST_ERRORS: Final[Mapping[str, Sentence]] = {
    "request_unknown": _("Aurora does not know this request."),
    "request_expired": _("The request is too old. Go back to the agency that sent you here and start again."),
    "request_used": _("This request has already been answered."),
    "request_elsewhere": _("This request was opened in another browser. Go back to the agency and start again."),
    "cookies_needed": _("Your browser did not keep Aurora's cookie, so Aurora cannot tell that the answer is yours. Allow cookies here."),
    "request_refused": _("The request is not in the agreed form."),
}

_FORM_ERRORS: Final[Mapping[str, Sentence]] = {
    "purpose_required": _("Select at least one purpose, or decline."),
    "purpose_unknown": _("Select only from the purposes on this page."),
    "category_required": _("Select at least one kind of data, or decline."),
    "category_unknown": _("Select only from the kinds of data on this page."),
    "end_required": _("Select how long the consent is in force."),
    "date_invalid": _("Enter a real date: day, month and year."),
    "date_past": _("The end date must be in the future."),
    "date_too_late": _("The end date can be at most 12 months from today."),
    "dates_reversed": _("The first date must not be after the last date."),
    "decision_required": _("Choose either Allow or Decline."),
    "text_changed": _("The text has changed since you opened the page. Read it again before you decide."),
    "username_required": _("Enter your user name."),
    "password_required": _("Enter your password."),
    "credentials_wrong": _("The user name or the password is wrong."),
    "locked_out": _("There have been too many attempts. Wait a while and try again."),
    "code_required": _("Enter the six digits that your authenticator shows."),
    "address_required": _("Enter your e-mail address."),
    "address_invalid": _("Enter an e-mail address in the form name@example.org."),
    "choice_required": _("Choose what the mail says."),
    "grade_wrong": _("Choose a whole number from 0 to 10, or say nothing."),
    "municipality_unknown": _("Choose a municipality from the list, or say nothing."),
    "people_wrong": _("Enter a whole number from 0 to 40, or leave it empty."),
    "spouse_age_wrong": _("Enter your spouse's age in years, from 15 to 120, or leave it empty."),
    "household_size_wrong": _("Count everybody in your household, yourself too: from 1 to 40 people."),
    "household_elderly_wrong": _("There cannot be more of them than people aged 21 and over."),
    "code_wrong": _("The code is wrong or has already been used. Wait for the next one."),
}

_ERRORS: Final[Mapping[str, Sentence]] = {
    "error": _("Something went wrong."),
    "not_found": _("This does not exist."),
    "invalid_input": _("Check the marked fields."),
    "conflict": _("This has already been changed. Look at its present state."),
    "asker_gone": _("Whoever asked for this is no agency officer any more. Decline it, and ask anew."),
    "too_many_confirmations": _("A confirmation was asked for too often today. Try again tomorrow."),
    "confirmation_invalid": _("This link is no longer in force. Ask for a new one."),
    "too_many_sign_ins": _("Signing in was begun too often from your network. Wait a minute and try again."),
    "too_much_feedback": _("Feedback was given very often in a short time. Wait a while and try again."),
    "entry_changed": _("This entry no longer matches its seal: somebody has changed it. Do not rely on what it says."),
}

_BANNERS: Final[Mapping[str, Sentence]] = {
    "signed_out": _("You have signed out."),
    "connect_declined": _("You declined. Nothing was fetched and nothing else changes."),
    "connected": _("The source is connected. Aurora is fetching the data that you allowed."),
    "connected_pushing": _("The source is connected. It sends what it holds by itself, now and whenever that changes."),
    "withdrawn": _("The consent has been withdrawn."),
    "training_allowed": _("You have allowed the model to learn from your data. Thank you."),
    "training_declined": _("Nothing was changed. The model does not learn from what you have not allowed."),
    "life_saved": _("What you told has been saved."),
    "life_deleted": _("What you had told has been deleted."),
    "sessions_ended": _("You have been signed out there."),
    "pauses_saved": _("Saved for this browser."),
}

# What follows when the citizen withdraws: one tuple for a connection, one for an agency's access.
WITHDRAW_CONNECTION: Final[tuple[Sentence, ...]] = (
    _("Aurora stops using the data for this purpose at once."),
    _("Data that none of your other consents covers is deleted from Aurora and no longer fetched."),
    _("What has been done until now stays lawful and stays in your activity."),
    _("You can connect again whenever you like."),
)
# The same of a consent to training a model.
WITHDRAW_TRAINING: Final[tuple[Sentence, ...]] = (
    _("The copies of your data that were made for training are deleted at once, and no later model learns from them."),
    _(
        "A model that has learned from them already is marked. It stays in use until a new one replaces it, which is trained once enough people have withdrawn."
    ),
    _("Your data, your suggestions and your other consents stay as they are."),
    _("You can allow it again whenever you like."),
)
# The same of letting other models read an estimate that the citizen keeps.
WITHDRAW_ESTIMATE: Final[tuple[Sentence, ...]] = (
    _("No other model reads this estimate any more."),
    _("What other models have worked out of it is deleted, but for what you have kept in My data."),
    _("The estimate itself stays in My data until you delete it."),
    _("What has been done until now stays lawful and stays in your activity."),
    _("You can allow it again whenever you like."),
)
# In place of the second of them, where something was kept at an earlier end.
WITHDRAW_KEPT_EARLIER: Final[Sentence] = _(
    "Data that none of your other consents covers and that you have not kept is deleted from Aurora and no longer fetched. "
    "What you kept earlier stays in My data until you delete it."
)
# In place of the second and the last of them, where it is about what the citizen said of themselves.
WITHDRAW_DECLARED: Final[Sentence] = _("What you told is deleted from Aurora, unless you keep it.")
WITHDRAW_DECLARED_AGAIN: Final[Sentence] = _("You can tell it and allow it again whenever you like.")
WITHDRAW_ACCESS: Final[tuple[Sentence, ...]] = (
    _("The agency's next attempt to read your data is refused."),
    _(
        "Aurora leaves a notice for the agency at once, which asks it to delete the data and to say so. A law may require it to keep some; then it says which."
    ),
    _("What has been done until now stays lawful and stays in your activity."),
    _("The agency can ask you again, and you can give a new consent."),
)

EVENT_NAMES: Final = frozenset(event_words.TITLES)
REFUSAL_CODES: Final = frozenset(_REFUSALS)


def event_title(event: str) -> Sentence:
    """`agency:twin:read` -> "An agency read your data"."""
    return event_words.TITLES.get(event, _("Something was recorded"))


def event_kind(event: str) -> EntryKind:
    """Which filter of the activity page an event belongs to; by the grammar `actor:subject:action`. An unknown one is a reading."""
    actor, subject = (*event.split(":"), "")[:2]
    return event_words.KINDS.get(subject) or event_words.TWIN_KINDS.get(actor, EntryKind.READ)


def refusal(code: str) -> Sentence:
    """Why something was not allowed, in the citizen's words."""
    return _REFUSALS.get(code, _("The rules did not allow this."))


def decision(refusal_code: str = "") -> Sentence:
    """The decision behind an entry: allowed (no code), or refused with its reason."""
    if not refusal_code:
        return _("Allowed: a consent of yours covered this recipient, this purpose and this data at that moment.")
    return refusal(refusal_code)


def own_deed() -> Sentence:
    """The decision behind what the citizen did themselves: there was nothing to decide."""
    return _("You did this yourself. It needs no consent.")


def pull_error(code: str) -> Sentence:
    """What went wrong when data was fetched."""
    return _PULL_ERRORS.get(code, _("The data could not be fetched."))


def pull_error_to_officers(code: str) -> Sentence:
    """The same as the console says it."""
    return _PULL_ERRORS_TO_OFFICERS.get(code) or pull_error(code)


def pull_remedy(code: str) -> Sentence:
    """What the citizen can do about `pull_error(code)` when the fetch has ended."""
    return _PULL_REMEDIES.get(code, _OFFER_AGAIN)


def connector(code: str) -> Sentence:
    """How a source is asked."""
    return _CONNECTORS.get(code, code)


def pull_state(code: str) -> Sentence:
    """The state of a pull, for the console: the row's state, or `retrying` for a queued row with an error."""
    return _PULL_STATES.get(code, code)


def consent_event(code: str) -> Sentence:
    """One line of a consent's history: `given`, `declined`, `withdrawn`, `expired`."""
    return _CONSENT_EVENTS.get(code, _("Something was recorded"))


def sign_in_error(code: str) -> Sentence:
    """Why signing in did not succeed; OAuth's `access_denied`, or ours."""
    return _SIGN_IN_ERRORS.get(code, _("Signing in did not succeed."))


def connect_error(code: str) -> Sentence:
    """Why a source was not connected after the agency's own page."""
    return _CONNECT_ERRORS.get(code, _("The source was not connected."))


def request_error(code: str) -> Sentence:
    """Why an agency's authorization request cannot be answered."""
    return _REQUEST_ERRORS.get(code, _("The request is not in the agreed form."))


def form_error(code: str) -> Sentence:
    """The message beside a form's field."""
    return _FORM_ERRORS.get(code, _("Check the marked fields."))


def error(code: str) -> Sentence:
    """The sentence of an `AuroraError` code."""
    return _ERRORS.get(code, _("Something went wrong."))


def banner(code: str) -> Sentence:
    """What has just happened, on top of the next page."""
    return _BANNERS[code]
