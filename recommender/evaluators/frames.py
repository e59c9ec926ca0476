"""What runner and child say to each other: a length of four bytes, most significant first, and so many bytes, of JSON or of a model."""

from __future__ import annotations

import json
from typing import Any

LENGTH = 4
LARGEST = 40 * 1024 * 1024  # bytes of one frame


def frame(content: bytes) -> bytes:
    return len(content).to_bytes(LENGTH, "big") + content


def message(content: dict[str, Any]) -> bytes:
    """A frame of JSON. Floats keep every bit; NaN and infinity pass, for the other side to judge."""
    return frame(json.dumps(content).encode())


def length(head: bytes) -> int:
    """Raises `ValueError` for one that nobody sends."""
    size = int.from_bytes(head, "big")
    if size > LARGEST:
        raise ValueError("a frame is too long")
    return size
