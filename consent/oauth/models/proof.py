"""The replay cache of DPoP proofs (RFC 9449, 11.1). In the database, so that every process shares it; see `rfc9449`.

Both tables are UNLOGGED: remembering a proof must not cost a read a flush to disk. They are empty after a crash or on a new primary, and
the second one tells: while it was empty, what was signed before may have been used, and a proof with a fresh nonce is asked for.
"""

from __future__ import annotations

from django.db import models


class UsedProof(models.Model):
    """One proof, kept until its age alone refuses it. No index on the time: purging reads the few rows, each read would pay for it."""

    digest = models.BinaryField(primary_key=True, max_length=32, help_text="SHA-256 of the key's thumbprint and the jti.")
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return "used proof"


class ProofMemory(models.Model):
    """One row: how far back the memory of used proofs goes."""

    id = models.SmallIntegerField(primary_key=True)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"since {self.since}"
