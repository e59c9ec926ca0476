"""The JSON Schema 2020-12 of a copy's document, made of the same fields as the document. `manage.py export_schema` writes it beside its documentation."""

from __future__ import annotations

from typing import Any

from aurora.journeys._export_document import FORMAT
from aurora.journeys._export_part import KINDS, Part
from aurora.journeys._export_parts import PARTS

ID = "urn:aurora:export:schema:2"
_UUID = "^urn:uuid:[0-9a-f-]{36}$"


def schema() -> dict[str, Any]:
    """Whatever stands in a copy and not here is an error, and so is a key that is missing of those that every copy has."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "A citizen's copy of all that Aurora holds of them",
        "type": "object",
        "required": [
            "@context",
            "@id",
            "@type",
            "format",
            "made_at",
            "entry",
            "made_for",
            "made_in",
            *(p.name for p in PARTS if p.mandated),
        ],
        "additionalProperties": False,
        "properties": {
            "@context": {"type": "object", "required": ["@version", "@vocab"]},
            "@id": {"type": "string", "pattern": _UUID},
            "@type": {"const": ["dpv:PersonalData", "prov:Entity"]},
            "format": {"const": FORMAT},
            "made_at": {"type": "string", "format": "date-time"},
            "entry": {"type": "string", "pattern": _UUID},
            "made_for": {"enum": ["citizen", "guardian", "power_of_attorney", "estate"]},
            "made_by": {"type": "string"},
            "made_in": {"enum": ["fi", "sv", "en"]},
            **{part.name: {"type": "array", "items": {"$ref": f"#/$defs/{part.name}"}} for part in PARTS},
        },
        "$defs": {part.name: _record(part) for part in PARTS},
    }


def _record(part: Part) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["@type"],
        "additionalProperties": False,
        "properties": {
            "@id": {"type": "string", "pattern": _UUID},
            "@type": {"const": list(part.type)},
            **{one.name: KINDS[one.kind][0] for one in part.fields},
        },
    }
