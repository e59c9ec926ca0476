"""What the console says of consents as counts, in the active language."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from django.utils.dateformat import format as formatted
from django.utils.translation import gettext_lazy as _

from aurora.ui.words import Sentence

_CAPTIONS: Final[Mapping[str, Sentence]] = {
    "purpose": _("In force, by purpose"),
    "recipient": _("In force, by agency"),
    "category": _("In force, by kind of data"),
    "given": _("Given, by month"),
    "declined": _("Declined, by month"),
    "ended": _("Withdrawn, by month"),
}
_FIRSTS: Final[Mapping[str, Sentence]] = {
    "purpose": _("Purpose"),
    "recipient": _("Agency"),
    "category": _("Data"),
    "given": _("Month"),
    "declined": _("Month"),
    "ended": _("Month"),
}
_OF_THE_LARGEST: Final = _("The bar is the share of the largest figure in this table.")
PEOPLE: Final = _("People, in tens")
FEW: Final = _("fewer than 10")
OTHERS: Final = _("Each of the others")
ALL: Final = _("Each of them")


def caption(name: str) -> Sentence:
    """What a table counts."""
    return _CAPTIONS[name]


def first(name: str) -> Sentence:
    """What stands above its first column."""
    return _FIRSTS[name]


def note(name: str) -> Sentence:
    """What its bars mean."""
    return _OF_THE_LARGEST


def month(first_day: date) -> str:
    """11/2026: the same in all languages."""
    return formatted(first_day, "n/Y")
