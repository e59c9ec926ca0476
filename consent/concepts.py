"""Concepts: facts of several categories that say the same of the world, and which of them decides. From `vocabulary/concepts/*.json`.

Only what truly is the same is one concept: an age at an operation is no age today, children in somebody's care are not the children of their
household. A file that is not as `concept.schema.json` says, or a fact in two concepts, stops what loads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parent / "vocabulary" / "concepts"
SCHEMA = FOLDER / "concept.schema.json"
ORDER, NEWEST = "order", "newest"


class ConceptWrong(ValueError):
    """A document that is no concept; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Concept:
    """`facts`: names `category.key`; with `decides` = `order` the first of them that is known decides. Texts by language.

    `together`: concepts of one such name are decided by one voice: half of one household and half of another is nobody's. "" for none.
    """

    code: str
    facts: tuple[str, ...]
    decides: str
    citizen_may_choose: bool
    name: Mapping[str, str] = field(hash=False)
    why: Mapping[str, str] = field(hash=False)
    together: str = ""

    @property
    def categories(self) -> frozenset[str]:
        return frozenset(fact.rpartition(".")[0] for fact in self.facts)


def read(documents: Iterable[Mapping[str, Any]]) -> tuple[Concept, ...]:
    """In the order of their codes. Raises `ConceptWrong`."""
    check = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    found: dict[str, Concept] = {}
    seen: dict[str, str] = {}
    for doc in documents:
        if error := next(check.iter_errors(doc), None):
            raise ConceptWrong(f"Concept {doc.get('code')}: {error.json_path}: {error.message}")
        for fact in doc["facts"]:
            if fact in seen:
                raise ConceptWrong(f"Concept {doc['code']}: {fact} is in concept {seen[fact]} already.")
            seen[fact] = doc["code"]
        found[doc["code"]] = Concept(
            doc["code"], tuple(doc["facts"]), doc["decides"], doc["citizen_may_choose"], doc["name"], doc["why"], doc.get("together", "")
        )
    return tuple(found[code] for code in sorted(found))


@cache
def concepts() -> tuple[Concept, ...]:
    """All of the vocabulary's. Raises `ConceptWrong`."""
    files = sorted(path for path in FOLDER.glob("*.json") if path != SCHEMA)
    return read(json.loads(path.read_text(encoding="utf-8")) for path in files)


def of_categories(categories: Iterable[str]) -> tuple[Concept, ...]:
    """Those that have a fact in one of the categories."""
    wanted = frozenset(categories)
    return tuple(one for one in concepts() if one.categories & wanted)


def beside(concept: Concept) -> tuple[Concept, ...]:
    """All that are decided together with a concept, itself among them."""
    return tuple(one for one in concepts() if one == concept or (concept.together and one.together == concept.together))


def by_fact() -> Mapping[str, Concept]:
    """Each fact's concept, by `category.key`."""
    return {fact: one for one in concepts() for fact in one.facts}
