"""A cast with real rows, and an agency's server that says what a test wants."""

from __future__ import annotations

from tests.support.casting import cast, committed_cast
from tests.support.hostile_peer import listening, peer

__all__ = ["cast", "committed_cast", "listening", "peer"]
