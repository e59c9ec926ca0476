"""Operators' roles, in words that an official understands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# In the order in which pages list them. The codes are those of `aurora.identity.models.Operator.Role`; a test compares.
ROLES: Mapping[str, str | Promise] = {
    "operations": _("Operations"),
    "agency_officer": _("Agency officer"),
    "catalogue_editor": _("Catalogue editor"),
    "model_steward": _("Model steward"),
    "privacy_officer": _("Privacy officer"),
    "auditor": _("Auditor"),
    "administrator": _("Administrator"),
}
# What each may do, in a sentence: where a role is given.
DUTIES: Mapping[str, str | Promise] = {
    "operations": _("Keeps sources, fetching and the access log running."),
    "agency_officer": _("Registers agencies and says what they may ask for."),
    "catalogue_editor": _("Keeps the catalogue of services."),
    "model_steward": _("Releases models and watches how they do."),
    "privacy_officer": _("Ends consents, answers concerns, and asks for access without a consent."),
    "auditor": _("Reads everything in the console and changes nothing."),
    "administrator": _("Says who is an operator, and with which roles."),
}


def role(code: str) -> str:
    """A role's name; a code that has none stands for itself."""
    return str(ROLES.get(code, code))


def roles(codes: Iterable[str]) -> str:
    """Several, in the order of `ROLES`, with commas between; "None" if there are none."""
    held = set(codes)
    return ", ".join(str(word) for code, word in ROLES.items() if code in held) or gettext("No roles")
