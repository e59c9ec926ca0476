"""The rows of what was suggested: one a run, sealed; one a citizen is current. In a `citizen_scope`.

A run goes with the consent and the facts it rests on (`write.forget_derived`), and after a stated time by the sweep.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection as database

from aurora.identity import vault
from aurora.twin.models import SuggestionRun


class RunDamaged(RuntimeError):
    """A run's row cannot be opened, or holds no JSON: it was changed, or belongs elsewhere."""


@dataclass(frozen=True)
class Run:
    """One run. `content`: JSON; `content["record"]` is `recommender.suggesting.replay`'s record."""

    id: UUID
    made_at: datetime
    entry_id: UUID
    basis: str
    current: bool
    content: dict[str, Any] = field(repr=False)


def keep(*, citizen_id: UUID, run_id: UUID, basis: str, entry_id: UUID, content: dict[str, Any], now: datetime) -> None:
    """Make this the current run. After the entry's append, which lets one transaction of a citizen's through at a time."""
    SuggestionRun.objects.filter(citizen_id=citizen_id, current=True).update(current=False)
    plain = json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    sealed = vault.seal(plain, citizen_id=citizen_id, context=_context(run_id))
    SuggestionRun.objects.create(
        id=run_id, citizen_id=citizen_id, made_at=now, basis=basis, entry_id=entry_id, current=True, sealed=sealed
    )  # fmt: skip


def retire(*, citizen_id: UUID) -> None:
    """None is current any more: the next look makes new ones. What was shown stays as an earlier run."""
    SuggestionRun.objects.filter(citizen_id=citizen_id, current=True).update(current=False)


def current(*, citizen_id: UUID) -> Run | None:
    """The run last made. Raises `RunDamaged`."""
    row = SuggestionRun.objects.filter(citizen_id=citizen_id, current=True).first()
    return None if row is None else _opened(row)


def get(run_id: UUID) -> Run | None:
    """One of the citizen's in scope; None for another's. Raises `RunDamaged`."""
    row = SuggestionRun.objects.filter(pk=run_id).first()
    return None if row is None else _opened(row)


def of(citizen_id: UUID) -> tuple[Run, ...]:
    """All that are kept, the newest first; one that cannot be opened is left out."""
    found = []
    for row in SuggestionRun.objects.filter(citizen_id=citizen_id).order_by("-made_at", "id"):
        try:
            found.append(_opened(row))
        except RunDamaged:
            continue
    return tuple(found)


def made_from(run_ids: Iterable[UUID]) -> dict[UUID, frozenset[str]]:
    """By run of the citizen's in scope the categories that it was made from; no entry for one that is gone or cannot be opened. One SELECT."""
    found: dict[UUID, frozenset[str]] = {}
    for row in SuggestionRun.objects.filter(pk__in=set(run_ids)):
        try:
            found[row.pk] = frozenset(_opened(row).content["categories"])
        except RunDamaged:
            continue
    return found


def citizen_of(run_id: UUID) -> UUID | None:
    """Whose it is; None for a row that does not exist."""
    with database.cursor() as cursor:
        cursor.execute("SELECT citizen_of_suggestionrun(%s)", [run_id])
        found: UUID | None = cursor.fetchone()[0]
    return found


def older(*, than: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """(run, citizen) of runs made before, over all citizens, by a function that gives ids only."""
    with database.cursor() as cursor:
        cursor.execute("SELECT run_id, citizen_id FROM suggestionruns_before(%s, %s)", [than, most])
        return [(run_id, citizen_id) for run_id, citizen_id in cursor.fetchall()]


def forget(*, run_id: UUID) -> bool:
    """Delete one. True for the one caller that did."""
    gone, _ = SuggestionRun.objects.filter(pk=run_id).delete()
    return gone == 1


def _opened(row: SuggestionRun) -> Run:
    try:
        content = json.loads(vault.open_sealed(row.sealed, citizen_id=row.citizen_id, context=_context(row.pk)))
    except (vault.VaultClosed, ValueError) as error:
        raise RunDamaged(f"The run {row.pk} cannot be opened.") from error
    return Run(row.pk, row.made_at, row.entry_id, row.basis, row.current, content)


def _context(run_id: UUID) -> bytes:
    """What a run is sealed for: this row."""
    return f"suggestions:{run_id}".encode()
