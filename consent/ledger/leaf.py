"""What an entry commits to, byte for byte. Pure: no Django, no database, so that a verifier can run it anywhere.

    entry      = RFC 8785 canonical form of {"access": {...}, "prev": "<64 hex>", "seq": N}
    commitment = SHA-256(salt || entry)            salt: 32 random bytes, known to the citizen only
    leaf hash  = SHA-256(0x00 || commitment)       RFC 6962, 2.1, the commitment being the log's entry

The keys sort access < prev < seq, so everything up to the end of `access` is known before the citizen's running
number is: the database appends the rest under the lock of the citizen's head (see migration 0001). The format is
frozen by a golden test.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from json import JSONEncoder
from json.encoder import encode_basestring as _quoted  # escapes what JSON must and no more (RFC 8785, 3.2.2.2)
from typing import Any

FORMAT = 1
SALT_BYTES = 32
NO_COMMITMENT = bytes(32)
"""What stands as `prev` in a citizen's first entry."""

_LARGEST_INT = 2**53 - 1  # beyond it a JSON number is no longer exact (RFC 7493, 2.2, which RFC 8785 builds on)


class NotCanonical(ValueError):
    """The value has no canonical form here. The message names the type or the place, never the value."""


def canonical(value: Any) -> bytes:
    """RFC 8785 form of str, int, bool, None, lists and dicts with str keys. Floats are refused: nothing logged needs
    one.

    Raises NotCanonical on any other type, an integer beyond 2**53 - 1, or a lone surrogate.
    """
    try:
        if _is_plain(value):
            return _PLAIN.encode(value).encode("utf-8")
        parts: list[str] = []
        _write(value, parts.append)
        return "".join(parts).encode("utf-8")
    except UnicodeEncodeError:
        raise NotCanonical("a string holds a lone surrogate") from None


# Where keys are ASCII, code points sort as UTF-16 code units do, and the encoder of the standard library, which is written in C, writes the
# same bytes as `_write`: nearly all that is logged is of this kind.
_PLAIN = JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False)
_PLAIN_TYPES = frozenset({str, bool, type(None)})


def _is_plain(value: Any) -> bool:
    """Whether `_PLAIN` may write it: built-in types alone, small integers, ASCII keys."""
    kind = type(value)
    if kind in _PLAIN_TYPES:
        return True
    if kind is int:
        return -_LARGEST_INT <= value <= _LARGEST_INT
    if kind is dict:
        return all(type(key) is str and key.isascii() and _is_plain(item) for key, item in value.items())
    return (kind is list or kind is tuple) and all(map(_is_plain, value))


def _write(value: Any, put: Any) -> None:
    if isinstance(value, str):
        put(_quoted(value))
    elif value is None:
        put("null")
    elif isinstance(value, bool):  # before int: True is an int
        put("true" if value else "false")
    elif isinstance(value, int):
        if abs(value) > _LARGEST_INT:
            raise NotCanonical("an integer is beyond 2**53 - 1")
        put(int.__repr__(value))
    elif isinstance(value, Mapping):
        put("{")
        for position, key in enumerate(_sorted_keys(value)):
            put(("," if position else "") + _quoted(key) + ":")
            _write(value[key], put)
        put("}")
    elif isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        put("[")
        for position, item in enumerate(value):
            if position:
                put(",")
            _write(item, put)
        put("]")
    else:
        raise NotCanonical(f"{type(value).__name__} has no canonical form")


def _sorted_keys(mapping: Mapping[Any, Any]) -> list[str]:
    keys = list(mapping)
    if not all(isinstance(key, str) for key in keys):
        raise NotCanonical("a key is not a string")
    if all(key.isascii() for key in keys):
        return sorted(keys)
    try:
        # RFC 8785, 3.2.3: by UTF-16 code units, which differs from code points beyond the basic plane.
        return sorted(keys, key=lambda key: key.encode("utf-16-be"))
    except UnicodeEncodeError:
        raise NotCanonical("a key holds a lone surrogate") from None


def timestamp(at: datetime) -> str:
    """RFC 3339 in UTC with six decimals, always of the same length: what PostgreSQL keeps and nothing less."""
    if at.tzinfo is None:
        raise NotCanonical("a time without a time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"  # for "+00:00"


def opening(salt: bytes, access: Mapping[str, Any]) -> bytes:
    """The part of what is hashed that is known before `prev` and `seq` are: salt, then the entry up to the end of
    `access`.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"the salt must be {SALT_BYTES} bytes")
    return salt + b'{"access":' + canonical(access)


def closing(prev: bytes, seq: int) -> bytes:
    """The rest. `ledger_append` in migration 0001 builds the same bytes in SQL."""
    if len(prev) != 32 or seq < 1:
        raise ValueError("prev must be 32 bytes and seq at least 1")
    return f',"prev":"{prev.hex()}","seq":{seq}}}'.encode("ascii")


def kept_closing(*, law: str, number: int, since: datetime, until: datetime) -> bytes:
    """The rest of what is kept back by a law: no place in any chain. `number` is 1, or 2 for the longer time that was given to it.

    `ledger_kept_closing` in the migration `kept_back` builds the same bytes in SQL. No entry of a chain ends so, and none of these ends as an entry does.
    """
    kept = {"law": law, "number": number, "since": timestamp(since), "until": timestamp(until)}
    return b',"kept":' + canonical(kept) + b"}"


def commitment(*, salt: bytes, access: Mapping[str, Any], prev: bytes, seq: int) -> bytes:
    """32 bytes. Without the salt they say nothing about the entry, however guessable that is."""
    return hashlib.sha256(opening(salt, access) + closing(prev, seq)).digest()


def leaf_hash(commitment: bytes) -> bytes:
    """RFC 6962, 2.1: the hash of a leaf, set apart from inner nodes by 0x00."""
    return hashlib.sha256(b"\x00" + commitment).digest()
