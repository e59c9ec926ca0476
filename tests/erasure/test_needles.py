"""The search itself finds what lies there in any form, and takes no part of a longer number for a value."""

from __future__ import annotations

import base64

import pytest

from tests.erasure.needles import Sought

SALT = bytes(range(16))
SOUGHT = Sought({"wages": b"34521", "benefit": b"345216", "salt": SALT, "name": "Väinö Example".encode()})


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b'{"wages": 34521}', {"wages"}),
        (b"\x00\x0534521\x0c", {"wages"}),
        (b"34521", {"wages"}),
        (b"(7,345216,f)", {"benefit"}),
        (b"x" + SALT + b"x", {"salt"}),
        (b"\\x" + SALT.hex().encode(), {"salt"}),
        (b"\\x0ac7" + b"34521".hex().encode() + b"f7", {"wages"}),
        (b"ab" + base64.b64encode(b"a" + SALT), {"salt"}),
        (b'{"name": "V\\u00e4in\\u00f6 Example"}', {"name"}),
    ],
)
def test_what_lies_there_is_found(data: bytes, found: set[str]) -> None:
    assert SOUGHT.found_in(data) == found


@pytest.mark.parametrize(
    "data",
    [
        b"2026-11-27 09:03:10.345216+00",
        b"1345210",
        b"34522",
        b"2026-11-27 09:03:10.34521+00",
        b"",
        b"345",
        b"\\x0ac34521f7",
        b"\\xd345216a",
    ],
)
def test_a_part_of_another_number_is_not(data: bytes) -> None:
    assert SOUGHT.found_in(data) == set()
