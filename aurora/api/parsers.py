"""Reading what agencies send: JSON with one meaning, of a bounded depth and size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from consent.oauth import strict_json

LARGEST = 32 * 1024


class StrictJSON(BaseParser):
    """DRF's own parser takes a member twice, NaN, and so many brackets that Python gives up."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        raw = stream.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise ParseError(f"A body has at most {LARGEST} bytes.")
        try:
            return strict_json.loads(raw.decode())
        except ValueError:
            raise ParseError("The body is not JSON, or not with one meaning.") from None
