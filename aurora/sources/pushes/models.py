"""Batch: what an agency sent under one id, and what came of each answer in it. No value, and nothing that says whom it is about."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from consent.oauth.models import Client


class Batch(models.Model):
    """`results`: a code by position, null while that answer waits. `finished_at`: all of them are there, and are what every repeat is answered."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    batch_id = models.UUIDField(help_text="The batch's id, as the agency gave it.")
    digest = models.BinaryField(max_length=32, help_text="Of its answers: another batch under the same id is known by it.")
    answers = models.PositiveSmallIntegerField()
    results = ArrayField(models.CharField(max_length=24, null=True))
    received_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "batches"
        indexes = [models.Index(fields=["received_at"], name="push_batch_to_purge")]
        constraints = [
            models.UniqueConstraint(fields=["client", "batch_id"], name="one_batch_of_facts_an_id"),
            models.CheckConstraint(condition=Q(results__len=models.F("answers")), name="push_result_an_answer"),
        ]

    def __str__(self) -> str:
        return f"batch {self.pk}"
