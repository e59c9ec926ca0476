"""What an erasure takes away, room by room: each part counts what there is, and takes it, a bounded number of rows at a time, again and again.

A new personal table belongs into one of these parts, or into `STAYS` with a reason: `tests/erasure/test_parts.py` fails until it does. A part with no
`erase` goes with the account alone, by the database function `erasures_account`, which finds tables by their column `citizen_id`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from aurora.corrections.models import Correction
from aurora.twin import disputes, feedback, training, write
from aurora.twin.choices import FactChoice
from aurora.twin.models import Evaluation, Fact, Feedback, SuggestionRun, TrainingRow
from consent import queries
from recommender.models import EvaluatorVersion

Row = TypeVar("Row", bound=Model)
MOST = 2_000  # rows in one transaction
SOURCE, CATEGORY, EVERYTHING = "source", "category", "everything"


@dataclass(frozen=True)
class Scope:
    """What is to be erased: `kind` and the code of the source or category."""

    kind: str
    code: str = ""

    @property
    def everything(self) -> bool:
        return self.kind == EVERYTHING


@dataclass(frozen=True)
class Part:
    """`count(citizen_id, scope)` is how many rows there are; `erase(citizen_id, scope, now)` takes at most `MOST` and says how many: 0, and it is done.

    `tables`: those that it answers for.
    """

    name: str
    tables: tuple[str, ...]
    count: Callable[[UUID, Scope], int] | None = field(default=None, repr=False)
    erase: Callable[[UUID, Scope, datetime], int] | None = field(default=None, repr=False)


def _within(mine: QuerySet[Row], scope: Scope) -> QuerySet[Row]:
    """Of rows that name a source and a category."""
    if scope.everything:
        return mine
    return mine.filter(source=scope.code) if scope.kind == SOURCE else mine.filter(category=scope.code)


def facts_in(citizen_id: UUID, scope: Scope) -> QuerySet[Fact]:
    """Past versions and kept ones too."""
    return _within(Fact.objects.filter(citizen_id=citizen_id), scope)


def reach(citizen_id: UUID, scope: Scope) -> frozenset[str] | None:
    """The categories of the scope; None: all. Of a source also those whose facts are gone already: something may rest on them still."""
    if scope.everything:
        return None
    if scope.kind == CATEGORY:
        return frozenset({scope.code})
    held = facts_in(citizen_id, scope).values_list("category", flat=True).distinct()
    return frozenset({*held, *(c.category_id for c in queries.current_categories(source=scope.code))})


def through_models(citizen_id: UUID, categories: frozenset[str]) -> frozenset[str]:
    """With the categories that models worked out from these, and from those, however far: by what their contracts take in, since the facts may be gone."""
    made = Fact.objects.filter(citizen_id=citizen_id, derived_by__isnull=False).values_list("category", "derived_by", "derived_through")
    rows = [(category, {v for v in (by, *through) if v is not None}) for category, by, through in made]
    takes = {v.pk: set(v.contract.categories) for v in EvaluatorVersion.objects.filter(pk__in={v for _, behind in rows for v in behind})}
    reached = set(categories)
    while more := {c for c, behind in rows if c not in reached and any(takes.get(v, set()) & reached for v in behind)}:
        reached |= more
    return frozenset(reached)


def _count_facts(citizen_id: UUID, scope: Scope) -> int:
    # An estimate is a fact too, and goes once.
    return facts_in(citizen_id, scope).exclude(pk__in=_estimates(citizen_id, scope).values("pk")).count()


def _erase_facts(citizen_id: UUID, scope: Scope, now: datetime) -> int:
    gone = _take(facts_in(citizen_id, scope))
    if gone:  # what they disagreed with is undisputed
        disputes.erased(citizen_id=citizen_id, categories=None)
    return gone


def _estimates(citizen_id: UUID, scope: Scope) -> QuerySet[Fact]:
    made = Fact.objects.filter(citizen_id=citizen_id, derived_by__isnull=False)
    categories = reach(citizen_id, scope)
    return made if categories is None else made.filter(category__in=through_models(citizen_id, categories))


def _count_estimates(citizen_id: UUID, scope: Scope) -> int:
    return _estimates(citizen_id, scope).count()


def _erase_estimates(citizen_id: UUID, scope: Scope, now: datetime) -> int:
    """Before the facts, and what others made of them first: as long as the facts are there, it is known what rests on them."""
    _forget_outcomes(citizen_id, scope)
    return _take(_estimates(citizen_id, scope))


def _forget_outcomes(citizen_id: UUID, scope: Scope) -> None:
    """Also those of which no estimate was kept, which is how most are."""
    categories = reach(citizen_id, scope)
    write.forget_derived(citizen_id=citizen_id, categories=None if categories is None else through_models(citizen_id, categories))


def _outcomes(citizen_id: UUID, scope: Scope) -> QuerySet[Evaluation]:
    made = Evaluation.objects.filter(citizen_id=citizen_id)
    categories = reach(citizen_id, scope)
    return made if categories is None else made.filter(categories__overlap=sorted(through_models(citizen_id, categories)))


def _count_outcomes(citizen_id: UUID, scope: Scope) -> int:
    return _outcomes(citizen_id, scope).count()


def _erase_outcomes(citizen_id: UUID, scope: Scope, now: datetime) -> int:
    """Those that are open too: they are asked for again by whoever wants one."""
    return _take(_outcomes(citizen_id, scope))


def _rows_for_training(citizen_id: UUID, scope: Scope) -> QuerySet[TrainingRow]:
    rows = TrainingRow.objects.filter(citizen_id=citizen_id)
    categories = reach(citizen_id, scope)
    return rows if categories is None else rows.filter(categories__overlap=sorted(through_models(citizen_id, categories)))


def _count_training(citizen_id: UUID, scope: Scope) -> int:
    return _rows_for_training(citizen_id, scope).count()


def _erase_training(citizen_id: UUID, scope: Scope, now: datetime) -> int:
    """Datasets note it, and a model that learnt from too many rows that are gone is made anew (`registry/datasets.py`)."""
    categories = reach(citizen_id, scope)
    return training.forget(citizen_id=citizen_id, categories=None if categories is None else through_models(citizen_id, categories))


def _count_runs(citizen_id: UUID, scope: Scope) -> int:
    return SuggestionRun.objects.filter(citizen_id=citizen_id).count()


def _erase_runs(citizen_id: UUID, scope: Scope, now: datetime) -> int:
    """All: each rests on the whole of what was known then."""
    return _take(SuggestionRun.objects.filter(citizen_id=citizen_id))


def _said(citizen_id: UUID, scope: Scope) -> QuerySet[Feedback]:
    """What was measured goes with the suggestions; what the citizen said of them is theirs, and goes with everything."""
    mine = Feedback.objects.filter(citizen_id=citizen_id)
    return mine if scope.everything else mine.filter(kind__in=feedback.MEASURED)


def _count_said(citizen_id: UUID, scope: Scope) -> int:
    return _said(citizen_id, scope).count()


def _erase_said(citizen_id: UUID, scope: Scope, now: datetime) -> int:
    return _take(_said(citizen_id, scope))


def _choices(citizen_id: UUID, scope: Scope) -> QuerySet[FactChoice]:
    """What the citizen held to be right of what is erased: the value is in it."""
    return _within(FactChoice.objects.filter(citizen_id=citizen_id), scope)


def _count_choices(citizen_id: UUID, scope: Scope) -> int:
    return _choices(citizen_id, scope).count()


def _erase_choices(citizen_id: UUID, scope: Scope, now: datetime) -> int:
    return _take(_choices(citizen_id, scope))


def _corrections(citizen_id: UUID, scope: Scope) -> QuerySet[Correction]:
    """What a source was asked to correct of it: what it says and what is right are in it."""
    return _within(Correction.objects.filter(citizen_id=citizen_id), scope)


def _count_corrections(citizen_id: UUID, scope: Scope) -> int:
    return _corrections(citizen_id, scope).count()


def _erase_corrections(citizen_id: UUID, scope: Scope, now: datetime) -> int:
    return _take(_corrections(citizen_id, scope))


def _take(rows: QuerySet[Any]) -> int:
    found = list(rows.values_list("pk", flat=True)[:MOST])
    rows.model._base_manager.filter(pk__in=found).delete()
    return len(found)


# In the order in which they go: what rests on facts before the facts.
PARTS: tuple[Part, ...] = (
    Part("training", ("twin_trainingrow",), _count_training, _erase_training),
    Part("estimates", (), _count_estimates, _erase_estimates),
    Part("evaluations", ("twin_evaluation",), _count_outcomes, _erase_outcomes),
    Part("suggestions", ("twin_suggestionrun",), _count_runs, _erase_runs),
    Part("feedback", ("twin_feedback",), _count_said, _erase_said),
    Part("choices", ("twin_factchoice",), _count_choices, _erase_choices),
    Part("corrections", ("corrections_correction",), _count_corrections, _erase_corrections),
    Part("facts", ("twin_fact",), _count_facts, _erase_facts),
    # With the account.
    Part("exports", ("exports_export",)),
    Part("connections", ("sources_connection", "sources_connectattempt", "sources_pull", "sources_pullpart", "sources_feed")),
    Part("consents", ("consent_consentrecord", "consent_consentevent", "consent_receipt")),
    Part(
        "permits",
        (
            "consent_oauth_grant", "consent_oauth_grantpart", "consent_oauth_authorizationcode", "consent_oauth_accesstoken",
            "consent_oauth_refreshtoken", "consent_webhooks_delivery",
        ),
    ),
    Part("mandates", ("consent_mandate", "consent_mandateevent")),
    Part("messages", ("aurora_messages_message", "aurora_messages_mail", "aurora_messages_mailaddress", "aurora_messages_reminder")),
    Part(
        "uses",
        ("consent_uses_account", "consent_uses_usagereport", "consent_uses_deliverynote", "consent_uses_finding", "consent_uses_tally"),
    ),
    Part("concerns", ("consent_concerns_concern", "consent_concerns_concernpart")),
    Part("break_glass", ("consent_breakglass_subject",)),
    Part("log", ("ledger_ledgerentry", "ledger_head", "ledger_keptback")),
    Part("key", ("vault.data_key", "vault.former_key", "vault.key_rotation")),
    Part("account", ("identity_citizen",)),
)  # fmt: skip

STAYS = {
    "ledger_erasure": "that there was one, when and of how many entries, without whose",
    "erasures_erasure": "the certificate, without whose",
    "erasures_leaver": "that this number is closed; it goes when nothing bears the number any more",
}


def part_of(table: str) -> str:
    """The part that answers for a table."""
    return next((part.name for part in PARTS if table in part.tables), "others")


def counted(*, citizen_id: UUID, scope: Scope) -> dict[str, int]:
    """What would go, by part, for the page on which it is decided. In the citizen's scope."""
    return {part.name: part.count(citizen_id, scope) for part in PARTS if part.count is not None}
