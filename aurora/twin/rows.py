"""New rows of the Fact table, many by one statement.

Django's `bulk_create` takes some 500 us of a processor's time a fact, in which every value is put into the statement's text; this takes 20
(docs/decisions/pulls.md). COPY is not to be had: PostgreSQL refuses it where row-level security holds (manual, "COPY", Notes).
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from aurora.identity import vault
from aurora.twin.sealing import fact_context
from aurora.twin.sealing import plain as sealed_plain
from aurora.twin.values import NewFact
from consent import wire

# What a model derived comes a few facts at a time and has columns of its own: those rows are made by Django.
_INSERT = b"""
WITH made AS (
  INSERT INTO twin_fact (
    id, citizen_id, category, category_version, mark, sealed, provenance, source, pull_id, observed_at, valid_from, valid_to, recorded_at, derived_through
  )
  SELECT n.id, $1, n.category, n.category_version, n.mark, n.sealed, n.provenance, n.source, $2, n.observed_at, n.valid_from, n.valid_to, $3, '{}'
  FROM unnest($4::uuid[], $5::text[], $6::int2[], $7::bytea[], $8::bytea[], $9::text[], $10::text[], $11::timestamptz[], $12::date[], $13::date[])
    AS n(id, category, category_version, mark, sealed, provenance, source, observed_at, valid_from, valid_to)
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
    ids = [uuid.uuid4() for _ in facts]
    sealed = [
        vault.seal(plain(f), citizen_id=citizen_id, context=fact_context(i, f.category, m))
        for i, f, m in zip(ids, facts, marks, strict=True)
    ]
    made = wire.call(
        connection,
        _INSERT,
        [
            citizen_id.bytes, None if pull_id is None else pull_id.bytes, wire.timestamptz(now), wire.uuid_array(ids),
            wire.text_array([f.category for f in facts]), wire.int2_array([f.category_version for f in facts]), wire.bytea_array(marks),
            wire.bytea_array(sealed), wire.text_array([f.provenance for f in facts]), wire.text_array([f.source for f in facts]),
            wire.timestamptz_array([f.observed_at for f in facts]), wire.date_array([f.valid_from for f in facts]),
            wire.date_array([f.valid_to for f in facts]),
        ],
    )  # fmt: skip
    if struct.unpack("!q", made) != (len(ids),):
        raise RuntimeError("not every fact was kept")
