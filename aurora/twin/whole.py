"""Everything that a twin ever held and holds still, for the citizen's own copy: through the same door as all reads, a batch at a time.

`read` gives what is current, at once; this gives former versions too, and holds the keys and times of a category, and no more than a batch of values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from aurora.twin.models import Fact
from aurora.twin.read import NotLogged
from aurora.twin.sealing import opened
from aurora.twin.values import FactView
from consent.errors import OutsideTransaction
from consent.rules import Permit

BATCH = 500
# As in `read`: an entry that we see although its transaction is in progress was written by this very transaction.
_LOGGED = """
SELECT categories FROM ledger_ledgerentry e WHERE e.id = %s AND e.permit_id = e.id AND e.citizen_id = %s AND pg_xact_status((
  (pg_current_xact_id()::text::bigint & ~4294967295) + e.xmin::text::bigint)::text::xid8) = 'in progress'
"""


@dataclass(frozen=True)
class Version:
    """A fact with what a current one does not need to say: which fetch it came by, and until when it was what we knew."""

    fact: FactView
    pull_id: UUID | None
    superseded_at: datetime | None


def categories_ever(*, citizen_id: UUID) -> frozenset[str]:
    """The categories of which anything is held, former versions included. In the citizen's scope; opens nothing."""
    return frozenset(Fact.objects.filter(citizen_id=citizen_id).values_list("category", flat=True).distinct())


def versions(permit: Permit) -> Iterator[Version]:
    """Every version of every fact that the permit covers and its entry names: by category, key and source, the oldest first.

    Raises `NotLogged`, `OutsideTransaction` with the first one.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("The twin is read in the transaction that decided and logged.")
    with connection.cursor() as cursor:
        cursor.execute(_LOGGED, [permit.id, permit.citizen_id])
        entry = cursor.fetchone()
    if entry is None:
        raise NotLogged("This permit has no entry in the ledger from this transaction.")
    for category in sorted(permit.categories & set(entry[0])):
        rows = Fact.objects.filter(citizen_id=permit.citizen_id, category=category)
        named = {bytes(row.mark): opened(row, citizen_id=permit.citizen_id)[0] for row in rows.distinct("mark").iterator(chunk_size=BATCH)}
        # The database does not know the order: keys are sealed. What sorts is small; what is told is fetched a batch at a time, once.
        order = sorted((named[bytes(mark)], *rest) for mark, *rest in rows.values_list("mark", "source", "recorded_at", "pk"))
        for begin in range(0, len(order), BATCH):
            wanted = [one[-1] for one in order[begin : begin + BATCH]]
            found = rows.in_bulk(wanted)
            # What was erased since the order was looked at is not there any more.
            yield from (_version(permit, found[pk]) for pk in wanted if pk in found)


def _version(permit: Permit, row: Fact) -> Version:
    key, value = opened(row, citizen_id=permit.citizen_id)
    fact = FactView(
        row.category, row.category_version, key, value, row.provenance, row.source, row.observed_at, row.valid_from,
        row.valid_to, row.recorded_at, row.kept_at, id=row.pk, derived_by=row.derived_by, derived_from=tuple(row.derived_from or ()),
        derived_through=tuple(row.derived_through or ()),
    )  # fmt: skip
    return Version(fact, row.pull_id, row.superseded_at)
