"""Trained models: text that can be read, metadata that says where it comes from, a hash that is checked; and which of them suggests.

Names are loaded when first used: the tables are read by processes that need no model's libraries.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recommender.registry.artefact import COMMITTED, Artefact, current, model_directory, read, write

__all__ = ["COMMITTED", "Artefact", "current", "model_directory", "read", "write"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("recommender.registry.artefact"), name)
