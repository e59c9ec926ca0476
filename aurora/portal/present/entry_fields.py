"""Which fields an access was about, by the versions of their categories that held then.

The door writes its entry before it reads, and an entry never changes: so the fields are not in it. They follow from the facts, which keep when each
was learnt and when another took its place: nothing is added to the read for it. What has been deleted since can only be told by its category.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aurora.portal.present.vocabulary import Vocabulary
from aurora.twin import queries as twin
from aurora.ui.contexts import Text
from aurora.ui.contexts.entry_fields import CategoryFields, FieldsPart, FieldsState
from consent.facts import every, of_key
from consent.ledger.events import Event
from consent.ledger.models import LedgerEntry
from consent.models import ConsentRecord, DataCategoryVersion

READ = frozenset({
    Event.AGENCY_READ, Event.SUGGESTION_MADE, Event.EVALUATION_MADE, Event.GLASS_READ, Event.TRAINING_COLLECTED,
    Event.OWN_DATA_VIEWED, Event.OWN_DATA_EXPORTED,
})  # fmt: skip
ASKED = frozenset({
    Event.AGENCY_READ_REFUSED, Event.SUGGESTION_REFUSED, Event.EVALUATION_REFUSED, Event.GLASS_REFUSED, Event.TRAINING_REFUSED,
})  # fmt: skip


def part(entry: LedgerEntry, vocabulary: Vocabulary) -> FieldsPart | None:
    """None for what is no access, or of no category. Within `citizen_scope`: two queries more, three where a consent tells the version."""
    if entry.event not in READ | ASKED or not entry.categories:
        return None
    held = twin.held_at(citizen_id=entry.citizen_id, categories=entry.categories, at=entry.at) if entry.event in READ else {}
    agreed = _agreed(entry) if set(entry.categories) - set(held) else {}
    versions = {code: max(version for _, version in held[code]) if code in held else agreed.get(code) for code in entry.categories}
    worded = _worded(versions)
    # A model's estimates and the like have their own page; a category that has left the vocabulary has no fields to name.
    shown = tuple(_fields(entry, code, held.get(code), worded[code]) for code in entry.categories if code in worded)
    return FieldsPart(shown) if shown else None


def _agreed(entry: LedgerEntry) -> dict[str, int]:
    """The versions that the consents behind it were given to."""
    found = ConsentRecord.objects.filter(citizen_id=entry.citizen_id, pk__in=entry.consent_ids).values_list("category_versions", flat=True)
    return {code: version for versions in found for code, version in (versions or {}).items()}


def _worded(versions: Mapping[str, int | None]) -> dict[str, DataCategoryVersion]:
    """Each category at its version, or at the newest where nothing tells which, or the vocabulary has no such version."""
    found: dict[str, DataCategoryVersion] = {}
    for one in DataCategoryVersion.objects.filter(category_id__in=versions).order_by("category_id", "-version"):
        if one.category_id not in found or one.version == versions[one.category_id]:
            found[one.category_id] = one
    return found


def _fields(entry: LedgerEntry, code: str, held: set[tuple[str, int]] | None, worded: DataCategoryVersion) -> CategoryFields:
    named = {key: _label(key, schema) for key, schema in every(worded.schema).items()}
    if entry.event in ASKED:
        return CategoryFields(worded.name, FieldsState.ASKED, tuple(named.values()))
    if held is None:
        return CategoryFields(worded.name, FieldsState.GONE, tuple(named.values()))
    keys = {key for key, _ in held}
    # Of a pattern that stands for many keys the label is said once, however many were read: which illness it was is in no log.
    read = _once(
        [
            named.get(key) or _label(key, of_key(worded.schema, key) or {})
            for key in [*(k for k in named if k in keys), *sorted(keys - set(named))]
        ]
    )
    return CategoryFields(
        worded.name, FieldsState.READ, read, tuple(label for key, label in named.items() if key not in keys and label not in read)
    )


def _once(labels: list[Text]) -> tuple[Text, ...]:
    return tuple(label for number, label in enumerate(labels) if label not in labels[:number])


def _label(key: str, schema: Mapping[str, Any]) -> Text:
    label: Text = schema.get("x-label") or dict.fromkeys(("fi", "sv", "en"), key)
    return label
