"""A FHIR server that answers what it is told to."""

from __future__ import annotations

from tests.support.hostile_peer import listening, peer

__all__ = ["listening", "peer"]
