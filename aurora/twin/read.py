"""The one door out of the twin. It takes a `Permit`, and the statement that reads demands the ledger entry of that very permit.

It does not decide and does not log: `consent.rules.decide` and `consent.ledger.append` have done so, in this same transaction.
"""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter

from django.db import connection

from aurora.twin.sealing import fact_context, unsealed
from aurora.twin.values import FactView
from consent.errors import OutsideTransaction
from consent.rules import Permit

# The entry bears the permit's id, which leads to one row of one month. An entry that we see although its transaction is in progress was written by this very transaction: a permit kept for later opens nothing.
_READ = """
SELECT f.id, f.category, f.category_version, f.mark, f.sealed, f.provenance, f.source, f.observed_at, f.valid_from, f.valid_to, f.recorded_at,
  f.kept_at, f.derived_by, f.derived_from, f.derived_through, f.differs, f.in_question
FROM ledger_ledgerentry e LEFT JOIN twin_fact f
  ON f.citizen_id = e.citizen_id AND f.category = ANY(%s) AND f.category = ANY(e.categories) AND {known}
WHERE e.id = %s AND e.permit_id = e.id AND e.citizen_id = %s AND pg_xact_status((
  (pg_current_xact_id()::text::bigint & ~4294967295) + e.xmin::text::bigint)::text::xid8) = 'in progress'
"""
_ORDER = attrgetter("category", "key", "source")  # the database knows no key
_NOW = _READ.format(known="f.superseded_at IS NULL")
# What had been recorded by then and was not yet superseded; of what has been erased since there is nothing. Both sides have an index.
_THEN = _READ.format(known="f.recorded_at <= %s AND (f.superseded_at IS NULL OR f.superseded_at > %s)")


class NotLogged(RuntimeError):
    """A read without its ledger entry: a programming error, and nothing is returned."""


def read(permit: Permit, *, as_of: datetime | None = None) -> tuple[FactView, ...]:
    """The current facts that a permit covers and its entry names, by category, key and source. Raises `NotLogged`, `OutsideTransaction`.

    `as_of`: those that were current at that time instead, of what is still held: what was erased since is not known of any time.
    """
    if not isinstance(permit, Permit):
        raise TypeError("The twin is read with a permit.")
    if not connection.in_atomic_block:
        raise OutsideTransaction("The twin is read in the transaction that decided and logged.")
    with connection.cursor() as cursor:
        times = [] if as_of is None else [as_of, as_of]
        cursor.execute(_NOW if as_of is None else _THEN, [sorted(permit.categories), *times, permit.id, permit.citizen_id])
        rows = cursor.fetchall()
    if not rows:
        raise NotLogged("This permit has no entry in the ledger from this transaction.")
    return tuple(sorted((_view(permit, row) for row in rows if row[0] is not None), key=_ORDER))


def _view(permit: Permit, row: tuple) -> FactView:  # type: ignore[type-arg]
    fact_id, category, version, mark, sealed, provenance, source, observed_at, valid_from, valid_to, recorded_at, kept_at, *derived = row
    by, came_from, through, differs, in_question = derived
    key, value = unsealed(sealed, citizen_id=permit.citizen_id, context=fact_context(fact_id, category, mark))
    return FactView(
        category, version, key, value, provenance, source, observed_at, valid_from, valid_to, recorded_at, kept_at,
        id=fact_id, derived_by=by, derived_from=tuple(came_from or ()), derived_through=tuple(through or ()),
        differs=differs, in_question=in_question,
    )  # fmt: skip
