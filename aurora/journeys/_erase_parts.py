"""What an erasure takes away, room by room: each part counts what there is, and takes it, a bounded number of rows at a time, again and again.

A new personal table belongs into one of these parts, or into `STAYS` with a reason: `tests/erasure/test_parts.py` fails until it does. A part with no
`rows` goes with the account alone, by the database function `erasures_account`, which finds tables by their column `citizen_id`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from aurora.corrections.models import Correction
from aurora.exports import forgetting
from aurora.exports.models import Export
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
    """`rows(citizen_id, scope)` are those that go. `taken(citizen_id, scope)` takes at most `MOST` of them, with whatever else that means, and says
    how many: 0, and it is done. `tables`: those that the part answers for. No `rows`: it goes with the account alone.
    """

    name: str
    tables: tuple[str, ...]
    rows: Callable[[UUID, Scope], QuerySet[Any]] | None = field(default=None, repr=False)
    taken: Callable[[UUID, Scope], int] | None = field(default=None, repr=False)

    def count(self, citizen_id: UUID, scope: Scope) -> int:
        """How many there are."""
        return 0 if self.rows is None else self.rows(citizen_id, scope).count()

    def erase(self, citizen_id: UUID, scope: Scope) -> int:
        """Take some. How many: 0, and it is done."""
        if self.taken is not None:
            return self.taken(citizen_id, scope)
        return 0 if self.rows is None else _take(self.rows(citizen_id, scope))


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


def _facts(citizen_id: UUID, scope: Scope) -> QuerySet[Fact]:
    # An estimate is a fact too, and goes once.
    return facts_in(citizen_id, scope).exclude(pk__in=_estimates(citizen_id, scope).values("pk"))


def _erase_facts(citizen_id: UUID, scope: Scope) -> int:
    gone = _take(facts_in(citizen_id, scope))
    if gone:  # what they disagreed with is undisputed
        disputes.erased(citizen_id=citizen_id, categories=None)
    return gone


def _derived_from(citizen_id: UUID, scope: Scope) -> frozenset[str] | None:
    """The categories of the scope and of what models worked out from them; None: all."""
    categories = reach(citizen_id, scope)
    return None if categories is None else through_models(citizen_id, categories)


def _overlapping(mine: QuerySet[Row], citizen_id: UUID, scope: Scope) -> QuerySet[Row]:
    """Of rows that name all categories that went into them."""
    categories = _derived_from(citizen_id, scope)
    return mine if categories is None else mine.filter(categories__overlap=sorted(categories))


def _estimates(citizen_id: UUID, scope: Scope) -> QuerySet[Fact]:
    made, categories = Fact.objects.filter(citizen_id=citizen_id, derived_by__isnull=False), _derived_from(citizen_id, scope)
    return made if categories is None else made.filter(category__in=categories)


def _erase_estimates(citizen_id: UUID, scope: Scope) -> int:
    """Before the facts, and what others made of them first, also where no estimate was kept, as of most: as long as the facts are there, it is
    known what rests on them.
    """
    write.forget_derived(citizen_id=citizen_id, categories=_derived_from(citizen_id, scope))
    return _take(_estimates(citizen_id, scope))


def _outcomes(citizen_id: UUID, scope: Scope) -> QuerySet[Evaluation]:
    """Those that are open too: they are asked for again by whoever wants one."""
    return _overlapping(Evaluation.objects.filter(citizen_id=citizen_id), citizen_id, scope)


def _rows_for_training(citizen_id: UUID, scope: Scope) -> QuerySet[TrainingRow]:
    return _overlapping(TrainingRow.objects.filter(citizen_id=citizen_id), citizen_id, scope)


def _erase_training(citizen_id: UUID, scope: Scope) -> int:
    """Datasets note it, and a model that learnt from too many rows that are gone is made anew (`registry/datasets.py`)."""
    return training.forget(citizen_id=citizen_id, categories=_derived_from(citizen_id, scope))


def _runs(citizen_id: UUID, scope: Scope) -> QuerySet[SuggestionRun]:
    """All: each rests on the whole of what was known then."""
    return SuggestionRun.objects.filter(citizen_id=citizen_id)


def _said(citizen_id: UUID, scope: Scope) -> QuerySet[Feedback]:
    """What was measured goes with the suggestions; what the citizen said of them is theirs, and goes with everything."""
    mine = Feedback.objects.filter(citizen_id=citizen_id)
    return mine if scope.everything else mine.filter(kind__in=feedback.MEASURED)


def _choices(citizen_id: UUID, scope: Scope) -> QuerySet[FactChoice]:
    """What the citizen held to be right of what is erased: the value is in it."""
    return _within(FactChoice.objects.filter(citizen_id=citizen_id), scope)


def _corrections(citizen_id: UUID, scope: Scope) -> QuerySet[Correction]:
    """What a source was asked to correct of it: what it says and what is right are in it."""
    return _within(Correction.objects.filter(citizen_id=citizen_id), scope)


def _copies(citizen_id: UUID, scope: Scope) -> QuerySet[Export]:
    """What waits to be downloaded has all in it, of whatever is erased: another can be made of the rest."""
    return Export.objects.filter(citizen_id=citizen_id)


def _erase_copies(citizen_id: UUID, scope: Scope) -> int:
    return forgetting.forget(citizen_id=citizen_id)


def _take(rows: QuerySet[Any]) -> int:
    found = list(rows.values_list("pk", flat=True)[:MOST])
    rows.model._base_manager.filter(pk__in=found).delete()
    return len(found)


# In the order in which they go: what rests on facts before the facts.
PARTS: tuple[Part, ...] = (
    Part("training", ("twin_trainingrow",), _rows_for_training, _erase_training),
    Part("estimates", (), _estimates, _erase_estimates),
    Part("evaluations", ("twin_evaluation",), _outcomes),
    Part("suggestions", ("twin_suggestionrun",), _runs),
    Part("feedback", ("twin_feedback",), _said),
    Part("choices", ("twin_factchoice",), _choices),
    Part("corrections", ("corrections_correction",), _corrections),
    Part("facts", ("twin_fact",), _facts, _erase_facts),
    # Behind the facts: a copy that is begun now has them no more.
    Part("exports", ("exports_export",), _copies, _erase_copies),
    # With the account.
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
    "erasures_erasure": "the certificate of everything, without whose; earlier ones go",
    "erasures_leaver": "that this number is closed; it goes when nothing bears the number any more",
}


def part_of(table: str) -> str:
    """The part that answers for a table."""
    return next((part.name for part in PARTS if table in part.tables), "others")


def counted(*, citizen_id: UUID, scope: Scope) -> dict[str, int]:
    """What would go, by part, for the page on which it is decided. In the citizen's scope."""
    return {part.name: part.count(citizen_id, scope) for part in PARTS if part.rows is not None}
