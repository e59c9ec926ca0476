"""Where a citizen complains (GDPR art. 77): the supervisory authority of the jurisdiction that is set. As `aurora.ui.words`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# The countries whose authority this platform names; of any other it says what the law says, without a name.
_NAMED: Final[Mapping[str, tuple[str | Promise, str]]] = {
    "FI": (
        _(
            "You can complain to the supervisory authority, which in Finland is the Office of the Data Protection Ombudsman. It costs nothing."
        ),
        "https://tietosuoja.fi/",
    ),
    "SE": (
        _(
            "You can complain to the supervisory authority, which in Sweden is the Swedish Authority for Privacy Protection. It costs nothing."
        ),
        "https://www.imy.se/",
    ),
}
_ANY: Final[tuple[str | Promise, str]] = (
    _(
        "You can complain to the data protection authority of the country where you live or work, or where you think that the law was broken. "
        "It costs nothing. The European Data Protection Board lists the authorities."
    ),
    "https://www.edpb.europa.eu/about-edpb/about-edpb/members_en",
)
_MADE_UP: Final[tuple[str | Promise, str]] = (
    _("This is a demonstration in a made-up country: its Office of Invented Privacy does not exist, and no complaint can be sent to it."),
    "",
)


def authority(jurisdiction: str, *, sandbox: bool) -> tuple[str, str]:
    """(sentence, its address or ""). A sandbox that names no country (`EU`) is in a made-up one, whose authority is made up and said to be."""
    sentence, url = _MADE_UP if sandbox and jurisdiction == "EU" else _NAMED.get(jurisdiction, _ANY)
    return str(sentence), url
