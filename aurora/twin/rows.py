"""New rows of the Fact table, many by one statement.

Django's `bulk_create` makes an object of each fact and puts every value into the statement's text; this sends arrays, and once what facts have in common:
some 12 us of the database's time a fact and as much of ours, sealing included (docs/decisions/pulls.md). COPY is not to be had: PostgreSQL refuses
it where row-level security holds (manual, "COPY", Notes).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from aurora.identity import vault
from aurora.twin.sealing import fact_context
from aurora.twin.sealing import plain as sealed_plain
from aurora.twin.values import NewFact
from consent import wire
from consent.ids import uuid7

# What a model derived comes a few facts at a time and has columns of its own: those rows are made by Django.
_INSERT = b"""
WITH made AS (
  INSERT INTO twin_fact (
    id, citizen_id, category, category_version, mark, sealed, provenance, source, pull_id, observed_at, valid_from, valid_to, recorded_at, derived_through
  )
  SELECT n.id, $1, a.category, a.category_version, n.mark, n.sealed, a.provenance, a.source, $2, a.observed_at, a.valid_from, a.valid_to, $3, '{}'
  FROM unnest($4::uuid[], $5::bytea[], $6::bytea[], $7::int4[]) AS n(id, mark, sealed, about)
  JOIN unnest($8::text[], $9::int2[], $10::text[], $11::text[], $12::timestamptz[], $13::date[], $14::date[]) WITH ORDINALITY
    AS a(category, category_version, provenance, source, observed_at, valid_from, valid_to, place) ON a.place = n.about
  RETURNING 1
) SELECT count(*) FROM made"""


def plain(fact: NewFact) -> bytes:
    """A fact's key and value as they are sealed."""
    return sealed_plain(fact.key, fact.value)


def insert(*, citizen_id: UUID, pull_id: UUID | None, facts: Sequence[NewFact], marks: Sequence[bytes], now: datetime) -> None:
    """Seal and keep facts of one pull, or of none, under the marks of their keys; none of them derived. In the citizen's scope.

    Raises `IntegrityError`.
    """
    if any(f.derived_by is not None for f in facts):
        raise ValueError("what a model derived is kept by the citizen's wish (`write.keep_derived`)")
    # Of one moment, so that they lie together in the index that every fact of everybody is in.
    ids = [uuid7(now) for _ in facts]
    contexts = [fact_context(i, f.category, m) for i, f, m in zip(ids, facts, marks, strict=True)]
    sealed = vault.seal_each([plain(f) for f in facts], contexts, citizen_id=citizen_id)
    # Most facts of an answer are alike in all but name and value: what they have in common is sent once.
    abouts: dict[tuple[Any, ...], int] = {}
    about = [
        abouts.setdefault(
            (f.category, f.category_version, f.provenance, f.source, f.observed_at, f.valid_from, f.valid_to), len(abouts) + 1
        )
        for f in facts
    ]
    category, version, provenance, source, observed_at, valid_from, valid_to = zip(*abouts, strict=True) if abouts else ((),) * 7
    made = wire.call(
        connection,
        _INSERT,
        [
            citizen_id.bytes, None if pull_id is None else pull_id.bytes, wire.timestamptz(now), wire.uuid_array(ids), wire.bytea_array(marks),
            wire.bytea_array(sealed), wire.int4_array(about), wire.text_array(category), wire.int2_array(version), wire.text_array(provenance),
            wire.text_array(source), wire.timestamptz_array(observed_at), wire.date_array(valid_from), wire.date_array(valid_to),
        ],
    )  # fmt: skip
    if struct.unpack("!q", made) != (len(ids),):
        raise RuntimeError("not every fact was kept")
