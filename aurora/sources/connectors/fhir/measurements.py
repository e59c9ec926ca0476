"""Observation: the newest of each measurement that the vocabulary names, found by its LOINC code. Asked for by these codes: no other is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aurora.sources.connectors.answer import Times
from aurora.sources.connectors.fhir import units
from aurora.sources.connectors.fhir.taken import Taken, codes, rank
from aurora.sources.connectors.fhir.units import Unit
from aurora.sources.connectors.fhir.when import instant

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
PANEL, SMOKING = "85354-9", "72166-2"
_COUNTS = {"final", "amended", "corrected"}


@dataclass(frozen=True)
class Measure:
    """One fact of the category, the codes under which laboratories and wards note it, and its unit."""

    key: str
    loinc: tuple[str, ...]
    unit: Unit


MEASURES = (
    Measure("blood_pressure_systolic", ("8480-6",), units.PRESSURE),
    Measure("blood_pressure_diastolic", ("8462-4",), units.PRESSURE),
    Measure("pulse", ("8867-4",), units.RATE),
    Measure("body_height", ("8302-2",), units.LENGTH),
    Measure("body_weight", ("29463-7",), units.WEIGHT),
    Measure("bmi", ("39156-5",), units.MASS_INDEX),
    Measure("haemoglobin", ("718-7",), units.HAEMOGLOBIN),
    Measure("hba1c", ("59261-8", "4548-4"), units.HBA1C),
    Measure("cholesterol", ("14647-2", "2093-3"), units.CHOLESTEROL),
    Measure("cholesterol_ldl", ("22748-8", "39469-2", "2089-1", "13457-7", "18262-6"), units.CHOLESTEROL),
    Measure("cholesterol_hdl", ("14646-4", "2085-9"), units.CHOLESTEROL),
    Measure("egfr", ("98979-8", "62238-1"), units.FILTRATION),
)
# 72166-2 is answered in SNOMED CT or by LOINC's own answer list (LL2201-3).
_SMOKING: Mapping[tuple[str, str], str] = {
    (SNOMED, "266919005"): "never",
    (SNOMED, "8517006"): "former",
    (SNOMED, "77176002"): "current",
    (SNOMED, "449868002"): "current",
    (SNOMED, "428041000124106"): "current",
    (LOINC, "LA18978-9"): "never",
    (LOINC, "LA15920-4"): "former",
    (LOINC, "LA18976-3"): "current",
    (LOINC, "LA18977-1"): "current",
}
# What a search asks for, and no more.
ASKED = ",".join(f"{LOINC}|{code}" for code in (PANEL, *(c for m in MEASURES for c in m.loinc), SMOKING))


def take(found: Any, settings: Mapping[str, Any], at: datetime) -> tuple[Taken, ...]:
    """A fact, or two of a blood pressure. What was not measured (no value) says nothing; what cannot be read hides what is older."""
    when = instant(_effective(found))
    if found.status not in _COUNTS or when is None:
        return ()
    times, order = Times(when), rank(when, found.id)
    return tuple(Taken(key, order, value, times) for key, value in _values(found))


def _values(found: Any) -> Iterator[tuple[str, Any]]:
    for part in (found, *(found.component or [])):
        known = codes(part.code, LOINC)
        if SMOKING in known and part.valueCodeableConcept is not None:
            yield "smoking", _smoking(part.valueCodeableConcept)
        for measure in MEASURES:
            if known & set(measure.loinc) and _measured(part):
                yield measure.key, None if part.valueQuantity is None else measure.unit.value(part.valueQuantity)


def _measured(part: Any) -> bool:
    """Whether there is a value of any kind: one in words only, such as "not clotted", is one that we cannot read."""
    return part.dataAbsentReason is None and any(
        getattr(part, name) is not None for name in ("valueQuantity", "valueString", "valueCodeableConcept", "valueRange", "valueInteger")
    )


def _smoking(concept: Any) -> str | None:
    return next((_SMOKING[key] for c in concept.coding or [] if (key := (c.system, c.code)) in _SMOKING), None)


def _effective(found: Any) -> Any:
    period = found.effectivePeriod
    return found.effectiveDateTime or found.effectiveInstant or getattr(period, "end", None) or getattr(period, "start", None)
