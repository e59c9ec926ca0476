"""Grant: what an agency holds after a consent (Grant Management for OAuth 2.0; RFC 9396). Its id is the `grant_id`."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models

from consent.models import ConsentRecord

from .client import Client


class Grant(models.Model):
    """One consent, one client. `authorization_details` is what was granted, which may be less than what was asked for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    consent = models.OneToOneField(ConsentRecord, on_delete=models.PROTECT, related_name="+")
    authorization_details = models.JSONField()
    created_at = models.DateTimeField()

    # Set by `grants.lock_alive`: when the consent ends.
    consent_ends: datetime | None = None

    def __str__(self) -> str:
        return str(self.id)
