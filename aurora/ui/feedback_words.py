"""What pages say of feedback on suggestions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_WHYS: Final[Mapping[str, Promise]] = {
    "situation": _("It does not fit my situation"),
    "have_it": _("I have it already"),
    "facts_wrong": _("The facts about me are wrong"),
    "other": _("Something else"),
}
_HINTS: Final[Mapping[str, Promise]] = {
    "facts_wrong": _("Next you see in My data what each source says. The source corrects it: Aurora changes no fact."),
    "other": _("If you like, in your own words. They are kept encrypted among your data, and nobody reads them but you."),
}
_ERRORS: Final[Mapping[str, Promise]] = {
    "why_required": _("Choose why this is not for you."),
    "words_too_long": _("Use at most 300 characters."),
}
# Of the person for whom somebody acts.
_PERSONS_WHYS: Final[Mapping[str, Promise]] = {
    "situation": _("It does not fit the person's situation"),
    "have_it": _("The person has it already"),
    "facts_wrong": _("The facts about the person are wrong"),
    "other": _("Something else"),
}
_PERSONS_HINTS: Final[Mapping[str, Promise]] = {
    "facts_wrong": _("Next you see what each source says of the person. The source corrects it: Aurora changes no fact."),
    "other": _("If you like, in your own words. They are kept encrypted among the person's data, and nobody reads them but the person."),
}


def why(code: str, *, of_another: bool = False) -> str:
    """A reason, as its own label."""
    return str((_PERSONS_WHYS if of_another else _WHYS).get(code, ""))


def hint(code: str, *, of_another: bool = False) -> str:
    """What choosing a reason leads to; '' where there is nothing to say."""
    return str((_PERSONS_HINTS if of_another else _HINTS).get(code, ""))


def form_error(code: str) -> str:
    return str(_ERRORS.get(code, ""))
