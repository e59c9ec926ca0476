"""Sandbox clients: a developer's own, without officers, for a while; and what they asked lately. Only a sandbox ever has rows here."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from .client import Client


class SandboxClient(models.Model):
    """One client that its developer registered by themself. Who knows the secret manages it; the secret is kept as its digest."""

    client = models.OneToOneField(Client, on_delete=models.PROTECT, related_name="sandbox")
    secret_digest = models.BinaryField(unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], condition=Q(ended_at__isnull=True), name="sandbox_client_live")]
        constraints = [models.CheckConstraint(condition=Q(expires_at__gt=models.F("created_at")), name="sandbox_client_ends")]

    def __str__(self) -> str:
        return f"sandbox client {self.client_id}"


class SandboxRequest(models.Model):
    """One request of a sandbox client, by what it was and what came of it: no token, no value, no citizen. `subject`: a category's code or "".

    `proved`: the client proved that it was it. Others have only named it; there are fewer places for those.
    """

    client = models.ForeignKey(SandboxClient, on_delete=models.CASCADE, related_name="requests")
    at = models.DateTimeField()
    kind = models.CharField(max_length=32)
    subject = models.CharField(max_length=64, blank=True)
    status = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=64, blank=True)
    proved = models.BooleanField()

    class Meta:
        indexes = [
            models.Index(fields=["client", "proved", "-id"], name="sandbox_request_newest"),
            models.Index(fields=["at"], name="sandbox_request_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"
