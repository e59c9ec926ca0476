"""Why a consent must be given anew: what changed its meaning."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy as _

from aurora.ui.words import Sentence

_RENEWALS: Final[Mapping[str, Sentence]] = {
    "purpose": _("It needs your renewed consent because what the data is used for has changed."),
    "recipient": _("It needs your renewed consent because who gets the data has changed."),
}
_DATA: Final = _("It needs your renewed consent because what this data contains has changed.")


def renewal(kind: str) -> str:
    """`kind`: `purpose`, `recipient` or `category`, as `consent.queries.changed_kind` tells."""
    return str(_RENEWALS.get(kind, _DATA))
