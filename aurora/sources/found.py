"""All that a worker must know of a pull before it asks: read at once, while the pull's row is locked (`pulls.look`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aurora.sources.breaker import Seen


@dataclass(frozen=True, repr=False)
class Source:
    """The source, as it is declared now. `active`: it is in use, and its agency is."""

    id: UUID
    code: str
    active: bool
    connector: str
    issuer: str
    client_id: str
    key_sealed: bytes
    settings: Mapping[str, Any]


@dataclass(frozen=True, repr=False)
class Tokens:
    """A connection's columns, sealed under its citizen's key. `live`: it stands."""

    live: bool
    access: bytes
    refresh: bytes | None
    until: datetime
    context: bytes | None


@dataclass(frozen=True, repr=False)
class Found:
    """One pull. `versions`: of each of its categories the row of the version in force; `marks`: sealed, of those that have one."""

    pull_id: UUID
    citizen_id: UUID
    connection_id: UUID
    attempt: int
    priority: int
    source: Source
    seen: Seen
    tokens: Tokens
    national_id_sealed: bytes
    versions: Mapping[str, int]
    marks: Mapping[str, bytes]


def found_of(pull_id: UUID, citizen_id: UUID, row: tuple[Any, ...]) -> Found:
    """From the columns of the database's function `pull_look`."""
    attempt, priority, connection_id, source_id, code, active, connector, issuer, client_id, key, settings, *rest = row
    live, access, refresh, until, context, failures, opened_at, retry_at, national_id, categories, versions, marks = rest
    return Found(
        pull_id=pull_id,
        citizen_id=citizen_id,
        connection_id=connection_id,
        attempt=attempt,
        priority=priority,
        source=Source(source_id, code, active, connector, issuer, client_id, bytes(key), json.loads(settings)),
        seen=Seen(failures, opened_at, retry_at),
        tokens=Tokens(live, bytes(access), refresh and bytes(refresh), until, context and bytes(context)),
        national_id_sealed=bytes(national_id),
        versions=dict(zip(categories, versions, strict=True)),
        marks={category: bytes(mark) for category, mark in zip(categories, marks, strict=True) if mark is not None},
    )
