"""Reading what agencies send: JSON with one meaning, of a bounded depth and size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from consent.oauth import strict_json


class TooLarge(APIException):
    """One code for every body that is too large."""

    status_code = 413
    default_code = "too_large"


class StrictJSON(BaseParser):
    """DRF's own parser takes a member twice, NaN, and so many brackets that Python gives up."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        largest = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(largest + 1)
        if len(raw) > largest:
            raise TooLarge(f"A body has at most {largest // 1024} KiB.")
        try:
            return strict_json.loads(raw.decode())
        except ValueError:
            raise ParseError("The body is not JSON, or not with one meaning.") from None
