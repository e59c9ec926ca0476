"""What models consist of, by its SHA-256, in Django's default storage: written once, checked whenever it is read. Ours and other organisations' alike.

Not personal. Where web and worker run on different machines, the default storage must be one that both see.
"""

from __future__ import annotations

import hashlib
import hmac

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from recommender.errors import ArtefactAway, ArtefactError

LARGEST = 20 * 1024 * 1024  # bytes


def path(folder: str, sha256: str) -> str:
    """Where a file lies in the storage."""
    return f"{folder}/{sha256[:2]}/{sha256}"


def keep(folder: str, content: bytes) -> str:
    """Keep a file, if it is not kept already, and return its SHA-256 in hex. One that is kept and damaged is replaced. Raises `ArtefactAway`."""
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        load(folder, sha256)
    except ArtefactAway:
        raise
    except ArtefactError:
        _replace(path(folder, sha256), content)
    return sha256


def load(folder: str, sha256: str) -> bytes:
    """Raises `ArtefactError` when the file is not there or is not the one of that hash, `ArtefactAway` when it cannot be read just now."""
    try:
        with default_storage.open(path(folder, sha256), "rb") as file:
            content: bytes = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise ArtefactError("A file of the model is missing.") from None
    except Exception:  # a storage over the network has errors of its own library; none of them says anything about the file
        raise ArtefactAway("A file of the model could not be read just now.") from None
    if not hmac.compare_digest(hashlib.sha256(content).hexdigest(), sha256):
        raise ArtefactError("A file of the model is not the one that was registered.")
    return content


def _replace(name: str, content: bytes) -> None:
    try:
        default_storage.delete(name)
        named = default_storage.save(name, ContentFile(content))
        if named != name:  # another process was faster
            default_storage.delete(named)
    except Exception:  # as above
        raise ArtefactAway("A file of the model could not be kept just now.") from None
