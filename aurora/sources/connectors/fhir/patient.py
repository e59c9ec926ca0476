"""Patient: whose records these are, and what the health centre has noted of them. Codes by system: a text is no code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from aurora.sources.connectors.fhir.talk import invalid
from aurora.sources.connectors.fhir.when import first_day

LONGEST_IDENTIFIER = 64
_MARITAL = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
# The register knows married and not. Separated, polygamous and the like are neither, and are left out.
_MARITAL_MEANS = {"M": "married", **dict.fromkeys(("S", "U", "D", "W", "A"), "single")}
_SEX = {"female", "male", "other", "unknown"}


def national_id(patient: Any, settings: Mapping[str, Any]) -> str:
    """The one identifier of the nation's system that is in use. Raises `PeerFailed`: none, or two."""
    system = settings["identifier_system"]
    found = {one.value for one in patient.identifier or [] if one.system == system and one.use != "old" and one.value}
    if len(found) != 1 or len(value := str(found.pop())) > LONGEST_IDENTIFIER:
        raise invalid()
    return value


def facts(patient: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What it says of what the vocabulary names; the rest is not looked at."""
    born, address = first_day(patient.birthDate), _home(patient)
    said = {
        "birth_year": born.year if born else None,
        "sex": patient.gender if patient.gender in _SEX else None,
        "marital_status": _marital(patient.maritalStatus, settings),
        "municipality": _coded(address, "city", settings.get("municipality_system")),
        "region": _coded(address, "state", settings.get("region_system")),
    }
    return {key: value for key, value in said.items() if value is not None}


def _marital(concept: Any, settings: Mapping[str, Any]) -> str | None:
    codings = getattr(concept, "coding", None) or []
    own = settings.get("marital_status_system")
    if national := next((c.code for c in codings if own and c.system == own), None):
        return str(national)
    return next((_MARITAL_MEANS[c.code] for c in codings if c.system == _MARITAL and c.code in _MARITAL_MEANS), None)


def _home(patient: Any) -> Any:
    """The address at which the person lives: not a former one, one of a while, or one for letters or bills."""
    homes = [a for a in patient.address or [] if a.use in (None, "home") and a.type != "postal" and _now(a.period)]
    return next(iter(sorted(homes, key=lambda a: a.use != "home")), None)


def _now(period: Any) -> bool:
    until = first_day(getattr(period, "end", None))
    return until is None or until >= timezone.now().date()


def _coded(address: Any, part: str, system: str | None) -> str | None:
    """The code of a place, by an extension with a Coding on that part of the address: R4's own parts are words."""
    primitive = getattr(address, f"{part}__ext", None)
    codings = [extension.valueCoding for extension in getattr(primitive, "extension", None) or [] if extension.valueCoding is not None]
    return next((str(c.code) for c in codings if system and c.system == system and c.code), None)
