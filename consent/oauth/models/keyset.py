"""ClientKeySet: what an agency's `jwks_uri` last answered. In the database, so that every process shares it and one fetch serves all."""

from __future__ import annotations

from django.db import models

from .. import config
from .client import Client


class ClientKeySet(models.Model):
    """The keys of one client as fetched from `uri`. `jwks` stays when a refresh fails, and is used until it is too old."""

    client = models.OneToOneField(Client, on_delete=models.CASCADE, primary_key=True, related_name="+")
    uri = models.CharField(max_length=config.TEXT_LIMIT, help_text="Where it was fetched; keys of another address are not the client's.")
    jwks = models.JSONField(null=True)
    etag = models.CharField(max_length=256, blank=True)
    fetched_at = models.DateTimeField(null=True, help_text="When the address last answered with a good set, or said that nothing changed.")
    tried_at = models.DateTimeField(null=True, help_text="When a fetch last began: the claim of who fetches, and what spaces fetches out.")
    next_due = models.DateTimeField(db_index=True, help_text="When the worker refreshes it.")
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    error = models.CharField(max_length=32, blank=True, help_text="Why the last fetch failed.")

    def __str__(self) -> str:
        return f"keys of {self.client_id}"
