"""What the console says about the service catalogue: fields of a service, imports, answers of a rule, in the active language."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy as _

from aurora.ui.words import Sentence

_FIELDS: Final[Mapping[str, Sentence]] = {
    "name": _("Name"),
    "description": _("Description"),
    "how_to_apply": _("How to apply"),
    "provider": _("Provider"),
    "provider_code": _("Provider's code"),
    "thematic_area": _("Area of life"),
    "life_events": _("Life events"),
    "channels": _("Ways to the service"),
    "rule": _("Whom it is for (rule)"),
    "unseen_grounds": _("Whether the authority weighs other grounds too"),
    "programme": _("Programme of the model"),
    "base": _("Points"),
    "signals": _("Points under conditions"),
    "reach": _("Share of households that it is for"),
    "areas": _("Where it is given"),
    "languages": _("Languages of service"),
    "target_groups": _("Target groups"),
    "service_classes": _("Service classes"),
    "keywords": _("Keywords"),
    "valid_from": _("First day"),
    "valid_until": _("Last day"),
    "requirements": _("Requirements"),
    "details": _("Details"),
    "labels": _("Words of its codes"),
    "contacts": _("Contacts"),
    "requires": _("Needs other services"),
    "related": _("Related services"),
    "free": _("Whether it costs nothing"),
    "origin": _("Origin"),
    "source_id": _("Identifier at its origin"),
    "meters": _("Meters of well-being"),
}

_STATES: Final[Mapping[str, Sentence]] = {
    "open": _("Waiting for a decision"),
    "confirmed": _("Taken into use"),
    "withdrawn": _("Not taken into use"),
}

_PARTS: Final[Mapping[str, Sentence]] = {
    "new": _("New"),
    "changed": _("Changed"),
    "retired": _("Retired"),
    "refused": _("Refused, and left as they were"),
}

_ANSWERS: Final[Mapping[str, Sentence]] = {
    "yes": _("Yes: the rule says that it is for this person."),
    "no": _("No: the rule says that it is not for this person."),
    "unknown": _("Not known: facts are missing that would decide it."),
}

_RANKED: Final[Mapping[bool, Sentence]] = {
    True: _("The model that serves orders it among the programmes. A change here trains no model."),
    False: _("It is ordered by its own points, not by a model."),
}

_COMES_BACK: Final[Mapping[bool, Sentence]] = {
    True: _("It comes with Aurora: after the next upgrade, loading the catalogue brings it back."),
    False: _("It comes back when it is imported again."),
}

_FORMATS: Final[Mapping[str, Sentence]] = {
    "ptv": _("Finnish service catalogue (PTV Open API v11): services and their channels"),
    "hsds": _("Open Referral HSDS 3: services"),
}

_FAULTS: Final[Mapping[str, Sentence]] = {
    "files_required": _("Choose the files."),
    "format_required": _("Choose the format."),
    "reason_required": _("Say why, in at most 200 characters."),
    "deed_required": _("Choose what to do."),
    "value_wrong": _("This is no value of this fact."),
    "catalogue_moved": _("Another catalogue has come into use since. Upload the files again."),
    "import_unknown": _("This import has been decided on."),
}

_UNITS: Final[Mapping[str, Sentence]] = {
    "amount": _("In crowns a year."),
    "age": _("In years."),
    "count": _("How many persons."),
    "meter": _("From 0 to 10."),
    "region": _("A code such as R01."),
    "municipality": _("A code such as 491."),
}

UNKNOWN: Final = _("Not known")


def field(name: str) -> Sentence:
    """A field of a service."""
    return _FIELDS.get(name, name)


def state(code: str) -> Sentence:
    """What became of an import."""
    return _STATES[code]


def part(code: str) -> Sentence:
    """A kind of change."""
    return _PARTS[code]


def answer(code: str) -> Sentence:
    """What a rule says of an invented person."""
    return _ANSWERS[code]


def ranked(*, by_model: bool) -> Sentence:
    """What orders a service among the suggestions."""
    return _RANKED[by_model]


def comes_back(*, shipped: bool) -> Sentence:
    """How a retired service comes back by itself."""
    return _COMES_BACK[shipped]


def format_of(code: str) -> Sentence:
    """A format that can be imported."""
    return _FORMATS[code]


def unit(kind: str) -> Sentence:
    """How a fact is typed; "" where it is chosen."""
    return _UNITS.get(kind, "")


def fault(code: str) -> Sentence | None:
    """What is wrong with a form; None for what only the catalogue can say."""
    return _FAULTS.get(code)
