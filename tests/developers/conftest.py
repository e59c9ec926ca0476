"""A cast with real rows, of the developers' pages' own: what is recorded for them is of nobody else's tests."""

from __future__ import annotations

from tests.support.casting import cast, committed_cast

__all__ = ["cast", "committed_cast"]
