"""Grant: what an agency holds after a consent (Grant Management for OAuth 2.0; RFC 9396). Its id is the `grant_id`."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from consent.models import ConsentRecord

from .client import Client


class Grant(models.Model):
    """What one client holds of one citizen: one or several parts, each a consent. What it covers is read from these, and kept nowhere else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.id)


class GrantPart(models.Model):
    """One consent of a grant. Parts of consents that are over stay: they say what the grant was. `added_at` puts them in order."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="parts")
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    consent = models.OneToOneField(ConsentRecord, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"part of {self.grant_id}"
