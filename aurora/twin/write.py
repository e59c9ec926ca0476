"""Writing and deleting facts. Called by journeys only, in a `citizen_scope`, beside the ledger entry that tells of it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q

from aurora.identity import vault
from aurora.twin import disputes, feedback, rows, training, typed
from aurora.twin.models import Evaluation, Fact, SuggestionRun
from aurora.twin.sealing import fact_context, mark_of, marks_of
from aurora.twin.values import NewFact, Part, Written
from consent import wire

_CURRENT = """
SELECT id, category, category_version, mark, sealed, provenance, source, observed_at, valid_from, valid_to, kept_at, in_question
FROM twin_fact WHERE citizen_id = %s AND category = ANY (%s) AND source = ANY (%s) AND superseded_at IS NULL
"""
_FORGET = b"""
WITH gone AS (
  DELETE FROM twin_evaluation WHERE citizen_id = $1 AND state IN ('done', 'not_applicable')
    AND ($2::text[] IS NULL OR categories && $2::text[]::varchar[]) AND ($3::text IS NULL OR purpose = $3) RETURNING 1
) SELECT count(*) FROM gone"""


def write(
    *,
    citizen_id: UUID,
    facts: Iterable[NewFact],
    now: datetime,
    whole: Collection[Part] | None = None,
    gone: Mapping[Part, Collection[str]] = MappingProxyType({}),
) -> Written:
    """Keep facts, sealed, beside what is current: an equal one stays as it is, with the pull that first brought it; a changed one is superseded.

    `whole`: the (category, source) of which `facts` says all that there is (None: all that it speaks of): what it does not repeat has ended.
    `gone`: the keys that a source says hold no more. What has ended is superseded too, not deleted. Current values are opened in memory only.
    """
    new = list(facts)
    typed.check(new)
    marks = _marks(citizen_id, new)
    told = {(f.category, f.source) for f in new}
    all_said = told if whole is None else set(whole)
    current = _current(citizen_id, told | all_said | set(gone))
    before = dict(current)
    fresh: list[tuple[NewFact, bytes]] = []
    changed: list[_Standing] = []
    same = 0
    for fact, mark in zip(new, marks, strict=True):
        # Taken out as it is met: a key that is said twice becomes two rows, which the table refuses.
        was = current.pop((fact.category, fact.source, mark), None)
        if was is not None and _is_same(citizen_id, was, fact):
            same += 1
            continue
        fresh.append((fact, mark))
        if was is not None:
            changed.append(was)
    no_more = {part: set(marks_of(citizen_id=citizen_id, category=part[0], keys=keys)) for part, keys in gone.items()}
    ended = [
        f
        for (category, source, mark), f in current.items()
        if (category, source) in all_said or mark in no_more.get((category, source), ())
    ]
    over = {f.pk for f in (*changed, *ended)}
    if over:
        Fact.objects.filter(citizen_id=citizen_id, pk__in=over, superseded_at__isnull=True).update(superseded_at=now, kept_at=None)
    # What the citizen had kept is fetched again now, and goes when that goes.
    if kept := [f.pk for f in before.values() if f.kept_at is not None and f.pk not in over]:
        Fact.objects.filter(citizen_id=citizen_id, pk__in=kept).update(kept_at=None)
    for pull_id in {f.pull_id for f, _ in fresh}:
        of_pull = [(f, mark) for f, mark in fresh if f.pull_id == pull_id]
        rows.insert(citizen_id=citizen_id, pull_id=pull_id, facts=[f for f, _ in of_pull], marks=[mark for _, mark in of_pull], now=now)
    # What the citizen has asked to have corrected stays in question until that is answered, whatever the source says meanwhile.
    for former in changed:
        if former.in_question:
            disputes.question(citizen_id=citizen_id, category=former.category, mark=former.mark, source=former.source, is_open=True)
    moved = frozenset({f.category for f, _ in fresh} | {f.category for f in ended})
    disputes.mark(citizen_id=citizen_id, categories=moved)
    return Written(len(fresh) - len(changed), len(changed), same, len(ended), moved)


class _Standing(NamedTuple):
    """A row of what is current: an object of Django's takes ten times as long, and a source may state hundreds."""

    pk: UUID
    category: str
    category_version: int
    mark: bytes
    sealed: bytes
    provenance: str
    source: str
    observed_at: datetime
    valid_from: date | None
    valid_to: date | None
    kept_at: datetime | None
    in_question: bool


