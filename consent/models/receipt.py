"""Receipt: what the citizen keeps of one decision (ISO/IEC TS 27560:2023, 3.2). Made once, never changed."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from .record import ConsentEvent, ConsentEventKind, ConsentRecord


class Receipt(models.Model):
    """The signed receipt of one event. Sealed for the citizen, since it names people where somebody acts for another.

    Open columns say no more than the event does. `digest` is the SHA-256 (hex) of the signed text, for whoever must show that a receipt in
    hand is the one that was issued.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    consent = models.ForeignKey(ConsentRecord, on_delete=models.PROTECT, related_name="receipts")
    event = models.OneToOneField(ConsentEvent, on_delete=models.PROTECT, related_name="receipt")
    kind = models.CharField(max_length=10, choices=ConsentEventKind.choices)
    language = models.CharField(max_length=2)
    issued_at = models.DateTimeField()
    digest = models.CharField(max_length=64)
    sealed = models.BinaryField()

    class Meta:
        ordering = ["issued_at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
