"""The cast with real rows; no count of calls is left of the test before."""

from __future__ import annotations

from tests.support.casting import cast, committed_cast

__all__ = ["cast", "committed_cast"]
