"""What the console says about other organisations' models: fields, deeds, and why something was not done, in the active language."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from aurora.ui import formats
from aurora.ui.words import Sentence

_FIELDS: Final[Mapping[str, Sentence]] = {
    "owner": _("Owner"),
    "identifier": _("Identifier"),
    "version": _("Version"),
    "purpose": _("Purpose"),
    "responsible": _("Who is responsible"),
    "package": _("Package (SHA-256)"),
    "files": _("Files (SHA-256)"),
    "key": _("Signed with the key (SHA-256)"),
    "vectors": _("The owner's test cases"),
}

_TEXTS: Final[Mapping[str, Sentence]] = {
    "name": _("Name"),
    "intended_use": _("What it is for"),
    "meaning": _("What it tells"),
    "limits": _("What it does not tell"),
    "population": _("Whom it was made for"),
}

_DEEDS: Final[Mapping[str, Sentence]] = {
    "registered": _("Registered by its owner"),
    "asked": _("Release asked for"),
    "released": _("Released"),
    "declined": _("Declined"),
    "retired": _("Retired"),
    "key_asked": _("Asked for"),
    "key_approved": _("Approved"),
    "key_declined": _("Declined"),
    "key_replaced": _("Replaced by a newer key"),
    "key_revoked": _("Revoked"),
}

_FAULTS: Final[Mapping[str, Sentence]] = {
    "same_person": _("Somebody else must decide on what you asked for."),
    "asker_gone": _("Whoever asked for this may no longer ask for it. Decline it, and ask anew."),
    "wrong_state": _("This has already been changed. Look at its present state."),
    "version_not_newer": _("A newer version has been released since. Decline this one."),
    "no_owner_key": _("The owner's key has been revoked, so this version cannot be released."),
    "artefact_damaged": _("A file of this version is missing or has been changed since it was registered. It cannot be released."),
    "signature_invalid": _("The signature no longer fits the files. This version cannot be released."),
    "unavailable": _("The files and the signature could not be checked at this moment. Try again."),
    "unknown_purpose": _("The purpose is no longer one for models. Decline this version."),
    "unfit_purpose": _("The purpose is no longer about all the data that this model needs. Decline this version."),
    "unknown_category": _("What this model needs has changed at Aurora since it was registered. Decline this version."),
    "unknown_fact": _("What this model needs has changed at Aurora since it was registered. Decline this version."),
    "unfit_fact": _("What this model needs has changed at Aurora since it was registered. Decline this version."),
    "unfit_result": _("What this model needs has changed at Aurora since it was registered. Decline this version."),
    "unfit_outcomes": _("What this model needs has changed at Aurora since it was registered. Decline this version."),
    "circular_inputs": _("The result of this version would come to rest on itself, through the inputs of other models. Decline it."),
    "key_unreadable": _(
        "This is no key that Aurora can read. Paste the whole public key that the agency's engineer sends (PEM, curve P-256)."
    ),
    "anchor_unreadable": _("This is not one certificate. Paste the whole text of exactly one (PEM), from its BEGIN line to its END line."),
    "anchor_unfit": _(
        "This must be the certificate of an authority (CA) that is valid now, on a curve or with RSA of 2048 bits or more, and SHA-2."
    ),
    "identity_unreadable": _("Say who signs by subject:, dns:, email: or uri: and the name in the certificate."),
    "identity": _("A key has no such name. Leave this empty, or give an authority's certificate."),
    "key_taken": _("This key is or was registered. The owner must make a new one."),
    "key_open": _("Another key of this agency waits. It must be decided on first."),
    "private_key": _("This is a private key. Its owner must replace it at once, and give the public one."),
    "agency": _("Give the code of an agency that Aurora knows."),
    "reason": _("Say why, in at most 300 characters."),
    "decision": _("Choose what shall happen."),
}

KNOWN_FAULTS: Final = frozenset(_FAULTS)


def field(name: str) -> Sentence:
    """A line of a version's page."""
    return _FIELDS[name]


def text(name: str) -> Sentence:
    """A text of the contract."""
    return _TEXTS[name]


def deed(code: str) -> Sentence:
    """What was done to a version, or (`key_...`) to a key."""
    return _DEEDS[code]


def fault(code: str) -> Sentence:
    """Why something was not done."""
    return _FAULTS.get(code, _("This could not be done."))


def yes_or_no() -> str:
    """The values of a fact that is true or false."""
    return str(_("yes or no"))


def between(minimum: float, maximum: float, unit: str) -> str:
    """The values of a number, both ends included."""
    return str(_("%(low)s to %(high)s")) % {"low": formats.number(minimum), "high": formats.quantity(maximum, unit)}


def vectors(count: int, difference: float) -> str:
    """How the owner's test cases went. All of them are met, else nothing is registered."""
    said = ngettext(
        "%(count)s test case was met; the largest difference was %(difference)s.",
        "%(count)s test cases were met; the largest difference was %(difference)s.",
        count,
    )
    return said % {"count": formats.number(count), "difference": _small(difference)}


def _small(value: float) -> str:
    """Two figures that say something, written out: 0.00000024, and 0,00000024 (fi, sv). An officer need not know 2.4e-07."""
    plain = format(Decimal(f"{value:.1e}"), "f") if value else "0"
    return plain if formats.language() == "en" else plain.replace(".", ",")
