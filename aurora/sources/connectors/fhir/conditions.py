"""Condition: what was found, since when and until when. Entered in error, refuted and not confirmed are left out, and so is what has no known code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from aurora.sources.connectors.answer import Times
from aurora.sources.connectors.fhir.taken import Taken, codes, key_of, rank
from aurora.sources.connectors.fhir.when import first_day, instant, last_day

ICD10, ICPC2, SNOMED = "http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icpc-2", "http://snomed.info/sct"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_HOLDS = {"active", "recurrence", "relapse"}
_OVER = {"inactive", "remission", "resolved"}


def take(found: Any, settings: Mapping[str, Any], at: datetime) -> tuple[Taken, ...]:
    """At most one fact. A source that verifies nothing (no verificationStatus) is taken at its word."""
    verified = codes(found.verificationStatus, _VERIFICATION)
    if found.verificationStatus is not None and verified != {"confirmed"}:
        return ()
    named = key_of(found.code, _systems(settings))
    since, until = _onset(found), _abatement(found)
    status = codes(found.clinicalStatus, _CLINICAL)
    # Over, but nobody says since when: "until" would be made up, and without it the fact would say that it holds.
    if named is None or not status <= _HOLDS | _OVER or (status & _OVER and until is None) or (since and until and until < since):
        return ()
    seen = instant(found.recordedDate) or at
    began = instant(found.onsetDateTime) or instant(getattr(found.onsetPeriod, "start", None)) or seen
    key, text = named
    # What holds comes before what is over: somebody who is ill again is ill.
    return (Taken(key, rank(began, found.id, before="0" if until else "1"), text, Times(seen, since, until)),)


def _systems(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    own = [("icd10", settings["icd10_system"])] if "icd10_system" in settings else []
    return [*own, ("icd10", ICD10), ("icpc2", ICPC2), ("snomed", SNOMED)]


def _onset(found: Any) -> date | None:
    return first_day(found.onsetDateTime) or first_day(getattr(found.onsetPeriod, "start", None))


def _abatement(found: Any) -> date | None:
    return last_day(found.abatementDateTime) or last_day(getattr(found.abatementPeriod, "end", None))
