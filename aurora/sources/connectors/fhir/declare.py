"""What an operator declares of a FHIR server: where it is, which resource stands behind which category, and the nation's own code systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aurora.sources.connectors.declared import SettingsWrong, by_schema
from consent.models import DataCategoryVersion

PATIENT, CONDITION, OBSERVATION, PROCEDURE = RESOURCES = ("Patient", "Condition", "Observation", "Procedure")
WHOLE_AFTER_DAYS = 7
_URI = {"type": "string", "minLength": 1, "maxLength": 200}
_SCHEMA = {
    "type": "object",
    "required": ["fhir_base", "identifier_system", "categories"],
    "additionalProperties": False,
    "properties": {
        "fhir_base": {"type": "string", "pattern": "^https?://[^?#\\s]+[^/?#\\s]$", "maxLength": 200},
        "identifier_system": _URI,
        "region_system": _URI,
        "municipality_system": _URI,
        "marital_status_system": _URI,
        "icd10_system": _URI,
        "procedure_system": _URI,
        "categories": {"type": "object", "minProperties": 1, "additionalProperties": {"enum": list(RESOURCES)}},
        "whole_after_days": {"type": "integer", "minimum": 0, "maximum": 366},
    },
}


def check(settings: Mapping[str, Any], categories: Mapping[str, DataCategoryVersion]) -> None:
    """Raises `SettingsWrong`. Every category of the source is read from one resource, and no other is named."""
    by_schema(_SCHEMA, settings)
    named = set(settings["categories"])
    if unknown := sorted(named - set(categories)):
        raise SettingsWrong(f"settings/categories: {unknown[0]} is no category of this source")
    if missing := sorted(set(categories) - named):
        raise SettingsWrong(f"settings/categories: {missing[0]} is read from no resource")


def base_of(settings: Mapping[str, Any]) -> str:
    """The service base URL (R4, "RESTful API"), without a slash at its end."""
    return str(settings["fhir_base"])