def _current(citizen_id: UUID, parts: Iterable[Part]) -> dict[tuple[str, str, bytes], _Standing]:
    """What stands of some parts, by category, source and mark: by the index of `one_current_fact`, in one query."""
    parts = set(parts)
    if not parts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_CURRENT, [citizen_id, sorted({c for c, _ in parts}), sorted({s for _, s in parts})])
        rows = [_Standing(*row) for row in cursor.fetchall()]
    return {(f.category, f.source, bytes(f.mark)): f for f in rows if (f.category, f.source) in parts}


def _marks(citizen_id: UUID, facts: Sequence[NewFact]) -> list[bytes]:
    """By what the table knows the key of each fact."""
    of_each: dict[str, list[str]] = {}
    for fact in facts:
        of_each.setdefault(fact.category, []).append(fact.key)
    found = {category: iter(marks_of(citizen_id=citizen_id, category=category, keys=keys)) for category, keys in of_each.items()}
    return [next(found[fact.category]) for fact in facts]


def _is_same(citizen_id: UUID, was: _Standing, fact: NewFact) -> bool:
    """Whether a source says just what it said: value, times, provenance and the version of the category."""
    about = (was.category_version, was.provenance, was.observed_at, was.valid_from, was.valid_to)
    if about != (fact.category_version, fact.provenance, fact.observed_at, fact.valid_from, fact.valid_to):
        return False
    context = fact_context(was.pk, was.category, bytes(was.mark))
    return vault.open_sealed(was.sealed, citizen_id=citizen_id, context=context) == rows.plain(fact)


def erase(*, citizen_id: UUID, categories: Iterable[str], source: str, kept_too: bool = False) -> int:
    """Delete what one source said about some categories, past versions too, and what was derived. How many facts.

    What the citizen keeps stays, but for `kept_too`.
    """
    categories = list(categories)
    theirs = Fact.objects.filter(citizen_id=citizen_id, category__in=categories, source=source)
    gone, _ = (theirs if kept_too else theirs.filter(kept_at__isnull=True)).delete()
    if gone or theirs.exists():  # of what was never held nothing was derived
        forget_derived(citizen_id=citizen_id, categories=categories)
    return gone


def keep(*, citizen_id: UUID, categories: Iterable[str], source: str, now: datetime) -> int:
    """Mark the current facts as kept by the citizen's wish: no release erases them. Past versions are not kept. How many facts."""
    current = Fact.objects.filter(citizen_id=citizen_id, category__in=list(categories), source=source, superseded_at__isnull=True)
    return current.filter(kept_at__isnull=True).update(kept_at=now)


def erase_kept(*, citizen_id: UUID, category: str, source: str) -> int:
    """Delete what the citizen had kept of one category, and what was derived. How many facts."""
    gone, _ = Fact.objects.filter(citizen_id=citizen_id, category=category, source=source, kept_at__isnull=False).delete()
    forget_derived(citizen_id=citizen_id, categories=[category])
    return gone


def erase_all_kept(*, citizen_id: UUID) -> int:
    """Delete all that the citizen had kept, whatever the source, and what was derived. How many facts."""
    gone, _ = Fact.objects.filter(citizen_id=citizen_id, kept_at__isnull=False).delete()
    forget_derived(citizen_id=citizen_id)
    return gone


