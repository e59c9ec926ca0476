"""`application/jose` (RFC 7515, 9.2.1): the bytes as they are, bounded. What they mean is judged where the signature is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from aurora.api.parsers import TooLarge


class CompactJWS(BaseParser):
    """Derived for each kind of batch, with its own limits."""

    media_type = "application/jose"
    largest: int
    most: int

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        body = stream.read(self.largest + 1)
        if len(body) > self.largest:
            raise TooLarge(f"A batch has at most {self.largest // 1024} KiB, and {self.most} things in it.")
        return body


def body_of(data: Any) -> bytes:
    """What was sent; nothing where there was no body, for which DRF asks no parser."""
    return data if isinstance(data, bytes) else b""
