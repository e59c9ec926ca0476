"""How a fact is named and sealed: its key lies inside, beside its value, and outside stands a mark of it (docs/decisions/vault.md).

A key can say as much as a value: `icd10.J45.9` is an illness. The mark finds the same key of the same citizen again, for who has the citizen's
key. It is part of what the fact is sealed for: a fact that was given another one's mark does not open.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from aurora.identity import vault

_STEP = 32
_JSON = json.JSONEncoder(ensure_ascii=False).encode  # `json.dumps` makes one for each value


def mark_of(*, citizen_id: UUID, category: str, key: str) -> bytes:
    """By what the table knows this key. Raises `VaultClosed`."""
    return vault.mark(f"fact\0{category}\0{key}".encode(), citizen_id=citizen_id)


def marks_of(*, citizen_id: UUID, category: str, keys: Iterable[str]) -> list[bytes]:
    """Those of several keys of one category, in their order."""
    return vault.marks([f"fact\0{category}\0{key}".encode() for key in keys], citizen_id=citizen_id)


def fact_context(fact_id: object, category: str, mark: bytes) -> bytes:
    """What a fact is sealed for: this row, of this category, under this mark."""
    return f"fact:{fact_id}:{category}:".encode() + mark


def plain(key: str, value: Any) -> bytes:
    """Key and value as they are sealed: JSON, filled up with blanks, so that the length tells less of which key or value it is."""
    said = _JSON((key, value)).encode()
    return said.ljust(len(said) + -len(said) % _STEP)


def opened(row: Any, *, citizen_id: UUID) -> tuple[str, Any]:
    """Key and value of a row (`pk`, `category`, `mark`, `sealed`) of this citizen's. Raises `VaultClosed`."""
    return unsealed(row.sealed, citizen_id=citizen_id, context=fact_context(row.pk, row.category, bytes(row.mark)))


def unsealed(sealed: bytes | memoryview, *, citizen_id: UUID, context: bytes) -> tuple[str, Any]:
    """What `plain` was given, of what was sealed for this place. Raises `VaultClosed`."""
    key, value = json.loads(vault.open_sealed(sealed, citizen_id=citizen_id, context=context))
    return key, value
