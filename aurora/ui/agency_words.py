"""What the console says about agencies themselves: fields, kinds of drafts, what follows, what is wrong with a value, in the active language.

`consent.agency_form` says in English what is wrong with a value; the same sentences stand here to be translated.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aurora.ui import client_words
from aurora.ui.contexts.agencies import NextClient, Step
from aurora.ui.words import Sentence

_FIELDS: Final[Mapping[str, Sentence]] = {
    "name": _("Name of the agency"),
    "roles": _("What it does with Aurora"),
    "legal_name": _("Name by law"),
    "business_id": _("Business id"),
    "country": _("Country"),
    "contact_url": _("Page about data protection"),
    "contact_email": _("E-mail address for data protection"),
    "onward": _("To whom it passes data on"),
    "since": _("Right from this day on"),
}

_KINDS: Final[Mapping[str, Sentence]] = {
    "register": _("Register an agency"),
    "change": _("Change who an agency is"),
}

# What the button says that agrees to a draft.
_AGREED: Final[Mapping[str, Sentence]] = {
    "register": _("Agree to register this agency"),
    "change": _("Agree to this change of the agency"),
}

_ROLES: Final[Mapping[str, Sentence]] = {
    "data_source": _("Data source: citizens let Aurora fetch their data from it"),
    "data_user": _("Data user: it asks citizens for their data"),
}

_MEANINGS: Final[Mapping[str, Sentence]] = {
    "words": _("Words only: a new name or address of the same body. Consents stay as they are."),
    "meaning": _("Another body, country or onward sharing. Consents given before cover nothing of it any more, and citizens are told."),
}

_FAULTS: Final[Mapping[str, Sentence]] = {
    "Another agency has this code.": _("Another agency has this code."),
    "Choose what the agency is for.": _("Choose what the agency is for."),
    "Give the name that it has by law, in at most 200 characters.": _("Give the name that it has by law, in at most 200 characters."),
    "Give its business id, in at most 32 characters.": _("Give its business id, in at most 32 characters."),
    "Give the country as two capital letters (ISO 3166-1).": _("Give the country as two capital letters, such as FI."),
    "Give an address on the web or an e-mail address, or both.": _("Give an address on the web or an e-mail address, or both."),
    "Give an address of at most 200 characters.": _("Give an address of at most 200 characters."),
    "Give an e-mail address, such as data@office.example.": _("Give an e-mail address, such as data@office.example."),
    "Say it in fi, sv and en, each in at most 300 characters, or in none.": _(
        "Say it in Finnish, Swedish and English, each in at most 300 characters, or leave all three empty."
    ),
    "Give the day as year, month and day, such as 2026-12-01.": _("Give the day as day, month and year, such as 1.12.2026."),
    "Say whether this changes who the agency is, or words only.": _("Say whether this changes who the agency is, or words only."),
    "There is an open draft for this agency. Decide on it first.": _(
        "There is an open draft for this agency. It must be decided on first."
    ),
    "The agency has changed since this was asked for. Decline it, and ask anew.": _(
        "The agency has changed since this was asked for. Decline it, and ask anew."
    ),
}

KNOWN_FAULTS: Final = frozenset(_FAULTS) | client_words.KNOWN_FAULTS

_ADDRESSES: Final[Mapping[str, Sentence]] = {
    "issuer": _("Aurora as authorization server (issuer)"),
    "metadata": _("Its description (RFC 8414)"),
    "par": _("Pushed requests"),
    "token": _("Tokens"),
    "api": _("API for agencies"),
    "schema": _("Description of the API (OpenAPI)"),
    "details": _("What a request may say (authorization details)"),
    "keys": _("Aurora's public keys, for receipts and tokens"),
}

ADVICE: Final = _("Make sure over another way that who asks speaks for this agency, and that name, business id and contact are right.")
TO_NOBODY: Final = _("To nobody")
NOT_DESCRIBED: Final = _("Nobody has said yet who this agency is by law.")
REGISTER_CLIENT: Final = _("Register its first client")
HAND_OVER: Final = _("Hand-over to the agency")


def field(name: str) -> Sentence:
    """A field of an agency."""
    return _FIELDS[name]


def kind(code: str) -> Sentence:
    """What a draft asks for."""
    return _KINDS[code]


def agree(code: str) -> Sentence:
    """What agreeing to a draft of this kind is called."""
    return _AGREED[code]


def role(code: str) -> Sentence:
    """What an agency is for, in a whole sentence."""
    return _ROLES[code]


def meaning(code: str) -> Sentence:
    """What kind of change it is."""
    return _MEANINGS[code]


def address(code: str) -> Sentence:
    """What an address of Aurora's is for."""
    return _ADDRESSES[code]


def fault(sentence: str) -> Sentence:
    """What is wrong with a value, in the language of the page."""
    return _FAULTS.get(sentence) or client_words.fault(sentence)


def follows(*, is_new: bool, meaning: bool, version: int) -> tuple[str, ...]:
    """What an agreement does beside what the fields say."""
    if is_new:
        return (gettext("The agency is named to citizens as it stands here. It can do nothing before it has a client."),)
    told = gettext("This becomes version %(version)d of who the agency is.") % {"version": version}
    if meaning:
        return (
            told,
            gettext(
                "Consents given to it before cover nothing more, from that moment on. Those who gave one are told, and the agency must ask anew."
            ),
        )
    return (told, gettext("Consents given to it before stay in force."))


def letter(*, agency: str, clients: Sequence[NextClient], addresses: Sequence[tuple[str, str]], steps: Sequence[Step], base: str) -> str:
    """What to send to the agency's engineer, as plain text. `base`: where the paths of the steps' links begin."""
    lines = [gettext("%(agency)s in Aurora") % {"agency": agency}, ""]
    for client in clients:
        lines.append(f"client_id: {client.client_id}")
        for told, codes in (
            (gettext("It may ask for these purposes:"), client.purposes),
            (gettext("It may ask for these data:"), client.categories),
        ):
            lines += [told, *(f"- {one.code} ({one.name})" for one in codes)] if codes else []
        lines.append("")
    lines += [f"{label}: {url}" for label, url in addresses]
    lines += ["", gettext("What to do, in this order")]
    lines += [f"{number}. {step.text}" + (f" {base}{step.url}" if step.url else "") for number, step in enumerate(steps, 1)]
    return "\n".join(lines)


def steps(*, asks: bool, source: bool, url: Callable[[str], str]) -> tuple[Step, ...]:
    """What the agency's engineer does, in order. `url`: where a page of the guide is, "" where this installation has none."""
    found = [Step(gettext("Read the guide."), url("first-hour"), gettext("The first hour"))]
    if asks:
        found += [
            Step(gettext("Let the software read Aurora's addresses from the description (RFC 8414), and copy no others by hand.")),
            Step(gettext("Sign with the private key of which the public one is registered here. Nobody sends a private key to anybody.")),
            Step(
                gettext("Send Aurora a request, lead the citizen to Aurora's page, and get a token for what they allow."),
                url("authorization"),
                gettext("Each step with an example"),
            ),
            Step(
                gettext("Answer notices of ended consents, delete what they name, and confirm that."),
                url("webhooks"),
                gettext("How notices are verified"),
            ),
        ]
    if source:
        told = gettext("As a source: offer the data at an address of your own, and tell the operators when it answers.")
        found.append(Step(told, url("sources"), gettext("The guide for sources")))
    return tuple(found)
