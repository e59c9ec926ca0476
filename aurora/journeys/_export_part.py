"""What a part of a citizen's copy is: a name, its fields, the tables that it tells of, and a function that yields one record after the other.

A record is plain JSON by the names of its fields; what is None is left out. From the fields come the JSON-LD context (`_export_document`), the JSON
Schema (docs/citizen/export.schema.json) and the readable page's columns (`_export_pages`), so that the three cannot part ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from consent.acting import Acting
from consent.records import moment
from consent.rules import Permit

BATCH = 500
Record = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """For whom a copy is made. `permit`: of its entry, in whose transaction the parts are read. `doing`: on which mandate, if on one."""

    citizen_id: UUID
    export_id: UUID
    language: str
    now: datetime
    permit: Permit
    entry_seq: int
    doing: Acting | None = None


@dataclass(frozen=True)
class Field:
    """`kind` in KINDS says how it is written and read. `shown`: a column of the readable page's table; the JSON has all."""

    name: str
    kind: str
    shown: bool = False


@dataclass(frozen=True)
class Part:
    """`type`: of each record, by the context's prefixes. `tables`: what it tells of, all of it. `mandated`: whoever acts for the citizen gets it too."""

    name: str
    type: tuple[str, ...]
    fields: tuple[Field, ...]
    records: Callable[[Asked], Iterator[Record]] = field(repr=False)
    tables: tuple[str, ...] = ()
    mandated: bool = False


# By kind: its JSON Schema, and what the JSON-LD context says of its values.
KINDS: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "text": ({"type": "string"}, {}),
    "code": ({"type": "string"}, {}),
    "number": ({"type": "integer"}, {}),
    "flag": ({"type": "boolean"}, {}),
    "moment": ({"type": "string", "format": "date-time"}, {"@type": "xsd:dateTime"}),
    "day": ({"type": "string", "format": "date"}, {"@type": "xsd:date"}),
    "ref": ({"type": "string", "pattern": "^urn:uuid:[0-9a-f-]{36}$"}, {"@type": "@id"}),
    "refs": ({"type": "array", "items": {"type": "string", "pattern": "^urn:uuid:[0-9a-f-]{36}$"}}, {"@type": "@id"}),
    "agency": ({"type": "string", "pattern": "^urn:aurora:agency:"}, {"@type": "@id"}),
    "purpose": ({"type": "string", "pattern": "^urn:aurora:purpose:"}, {"@type": "@id"}),
    "category": ({"type": "string", "pattern": "^urn:aurora:category:"}, {"@type": "@id"}),
    "categories": ({"type": "array", "items": {"type": "string", "pattern": "^urn:aurora:category:"}}, {"@type": "@id"}),
    "codes": ({"type": "array", "items": {"type": "string"}}, {}),
    "iri": ({"type": "string", "format": "iri"}, {"@type": "@id"}),
    # A text in each language, by its code.
    "words": (
        {"type": "object", "additionalProperties": {"type": "string"}, "propertyNames": {"enum": ["fi", "sv", "en"]}},
        {"@container": "@language"},
    ),
    # Whatever JSON: as it is kept.
    "json": (True, {"@type": "@json"}),  # type: ignore[dict-item]
    # JSON whose sentences a person reads one after the other.
    "prose": (True, {"@type": "@json"}),  # type: ignore[dict-item]
    # A value of a fact, which its category's schema describes.
    "value": ({"type": ["string", "number", "boolean", "null"]}, {"@type": "@json"}),
    # A document with a context of its own, such as a receipt.
    "document": ({"type": "object", "required": ["@context"]}, {}),
}
# Fields that other vocabularies have a word for; all others are `urn:aurora:export:<name>`.
TERMS: Mapping[str, str] = {
    "value": "schema:value",
    "key": "schema:propertyID",
    "name": "schema:name",
    "title": "dct:title",
    "text": "schema:text",
    "email": "schema:email",
    "language": "dct:language",
    "national_id": "schema:identifier",
    "category": "dpv:hasPersonalData",
    "purpose": "dpv:hasPurpose",
    "recipient": "dpv:hasRecipient",
    "source": "dpv:hasDataSource",
    "legal_basis": "dpv:hasLegalBasis",
    "broader": "skos:broader",
    "observed_at": "schema:observationDate",
    "valid_from": "schema:validFrom",
    "valid_to": "schema:validThrough",
    "recorded_at": "prov:generatedAtTime",
    "superseded_at": "prov:invalidatedAtTime",
    "pull": "prov:wasGeneratedBy",
    "derived_by": "prov:wasAttributedTo",
    "derived_from": "prov:wasDerivedFrom",
    "started_at": "prov:startedAtTime",
    "finished_at": "prov:endedAtTime",
    "description": "dct:description",
}


def fields(kind: str, names: str, *, shown: str = "") -> tuple[Field, ...]:
    """Fields of one kind, by names with spaces between; those of `shown` are columns."""
    return tuple(Field(name, kind, name in shown.split()) for name in names.split())


def ref(found: UUID | str | None) -> str | None:
    """The name of a row: of this platform, and of nobody else."""
    return f"urn:uuid:{found}" if found else None


def agency(code: str | None) -> str | None:
    return f"urn:aurora:agency:{code}" if code else None


def purpose(code: str | None) -> str | None:
    return f"urn:aurora:purpose:{code}" if code else None


def category(code: str) -> str:
    return f"urn:aurora:category:{code}"


def at(found: datetime | date | None) -> str | None:
    """RFC 3339; a moment in UTC."""
    if found is None:
        return None
    return moment(found) if isinstance(found, datetime) else found.isoformat()


def record(of_id: UUID | str | None = None, **values: Any) -> Record:
    """A record without what is not known of it. In JSON-LD null is no value, and would be dropped."""
    named = {"@id": ref(of_id)} if of_id else {}
    return named | {name: value for name, value in values.items() if value is not None}