def keep_derived(*, citizen_id: UUID, facts: Iterable[NewFact], now: datetime) -> int:
    """Keep what a model worked out, by the citizen's wish; what it had made of the same category before goes. How many facts.

    `facts`: of one category and source, each with `derived_by` and `derived_from`. What other models had made of the former ones goes too.
    """
    new = list(facts)
    typed.check(new)
    for category, source in {(f.category, f.source) for f in new}:
        erase_derived(citizen_id=citizen_id, category=category, source=source)
    Fact.objects.bulk_create(_row(citizen_id, f, now, kept_at=now) for f in new)
    return len(new)


def erase_derived(*, citizen_id: UUID, category: str, source: str) -> int:
    """Delete what a model worked out and the citizen kept, of one category and owner, and what was derived from it. How many facts."""
    gone, _ = Fact.objects.filter(citizen_id=citizen_id, category=category, source=source, derived_by__isnull=False).delete()
    # Suggestions rest on no estimate, and stay.
    Evaluation.objects.filter(citizen_id=citizen_id, state__in=Evaluation.WITH_OUTCOME, categories__contains=[category]).delete()
    return gone


def recall_derived(*, citizen_id: UUID, versions: Iterable[UUID]) -> list[tuple[str, str, int]]:
    """Delete what some versions of models made and the citizen kept, and what was kept of models that had these results for input, however far:
    also where what went in between is gone, or was replaced.

    (category, owner, how many facts) of what went.
    """
    wanted = list(versions)
    theirs = Fact.objects.filter(citizen_id=citizen_id, derived_by__isnull=False)
    found = theirs.filter(Q(derived_by__in=wanted) | Q(derived_through__overlap=wanted))
    parts = sorted(set(found.values_list("category", "source")))
    return [(category, source, erase_derived(citizen_id=citizen_id, category=category, source=source)) for category, source in parts]


def forget_derived(
    *, citizen_id: UUID, categories: Iterable[str] | None = None, purpose: str | None = None, replaced: bool = False
) -> None:
    """Delete what was derived from facts or consents that changed: the suggestions, which are made anew by themselves, and the outcomes of
    evaluations that used one of the `categories` (None: whichever), for the `purpose` if one is named.

    An evaluation that is still open has derived nothing yet: it is decided when it runs. `replaced`: newer facts took the place of the former,
    which the twin keeps as earlier versions: then suggestions that were shown stay as earlier ones too, for their stated time. Rows for training
    go where facts went; their own consent's end is `withdraw`'s to see to.
    """
    categories = None if categories is None else list(categories)
    if not replaced:
        if purpose is None:
            training.forget(citizen_id=citizen_id, categories=categories)
            disputes.erased(citizen_id=citizen_id, categories=categories)
        SuggestionRun.objects.filter(citizen_id=citizen_id).delete()
        feedback.forget_measured(citizen_id=citizen_id)
    of = [None if categories is None else wire.text_array(categories), None if purpose is None else purpose.encode()]
    wire.call(connection, _FORGET, [citizen_id.bytes, *of])


def _row(citizen_id: UUID, fact: NewFact, now: datetime, *, kept_at: datetime | None = None) -> Fact:
    fact_id, mark = uuid.uuid4(), mark_of(citizen_id=citizen_id, category=fact.category, key=fact.key)
    return Fact(
        id=fact_id,
        citizen_id=citizen_id,
        category=fact.category,
        category_version=fact.category_version,
        mark=mark,
        sealed=vault.seal(rows.plain(fact), citizen_id=citizen_id, context=fact_context(fact_id, fact.category, mark)),
        provenance=fact.provenance,
        source=fact.source,
        pull_id=fact.pull_id,
        observed_at=fact.observed_at,
        valid_from=fact.valid_from,
        valid_to=fact.valid_to,
        recorded_at=now,
        kept_at=kept_at,
        derived_by=fact.derived_by,
        derived_from=None if fact.derived_from is None else list(fact.derived_from),
        derived_through=list(fact.derived_through),
    )
