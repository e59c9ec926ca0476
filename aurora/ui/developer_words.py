"""Words of the developers' pages that no template says."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aurora.ui import client_words

RETRY: dict[str, str | Promise] = {
    "no": _("Sending the same again does not help."),
    "mended": _("Sending it again helps once what is wrong has been mended."),
    "after": _("Sending the same again can help after a while: wait as long as Retry-After says, and longer each time."),
}
# Why a notice was not taken, by the code of its last attempt.
NOT_TAKEN: dict[str, str | Promise] = {
    "gone": _("The address answered that it is gone."),
    "too_many_requests": _("The address answered that there are too many requests."),
    "receiver_failed": _("The server at the address failed."),
    "redirected": _("The address redirects. Aurora follows no redirects: register the address itself."),
    "refused": _("The address did not take it. Look at how the signature is verified, and at what the server's log says."),
    "timeout": _("The address did not answer in time."),
    "receiver_down": _("The server at the address could not be reached, or its certificate is not valid."),
    "address_refused": _("Aurora does not call this address: it leads into a network that is not public, or is no https address."),
    "no_address": _("The client has no address for notices any more."),
    "gave_up": _("Aurora did not get round to it. Send another one."),
}
# What a request of a client was, by the name of its address.
REQUESTS: dict[str, str | Promise] = {
    "par": _("Pushed an authorization request"),
    "token": _("Asked for a token"),
    "revoke": _("Revoked a token"),
    "introspect": _("Asked about a token"),
    "twin": _("Read a kind of data"),
    "grant": _("Asked about, or gave back, a grant"),
    "events": _("Read its events"),
    "event_confirmation": _("Confirmed an event"),
    "other": _("Called the API"),
}
# What a group of operations is for, by its tag in the OpenAPI document.
TAGS: dict[str, str | Promise] = {
    "twin": _("Reading a citizen's data"),
    "facts": _("Sending what you hold of citizens"),
    "uses": _("Reporting what you used data for"),
    "events": _("Events: what has ended or changed"),
    "concerns": _("Concerns that citizens have raised"),
    "corrections": _("Requests to correct your data"),
    "evaluators": _("Your models"),
    "oauth": _("Grants that you hold"),
}
TOKENS: dict[str, str] = {
    "agencyToken": "A token of a citizen's consent (DPoP).",
    "agencyItself": "A token of the agency itself, by client_credentials (DPoP).",
}


# What is wrong with a form, by code or by the server's sentence.
FAULTS: dict[str, str | Promise] = {
    "Give a name of 1 to 60 characters.": _("Give a name of 1 to 60 characters that can all be seen."),
    "Choose from the list.": _("Choose from the list."),
    "too_often": _("This was done too often from your network. Try again later."),
    "sandbox_full": _("No more test clients can be made at present. Try again tomorrow."),
    "unknown_secret": _("No client is managed by this secret. It may have ended: make a new one."),
    "too_many_pings": _("Too many test notices were sent to this address. Try again later."),
    "ping_under_way": _("A test notice is on its way. Wait for what comes of it."),
    "no_notice_address": _("This client has no address for notices."),
    "draft_open": _("An officer is about to change this client. Try again when that is decided."),
}
PINGS: dict[str, str | Promise] = {"pending": _("On its way"), "delivered": _("Taken"), "failed": _("Not taken")}


def fault(code: str) -> str:
    return str(FAULTS[code] if code in FAULTS else client_words.fault(code))


def tag(name: str) -> str:
    return str(TAGS[name])


def ping(state: str) -> str:
    return str(PINGS[state])


def retry(code: str) -> str:
    return str(RETRY[code])


def not_taken(code: str) -> str:
    return str(NOT_TAKEN.get(code, code)) if code else ""


def request(kind: str) -> str:
    return str(REQUESTS.get(kind, REQUESTS["other"]))
