"""Procedure: what was done, and when. Only what was completed; of the same procedure done twice, the last time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aurora.sources.connectors.answer import Times
from aurora.sources.connectors.fhir.taken import Taken, key_of, rank
from aurora.sources.connectors.fhir.when import first_day, instant

SNOMED, ICD10PCS = "http://snomed.info/sct", "http://www.cms.gov/Medicare/Coding/ICD10"


def take(found: Any, settings: Mapping[str, Any], at: datetime) -> tuple[Taken, ...]:
    """At most one fact: that it has been done holds from its day on, and has no end."""
    named = key_of(found.code, _systems(settings))
    if found.status != "completed" or named is None:
        return ()
    done = found.performedDateTime or getattr(found.performedPeriod, "start", None)
    seen = instant(done) or at
    key, text = named
    return (Taken(key, rank(seen, found.id), text, Times(seen, first_day(done), None)),)


def _systems(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    own = [("national", settings["procedure_system"])] if "procedure_system" in settings else []
    return [*own, ("snomed", SNOMED), ("icd10pcs", ICD10PCS)]
