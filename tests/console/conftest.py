"""The cast with real rows; no count of failures is left of the test before."""

from __future__ import annotations

from tests.console.country import country, officer
from tests.support.casting import cast, committed_cast
from tests.support.counted import kept_meanwhile

__all__ = ["cast", "committed_cast", "country", "kept_meanwhile", "officer"]
