"""Break-glass requests and what came of them. A request names no citizen: whose data it is about is a row of its own, which is the citizen's.

Triggers keep the history: a request comes to be undecided, is decided, ended and judged once each, and is never taken away.
"""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class Request(models.Model):
    """One operator asks to read some kinds of data for a case; another decides. Ids in `*_by` are operators'.

    `text_sealed` and `review_sealed` are for operators, sealed for the platform; empty once the citizen was erased. `who_digest`: what the
    asker typed for whose data it is, keyed and bound to this request; whoever decides must name the same.
    """

    class State(models.TextChoices):
        ASKED = "asked"
        APPROVED = "approved"
        DECLINED = "declined"
        TAKEN_BACK = "taken_back"
        NOBODY = "nobody"

    class Verdict(models.TextChoices):
        JUSTIFIED = "justified"
        NOT_JUSTIFIED = "not_justified"

    # Given by the form, so that the same form sent twice is one request.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reason = models.CharField(max_length=32)
    case = models.CharField(max_length=32)
    text_sealed = models.BinaryField()
    who_digest = models.BinaryField(max_length=32)
    categories = ArrayField(models.TextField())
    minutes = models.PositiveSmallIntegerField()
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True, help_text="Who ended it before its time: who asked, or who approved.")
    ended_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=13, choices=Verdict.choices, blank=True, default="")
    reviewed_by = models.UUIDField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    review_sealed = models.BinaryField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["-asked_at", "-id"], name="glass_newest"),
            models.Index(fields=["asked_by", "asked_at"], name="glass_of_operator"),
        ]
        constraints = [
            # Two people. Written out, since a comparison with an empty field is not false.
            models.CheckConstraint(
                condition=Q(state="asked", decided_by__isnull=True, decided_at__isnull=True, expires_at__isnull=True)
                | Q(state="taken_back", decided_by=F("asked_by"), decided_at__isnull=False, expires_at__isnull=True)
                | Q(
                    ~Q(decided_by=F("asked_by")),
                    state__in=("declined", "nobody"),
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                    expires_at__isnull=True,
                )
                | Q(
                    ~Q(decided_by=F("asked_by")),
                    state="approved",
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                    expires_at__isnull=False,
                ),
                name="glass_two_people",
            ),
            models.CheckConstraint(
                condition=Q(ended_by__isnull=True, ended_at__isnull=True)
                | Q(
                    Q(ended_by=F("asked_by")) | Q(ended_by=F("decided_by")),
                    state="approved",
                    ended_by__isnull=False,
                    ended_at__isnull=False,
                ),
                name="glass_ended_by_one_of_two",
            ),
            # And a third.
            models.CheckConstraint(
                condition=Q(verdict="", reviewed_by__isnull=True, reviewed_at__isnull=True, review_sealed__isnull=True)
                | Q(
                    ~Q(reviewed_by=F("asked_by")),
                    ~Q(reviewed_by=F("decided_by")),
                    state="approved",
                    verdict__in=("justified", "not_justified"),
                    reviewed_by__isnull=False,
                    reviewed_at__isnull=False,
                    review_sealed__isnull=False,
                ),
                name="glass_reviewed_by_a_third",
            ),
            models.CheckConstraint(condition=Q(minutes__gte=1, minutes__lte=30), name="glass_minutes"),
        ]

    def __str__(self) -> str:
        return f"break-glass request {self.id}"


class Subject(models.Model):
    """Whose data a request is about: the citizen's own row, made with the request and never changed. None where nobody is known by what was typed."""

    request = models.OneToOneField(Request, on_delete=models.PROTECT, primary_key=True, related_name="+")
    citizen_id = models.UUIDField(db_index=True)

    def __str__(self) -> str:
        return f"subject of {self.request_id}"


class Read(models.Model):
    """One read on a request: which kinds of data, when, and the entry in the citizen's log. Append-only; no value, no citizen."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="reads")
    at = models.DateTimeField()
    categories = ArrayField(models.TextField())
    entry_id = models.UUIDField(unique=True)

    def __str__(self) -> str:
        return f"read {self.id}"


class Alarm(models.Model):
    """Something that an operator should not have tried. Append-only."""

    class Kind(models.TextChoices):
        REQUESTS_A_DAY = "requests_a_day"
        OPEN_AT_ONCE = "open_at_once"
        OWN_REQUEST = "own_request"
        WHO_DIFFERS = "who_differs"
        READ_REFUSED = "read_refused"

    operator = models.UUIDField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, null=True, related_name="alarms")
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"alarm {self.kind}"
