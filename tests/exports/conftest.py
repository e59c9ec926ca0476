"""The cast with real rows, whose copies are made by the journey itself."""

from __future__ import annotations

from tests.support.casting import cast, committed_cast

__all__ = ["cast", "committed_cast"]
