"""How the agencies differ from one another."""

from __future__ import annotations

from aurora.sandbox import vocabulary
from aurora.sandbox.config import HOLDERS, OFFICE

# One of the four takes plain authorization requests, so that a client has to manage both kinds.
_WITH_PAR = frozenset({"population-register", "tax-administration", "hospital", OFFICE})


def uses_par(process: str) -> bool:
    """Whether this agency takes pushed authorization requests, and then nothing else (RFC 9126 section 5)."""
    return process in _WITH_PAR


def served(process: str) -> frozenset[str]:
    """The codes of the categories this agency holds: its scopes."""
    if process not in HOLDERS:
        raise ValueError(f"{process} is no agency that holds data")
    return frozenset(vocabulary.served_by(process))
