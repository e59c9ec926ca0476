"""A cast with real rows: the benefits office pushes too."""

from __future__ import annotations

from tests.support.casting import cast, committed_cast

__all__ = ["cast", "committed_cast"]
