"""The machine-readable half of a copy: one JSON-LD 1.1 document with a context of its own, written piece by piece.

DPV as in receipts, schema.org for people and facts, PROV-O for where facts come from. What they have no word for is `urn:aurora:export:<name>`. The order
of keys and records is fixed: two copies of the same state differ by their id and moment only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from aurora.journeys._export_part import KINDS, TERMS, Asked, Part, at

FORMAT = "aurora-export-2"
PREFIXES = {
    "dpv": "https://w3id.org/dpv#",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "schema": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
HEAD = {"format": "dct:conformsTo", "made_at": "dct:created", "entry": "prov:wasGeneratedBy", "made_for": "dct:audience"}


@cache
def kinds() -> dict[str, str]:
    """By name of a field its kind, over all parts: a name means one thing in the whole document. Raises `ValueError` where it means two."""
    from aurora.journeys._export_parts import PARTS

    found: dict[str, str] = {}
    for part in PARTS:
        for one in part.fields:
            if found.setdefault(one.name, one.kind) != one.kind:
                raise ValueError(f"the field {one.name} is of two kinds")
    return found


def context() -> dict[str, Any]:
    """The JSON-LD context: `@vocab` gives each name that no other vocabulary has an IRI, so that no key is dropped."""
    made: dict[str, Any] = {"@version": 1.1, "@vocab": "urn:aurora:export:", **PREFIXES}
    made["made_at"] = {"@id": HEAD["made_at"], "@type": "xsd:dateTime"}
    made["format"] = {"@id": HEAD["format"]}
    for name, kind in sorted(kinds().items()):
        if name in made:
            made[name] = {**made[name], **KINDS[kind][1]}
            continue
        said = {"@id": TERMS.get(name, f"urn:aurora:export:{name}"), **KINDS[kind][1]}
        made[name] = said
    made["entry"] = {"@id": "urn:aurora:export:entry", "@type": "@id"}
    return made


def written(asked: Asked, parts: Iterable[Part], *, reached: Callable[[Part], None]) -> Iterator[bytes]:
    """The document in pieces. `reached` is called as each part begins."""
    whose = "citizen" if asked.doing is None else asked.doing.mandate.kind.value
    head = {
        "@context": context(), "@id": f"urn:uuid:{asked.export_id}", "@type": ["dpv:PersonalData", "prov:Entity"], "format": FORMAT,
        "made_at": at(asked.now), "entry": f"urn:uuid:{asked.permit.id}", "made_for": whose,
        **({"made_by": asked.doing.attorney_name} if asked.doing else {}), "made_in": asked.language,
    }  # fmt: skip
    yield plain(head).removesuffix(b"}")
    for part in parts:
        reached(part)
        yield b",\n" + plain(part.name) + b":["
        comma = b"\n"
        for found in part.records(asked):
            yield comma + plain({"@type": list(part.type), **found})
            comma = b",\n"
        yield b"]"
    yield b"}\n"


def plain(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "surrogatepass")
