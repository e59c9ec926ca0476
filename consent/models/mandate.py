"""Mandates: the right to act for another, from a register or by the principal's own will. History is added to, never overwritten."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from consent.rules.mandates import MandateKind, MandateState


class Mandate(models.Model):
    """One person's right to act for another. Exactly these two see it; an invitation, whoever it is addressed to.

    `standing` says what was decided last: whether anybody may act now, `consent.rules.mandates` says at each request. While nobody has been found
    whom an offer names, `attorney` is null and `attorney_digest` says who they are (the HMAC that finds a citizen); `invited_sealed` is what the
    principal typed in, sealed for them.
    """

    class Kind(models.TextChoices):
        GUARDIAN = MandateKind.GUARDIAN.value
        POWER_OF_ATTORNEY = MandateKind.POWER_OF_ATTORNEY.value
        ESTATE = MandateKind.ESTATE.value

    class State(models.TextChoices):
        OFFERED = MandateState.OFFERED.value
        STANDING = MandateState.STANDING.value
        FROZEN = MandateState.FROZEN.value
        DECLINED = MandateState.DECLINED.value
        REVOKED = MandateState.REVOKED.value
        ENDED = MandateState.ENDED.value

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    principal = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    attorney = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    attorney_digest = models.BinaryField(max_length=32, null=True)
    invited_sealed = models.BinaryField(null=True)
    kind = models.CharField(max_length=17, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices)
    themes = ArrayField(models.CharField(max_length=32), default=list, help_text="Empty for guardians and estates: they reach everything.")
    meant = models.JSONField(default=dict, help_text="What each theme meant when it was offered: categories and purposes, codes only.")
    not_before = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    freezes_at = models.DateTimeField(null=True, help_text="A guardian's: the child's 18th birthday.")
    may_delegate = models.BooleanField(default=False)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="children", null=True, help_text="Passed on from; one step only."
    )
    evidence = models.JSONField(default=dict, help_text="Where the right comes from: codes and ids only.")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["attorney"], name="mandate_attorney"),
            models.Index(fields=["principal"], condition=Q(kind="estate"), name="mandate_estates"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(attorney__isnull=True) | ~Q(attorney=F("principal")), name="mandate_for_another"),
            models.CheckConstraint(condition=Q(attorney__isnull=False) | Q(attorney_digest__isnull=False), name="mandate_names_somebody"),
            models.CheckConstraint(
                condition=Q(attorney__isnull=False) | Q(state__in=["offered", "revoked", "ended"]), name="mandate_stands_by_a_person"
            ),
            models.CheckConstraint(condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("not_before")), name="mandate_ends_later"),
            models.CheckConstraint(
                condition=~Q(kind="power_of_attorney") | (~Q(themes=[]) & Q(expires_at__isnull=False)), name="mandate_is_bounded"
            ),
            models.CheckConstraint(condition=~Q(kind="power_of_attorney") | ~Q(meant={}), name="mandate_keeps_its_meaning"),
            models.CheckConstraint(condition=Q(parent__isnull=True) | Q(may_delegate=False), name="mandate_one_step"),
            models.CheckConstraint(
                condition=Q(state__in=["declined", "revoked", "ended"], ended_at__isnull=False)
                | Q(state__in=["offered", "standing", "frozen"], ended_at__isnull=True),
                name="mandate_ended_has_a_time",
            ),
            models.UniqueConstraint(
                fields=["principal", "attorney", "kind"],
                condition=Q(kind__in=["guardian", "estate"], state__in=["standing", "frozen"]),
                name="mandate_registered_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state} {self.id}"


class MandateEventKind(models.TextChoices):
    OFFERED = "offered"
    ADDRESSED = "addressed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REGISTERED = "registered"
    FROZEN = "frozen"
    CONFIRMED = "confirmed"
    REVOKED = "revoked"
    ENDED = "ended"


class MandateEvent(models.Model):
    """What happened to a mandate, when, and who did it (null: Aurora, for a register or a date). Append-only, by trigger and by privilege."""

    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=10, choices=MandateEventKind.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.mandate_id}"
