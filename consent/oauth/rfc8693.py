"""RFC 8693, 4.1: `act` says who acted for the citizen when the consent was given. Of this RFC nothing else is offered: no token exchange."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from consent.keeper import keeper


def actor(attorney: UUID | None, *, agency: str) -> dict[str, Any]:
    """`{"act": {"sub": ...}}`, the attorney by the name under which this agency knows them; empty when the citizen consented themself."""
    return {"act": {"sub": keeper().pairwise(citizen_id=attorney, agency=agency)}} if attorney is not None else {}
