"""The access log in a citizen's copy: as pages for a person, and as the bundle that a verifier takes, with both verifiers beside it.

It lies by its running numbers, to which nothing is added in between: no transaction is open while it is written.
"""

from __future__ import annotations

from collections.abc import Iterator

from aurora.journeys._export_part import BATCH, Asked, Part, Record, agency, at, category, fields, purpose, record
from consent.ledger.models import LedgerEntry
from consent.scope import citizen_scope


def entries(asked: Asked) -> Iterator[Record]:
    """The entries up to the copy's own, newest first, as columns tell them."""
    after: tuple[int, object] | None = None
    while True:
        with citizen_scope(asked.citizen_id):
            mine = LedgerEntry.objects.filter(citizen_id=asked.citizen_id, seq__lte=asked.entry_seq if after is None else after[0])
            if after is not None:
                mine = mine.exclude(seq=after[0], id__gte=after[1])
            found = list(mine.order_by("-seq", "-id").defer("sealed")[:BATCH])
        for row in found:
            yield record(
                row.pk, number=row.seq, at=at(row.at), event=row.event, actor=agency(row.actor), purpose=purpose(row.purpose),
                categories=[category(code) for code in row.categories], decision=row.decision, source=agency(row.source),
            )  # fmt: skip
        if len(found) < BATCH:
            return
        after = (found[-1].seq, found[-1].pk)


ACTIVITY = Part(
    "activity", ("dpv:Record",),
    (
        *fields("number", "number", shown="number"), *fields("moment", "at", shown="at"), *fields("code", "event", shown="event"),
        *fields("agency", "actor", shown="actor"), *fields("purpose", "purpose", shown="purpose"),
        *fields("categories", "categories", shown="categories"), *fields("code", "decision", shown="decision"), *fields("agency", "source"),
    ),
    entries,
)  # fmt: skip
