"""Sealing anew, under the newest key-encryption key, what former ones have sealed; while web and workers go on.

As the owner of the tables, whom row-level security lets pass: a command of an operator's, not the service's. Each value is changed only if it is
still what was read, some hundred a transaction; killed at any moment and begun again, it goes on with what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.db.models import BinaryField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Length

from aurora import crash
from aurora.identity import keys
from aurora.identity.kek.errors import KeyUnavailable

BATCH = 200


@dataclass(frozen=True)
class PlatformColumn:
    """A column that is sealed for the platform. `context` is given the values of `of`, which are Django's names of fields.

    `kek_id`: the column beside it that names the key, where there is one.
    """

    model: type[models.Model]
    column: str
    of: Sequence[str]
    context: Callable[..., bytes]
    kek_id: str = ""

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.column}"


@dataclass(frozen=True)
class Progress:
    """Of one column, or of all at the end: how many were sealed anew, and how many no key that is named opens."""

    column: PlatformColumn
    anew: int
    stuck: int


class _Start(Func):
    function, template, output_field = "substring", f"substring(%(expressions)s FROM 1 FOR {keys.HEAD_BYTES})", BinaryField()


def left(column: PlatformColumn) -> QuerySet[Any]:
    """The rows whose value the newest key has not sealed. An empty value is none: what it was is erased."""
    rows = column.model._default_manager.annotate(_start=_Start(F(column.column)), _length=Length(column.column))
    return rows.filter(Q(_length__gt=0) & ~Q(_start=Value(keys.newest_head(), output_field=BinaryField())))


def rewrap(columns: Iterable[PlatformColumn]) -> Iterator[Progress]:
    """Go through all columns, again and again until a round finds nothing to do. Yields after each batch. Raises `KeyUnavailable` when a key is away."""
    columns = tuple(columns)
    while True:
        anew = 0
        for column in columns:
            for progress in _column(column):
                anew += progress.anew
                yield progress
        if not anew:
            return


def _column(column: PlatformColumn) -> Iterator[Progress]:
    after: Any = None
    while True:
        with transaction.atomic():
            rows = left(column).order_by("pk")
            if after is not None:
                rows = rows.filter(pk__gt=after)
            found = list(rows.values_list("pk", column.column, *column.of)[:BATCH])
            anew = stuck = 0
            for pk, sealed, *values in found:
                moved = _one(column, pk, bytes(sealed), values)
                anew, stuck = anew + (moved is True), stuck + (moved is None)
        crash.reach("rewrap.batch")
        if found:
            yield Progress(column, anew, stuck)
        if len(found) < BATCH:
            return
        after = found[-1][0]


def _one(column: PlatformColumn, pk: Any, sealed: bytes, values: Sequence[Any]) -> bool | None:
    """True: sealed anew. False: somebody else changed it meanwhile. None: none of our keys opens it."""
    context = column.context(*values)
    try:
        plain = keys.open_for_platform(sealed, context=context)
    except KeyUnavailable:
        keys.try_keks()  # raises when it is the key that is away, and not the value that is strange
        return None
    changes = {column.column: keys.seal_for_platform(plain, context=context)} | ({column.kek_id: keys.kek_id()} if column.kek_id else {})
    return column.model._default_manager.filter(pk=pk, **{column.column: sealed}).update(**changes) == 1
