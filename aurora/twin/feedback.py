"""What became of a suggestion: shown, opened, and what the citizen said of it. Their own notes; in a `citizen_scope`.

A row is unique in the database: whoever says the same thing 10^5 times has said it once. The run that it names may be gone: what was
measured (shown, opened) goes with the runs, what the citizen said stays until they take it back, or the consents for suggestions end.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Max, Q

from aurora.identity import vault

LONGEST_WORDS = 300
# What is measured is kept of so many runs: how often suggestions are made anew is in the citizen's hands.
RUNS_MEASURED = 50


class Kind(models.TextChoices):
    """What happened to a suggested service. SHOWN, OPENED: measured. The rest: said, by a button."""

    SHOWN = "shown"
    OPENED = "opened"
    HELPFUL = "helpful"
    NOT_FOR_ME = "not_for_me"
    APPLIED = "applied"


class Why(models.TextChoices):
    """Why a service is not for the citizen. OTHER is in their own words."""

    SITUATION = "situation"
    HAVE_IT = "have_it"
    FACTS_WRONG = "facts_wrong"
    OTHER = "other"


MEASURED = (Kind.SHOWN, Kind.OPENED)
SAID = (Kind.HELPFUL, Kind.NOT_FOR_ME, Kind.APPLIED)
# Who says the one takes the other back.
OPPOSITE = {Kind.HELPFUL: Kind.NOT_FOR_ME, Kind.NOT_FOR_ME: Kind.HELPFUL}


class Feedback(models.Model):
    """One thing that became of one service of one run of suggestions. Own words are sealed under the citizen's key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    run_id = models.UUIDField(help_text="The run of suggestions; it may be gone.")
    service = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    why = models.CharField(max_length=11, choices=Why.choices, blank=True)
    sealed = models.BinaryField(null=True, help_text="The citizen's own words.")
    mandate_id = models.UUIDField(null=True, help_text="On which mandate somebody else said it; null: the citizen.")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["citizen", "run_id", "service", "kind"], name="feedback_once"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="feedback_kind_known"),
            models.CheckConstraint(
                condition=Q(kind="not_for_me", why__in=Why.values) | (~Q(kind="not_for_me") & Q(why="")), name="feedback_says_why_not"
            ),
            models.CheckConstraint(condition=Q(sealed__isnull=True) | Q(why="other"), name="feedback_words_for_other_only"),
            models.CheckConstraint(condition=Q(mandate_id__isnull=True) | ~Q(kind__in=MEASURED), name="feedback_measured_by_nobody"),
        ]

    def __str__(self) -> str:
        return str(self.id)


@dataclass(frozen=True, slots=True)
class Said:
    """A row without its words. `mandate_id`: on which somebody said it for the citizen."""

    run_id: UUID
    service: str
    kind: Kind
    why: str
    at: datetime
    mandate_id: UUID | None = None

    @property
    def by_other(self) -> bool:
        """Whether somebody said it who acts for the citizen."""
        return self.mandate_id is not None

    def __repr__(self) -> str:
        return "Said()"


def of(*, citizen_id: UUID, kinds: Iterable[str] = Kind.values) -> tuple[Said, ...]:
    """All of a citizen's, oldest first. One SELECT; no words."""
    rows = Feedback.objects.filter(citizen_id=citizen_id, kind__in=list(kinds)).order_by("at", "service", "kind")
    names = ("run_id", "service", "kind", "why", "at", "mandate_id")
    return tuple(Said(run, service, Kind(kind), why, at, mandate) for run, service, kind, why, at, mandate in rows.values_list(*names))


def hidden(*, citizen_id: UUID) -> frozenset[str]:
    """The services that the citizen has set aside, whatever run suggested them."""
    rows = Feedback.objects.filter(citizen_id=citizen_id, kind=Kind.NOT_FOR_ME)
    return frozenset(rows.values_list("service", flat=True))


def measure(*, citizen_id: UUID, run_id: UUID, services: Iterable[str], kind: Kind, now: datetime) -> int:
    """Note what is not noted yet. How many rows. A page looked at again writes nothing; of old runs what was measured goes."""
    rows = Feedback.objects.filter(citizen_id=citizen_id)
    wanted = set(services) - set(rows.filter(run_id=run_id, kind=kind).values_list("service", flat=True))
    if not wanted:
        return 0
    new = [Feedback(citizen_id=citizen_id, run_id=run_id, service=one, kind=kind, at=now) for one in sorted(wanted)]
    Feedback.objects.bulk_create(new, ignore_conflicts=True)  # another tab may have been faster
    measured = rows.filter(kind__in=MEASURED)
    kept = measured.values("run_id").annotate(last=Max("at")).order_by("-last", "run_id").values("run_id")[:RUNS_MEASURED]
    measured.exclude(run_id__in=list(kept.values_list("run_id", flat=True))).delete()
    return len(new)


def say(
    *,
    citizen_id: UUID,
    run_id: UUID,
    service: str,
    kind: Kind,
    now: datetime,
    why: str = "",
    words: str = "",
    mandate_id: UUID | None = None,
) -> None:
    """Say one thing of a service, in place of the same thing said before of this run, and of its opposite of any run."""
    if kind in OPPOSITE:
        retract(citizen_id=citizen_id, service=service, kind=OPPOSITE[kind])
    sealed = vault.seal(words.encode(), citizen_id=citizen_id, context=_context(run_id, service)) if words else None
    row = Feedback(
        citizen_id=citizen_id, run_id=run_id, service=service, kind=kind, why=why, sealed=sealed, mandate_id=mandate_id, at=now
    )  # fmt: skip
    Feedback.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["citizen", "run_id", "service", "kind"],
        update_fields=["why", "sealed", "mandate_id", "at"],
    )


def retract(*, citizen_id: UUID, service: str, kind: Kind) -> int:
    """Take back what was said of a service, whatever the run. How many rows."""
    return Feedback.objects.filter(citizen_id=citizen_id, service=service, kind=kind).delete()[0]


def forget(*, citizen_id: UUID) -> int:
    """Delete all of a citizen's. How many rows."""
    return Feedback.objects.filter(citizen_id=citizen_id).delete()[0]


def forget_measured(*, citizen_id: UUID, run_id: UUID | None = None) -> int:
    """Delete what was measured of a run that is gone (None: of all, they are gone). How many rows."""
    rows = Feedback.objects.filter(citizen_id=citizen_id, kind__in=MEASURED)
    return (rows if run_id is None else rows.filter(run_id=run_id)).delete()[0]


def everything(*, citizen_id: UUID) -> list[dict[str, Any]]:
    """All of a citizen's with their own words, as plain values, for their export."""
    return [
        {
            "run": str(row.run_id),
            "service": row.service,
            "kind": row.kind,
            "why": row.why,
            "words": words_of(row),
            "at": row.at.isoformat(),
            "by_other": row.mandate_id is not None,
        }
        for row in Feedback.objects.filter(citizen_id=citizen_id).order_by("at", "service", "kind")
    ]


def words_of(row: Feedback) -> str:
    """The citizen's own words, '' where there are none."""
    if row.sealed is None:
        return ""
    return vault.open_sealed(row.sealed, citizen_id=row.citizen_id, context=_context(row.run_id, row.service)).decode()


def _context(run_id: UUID, service: str) -> bytes:
    return f"feedback:{run_id}:{service}".encode()
