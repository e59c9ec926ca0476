"""Resources, validated by the models of `fhir.resources` for R4B, which are those of R4 in what is read here.

Those check shapes, not the code sets that R4 binds as required: who reads a status checks it against the ones that are known.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from aurora.sources.connectors.fhir.talk import invalid


def valid(resource: str, found: Any) -> Any:
    """The model's instance. Raises `PeerFailed("invalid_answer")` without a word of what was found: it is somebody's health."""
    if not isinstance(found, dict) or found.get("resourceType") != resource:
        raise invalid()
    try:
        return _model(resource).model_validate(found)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise invalid() from None


@cache
def _model(resource: str) -> Any:
    # Here and not above: docs/decisions/fhir.md tells what the import costs.
    return getattr(import_module(f"fhir.resources.R4B.{resource.lower()}"), resource)
