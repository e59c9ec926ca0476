"""Citizens with a key of their own, made as signing in makes them."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.utils import timezone

from aurora.identity import citizens
from aurora.identity.eid import Identified

ISSUER = "https://eid.test"


def make_citizen(national_id: str | None = None, name: str = "Aino Aalto") -> UUID:
    """A new citizen's id; without an identifier, one that nobody has had."""
    who = Identified(ISSUER, national_id or f"T-{uuid4().hex}", name)
    return citizens.find_or_create(identified=who, language="en", now=timezone.now()).pk
