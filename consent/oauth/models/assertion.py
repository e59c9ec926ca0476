"""UsedAssertion: the replay cache of client assertions (RFC 7523, 3, point 7). In the database, so that every process shares it."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, models

from .client import Client


class UsedAssertion(models.Model):
    """One `jti` of one client, kept until the assertion has expired by itself."""

    pk = models.CompositePrimaryKey("client_id", "digest")
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+", db_index=False)
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the jti.")
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"assertion of {self.client_id}"

    @classmethod
    def take(cls, *, client: Client, digest: bytes, expires_at: datetime) -> bool:
        """True for the first to present it; of two at the same instant the second waits for the first, then gets False."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO consent_oauth_usedassertion (client_id, digest, expires_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                [client.pk, digest, expires_at],
            )
            return bool(cursor.rowcount == 1)
