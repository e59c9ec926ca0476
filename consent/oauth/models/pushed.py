"""PushedRequest: an authorization request that a client left with us (RFC 9126). It names no citizen."""

from __future__ import annotations

from django.db import models

from .client import Client


class PushedRequest(models.Model):
    """Lives 90 s until a browser opens it, then ten minutes in that browser only; answered once."""

    digest = models.BinaryField(primary_key=True, max_length=32, help_text="SHA-256 of the request_uri's secret.")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    params = models.JSONField(help_text="redirect_uri, state, code_challenge, detail, dpop_jkt, action, grant_id, resource: validated.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    interaction = models.BinaryField(max_length=32, null=True, help_text="SHA-256 of the browser's interaction id.")
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"request of {self.client_id}"
