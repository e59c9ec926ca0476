"""The files of registered evaluators by their SHA-256 (`recommender.artefacts`), with the registry's own codes for what can be wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from recommender import artefacts
from recommender.errors import ArtefactAway, ArtefactError, EvaluatorRefused

DAMAGED, AWAY = "artefact_damaged", "unavailable"
FOLDER = "evaluators"


def path(sha256: str) -> str:
    """Where a file lies in the storage."""
    return artefacts.path(FOLDER, sha256)


def keep(content: bytes) -> str:
    """Keep a file and return its SHA-256 in hex. Raises `EvaluatorRefused` unavailable."""
    with _codes():
        return artefacts.keep(FOLDER, content)


def load(sha256: str) -> bytes:
    """Raises `EvaluatorRefused`: artefact_damaged when the file is not there or is not the one of that hash, unavailable when it cannot be read."""
    with _codes():
        return artefacts.load(FOLDER, sha256)


@contextmanager
def _codes() -> Iterator[None]:
    try:
        yield
    except ArtefactAway:
        raise EvaluatorRefused(AWAY) from None
    except ArtefactError:
        raise EvaluatorRefused(DAMAGED) from None
