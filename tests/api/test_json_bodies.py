"""What a body of JSON may be: one meaning, and at most what docs/agency/README.md and docs/decisions/limits.md say."""

from __future__ import annotations

import json
from io import BytesIO

import pytest
from django.conf import settings
from rest_framework.exceptions import ParseError

from aurora.api.parsers import StrictJSON, TooLarge


def _of(size: int) -> bytes:
    """A document of so many bytes."""
    return b'{"text": "' + b"x" * (size - 12) + b'"}'


def test_a_body_of_64_kib_is_read_and_a_byte_more_is_too_large() -> None:
    most = 64 * 1024
    assert most == settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert StrictJSON().parse(BytesIO(_of(most))) == json.loads(_of(most))
    with pytest.raises(TooLarge) as refused:
        StrictJSON().parse(BytesIO(_of(most + 1)))
    assert (refused.value.status_code, refused.value.default_code) == (413, "too_large") and "64 KiB" in str(refused.value.detail)


@pytest.mark.parametrize(
    "body", [b'{"a": 1, "a": 2}', b'{"a": NaN}', b"[" * 1_000, b"\xff", b""], ids=["twice", "nan", "deep", "bytes", "empty"]
)
def test_what_has_no_one_meaning_is_no_json(body: bytes) -> None:
    with pytest.raises(ParseError):
        StrictJSON().parse(BytesIO(body))
