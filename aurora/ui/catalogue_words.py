"""What the catalogue's pages say of services: channels, languages, origins, and rules in words, in the active language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aurora.ui.words import Sentence

_CHANNELS: Final[Mapping[str, Sentence]] = {
    "online": _("Online"),
    "phone": _("By phone"),
    "office": _("At an office"),
    "visit": _("Comes to you"),
    "form": _("On a form"),
}

_LANGUAGES: Final[Mapping[str, Sentence]] = {
    "fi": _("Finnish"),
    "sv": _("Swedish"),
    "en": _("English"),
    "se": _("Northern Sámi"),
    "ar": _("Arabic"),
    "de": _("German"),
    "es": _("Spanish"),
    "et": _("Estonian"),
    "fa": _("Persian"),
    "fr": _("French"),
    "ku": _("Kurdish"),
    "ru": _("Russian"),
    "so": _("Somali"),
    "uk": _("Ukrainian"),
}

_ONLY_IN: Final[Mapping[str, Sentence]] = {
    "fi": _("This service is described only in Finnish."),
    "sv": _("This service is described only in Swedish."),
    "en": _("This service is described only in English."),
}

_ORIGINS: Final[Mapping[str, Sentence]] = {
    "house": _("Aurora's own catalogue"),
    "ptv": _("The Finnish service catalogue (Suomi.fi)"),
    "hsds": _("A catalogue in the Open Referral format"),
}

_FILTERS: Final[Mapping[str, Sentence]] = {
    "place": _("Municipality"),
    "life": _("Life event"),
    "group": _("Who it is for"),
    "kind": _("Subject"),
    "channel": _("How to use it"),
    "spoken": _("Language of service"),
}

_OPERATORS: Final[Mapping[str, Sentence]] = {
    ">=": _("%(what)s: at least %(value)s"),
    "<=": _("%(what)s: at most %(value)s"),
    ">": _("%(what)s: more than %(value)s"),
    "<": _("%(what)s: less than %(value)s"),
    "==": _("%(what)s: %(value)s"),
    "!=": _("%(what)s: not %(value)s"),
    "in": _("%(what)s: one of %(value)s"),
}


def channel(code: str) -> str:
    return str(_CHANNELS.get(code, code))


def spoken(code: str) -> str:
    """The language's name; a code of a language that has none here as it is."""
    return str(_LANGUAGES.get(code, code))


def only_in(language: str) -> str:
    """A sentence: the one language that a service is described in."""
    return str(_ONLY_IN[language])


def origin(code: str) -> str:
    return str(_ORIGINS[code])


def filter_label(name: str) -> str:
    return str(_FILTERS[name])


def filters() -> tuple[str, ...]:
    """In the order of the page."""
    return tuple(_FILTERS)


def compared(operator: str, what: str, value: str) -> str:
    """A condition of a rule: Age: at least 65."""
    return str(_OPERATORS[operator]) % {"what": what, "value": value}


def yes_or_no(truth: bool) -> str:
    return gettext("Yes") if truth else gettext("No")


def everywhere() -> str:
    return gettext("In the whole country")


def in_municipalities(names: tuple[str, ...], more: int) -> str:
    """The first names, and how many there are beside them."""
    listed = ", ".join(names)
    return gettext("%(places)s and %(count)s more") % {"places": listed, "count": more} if more else listed


def cost(free: bool | None) -> str:
    if free is None:
        return ""
    return gettext("Free of charge") if free else gettext("There is a fee")


def not_yet(day: str) -> str:
    return gettext("This service begins on %(day)s.") % {"day": day}


def no_longer(day: str) -> str:
    return gettext("This service ended on %(day)s.") % {"day": day}
