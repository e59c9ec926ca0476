"""How a form asks who lives in a household, by its fields. As `aurora.ui.words`."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Sentence = str | Promise

_LABELS: Final[Mapping[str, Sentence]] = {
    "household_adults": _("People aged 21 and over"),
    "household_18_to_20": _("People aged 18 to 20"),
    "household_13_to_17": _("Children aged 13 to 17"),
    "household_6_to_12": _("Children aged 6 to 12"),
    "household_under_6": _("Children under 6"),
    "household_elderly": _("Older dependants"),
    "household_spouse_age": _("Your spouse's age"),
}
_HINTS: Final[Mapping[str, Sentence]] = {
    "household_elderly": _("How many of those aged 21 and over are old people whom you look after."),
    "household_spouse_age": _("In years, if you are married."),
}


def label(field: str) -> str:
    return str(_LABELS[field])


def hint(field: str) -> str:
    """Nothing where the label says it all."""
    return str(_HINTS.get(field, ""))
