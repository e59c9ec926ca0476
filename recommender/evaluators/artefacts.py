"""The files of registered evaluators, by their SHA-256, in Django's default storage. Written once, checked whenever they are read.

Not personal. Where web and worker run on different machines, the default storage must be one that both see.
"""

from __future__ import annotations

import hashlib
import hmac

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from recommender.errors import EvaluatorRefused
from recommender.evaluators.package import LARGEST_MODEL

DAMAGED, AWAY = "artefact_damaged", "unavailable"


def path(sha256: str) -> str:
    """Where a file lies in the storage."""
    return f"evaluators/{sha256[:2]}/{sha256}"


def keep(content: bytes) -> str:
    """Keep a file, if it is not kept already, and return its SHA-256 in hex. One that is kept and damaged is replaced.

    Raises `EvaluatorRefused` unavailable.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        load(sha256)
    except EvaluatorRefused as error:
        if error.code != DAMAGED:
            raise
        _replace(path(sha256), content)
    return sha256


def _replace(name: str, content: bytes) -> None:
    try:
        default_storage.delete(name)
        named = default_storage.save(name, ContentFile(content))
        if named != name:  # another process was faster
            default_storage.delete(named)
    except Exception:  # as below
        raise EvaluatorRefused(AWAY) from None


def load(sha256: str) -> bytes:
    """Raises `EvaluatorRefused`: artefact_damaged when the file is not there or is not the one of that hash, unavailable when it cannot be read."""
    try:
        with default_storage.open(path(sha256), "rb") as file:
            content: bytes = file.read(LARGEST_MODEL + 1)
    except FileNotFoundError:
        raise EvaluatorRefused(DAMAGED) from None
    except Exception:  # a storage over the network has errors of its own library; none of them says anything about the file
        raise EvaluatorRefused(AWAY) from None
    if not hmac.compare_digest(hashlib.sha256(content).hexdigest(), sha256):
        raise EvaluatorRefused(DAMAGED)
    return content
