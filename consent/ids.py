"""Ids that tell when: UUIDv7 (RFC 9562, 5.7). The first 48 bits are milliseconds since 1970, so ids in order are times in order. And how an id is
read that somebody sent. Pure."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LATEST = 2**48 - 1


def uuid7(at: datetime) -> UUID:
    """A new id of this moment (timezone-aware): 74 of its bits are random. Raises ValueError before 1970."""
    value = _milliseconds(at) << 80 | secrets.randbits(80)
    if value < 0:
        raise ValueError("a UUIDv7 has no time before 1970")
    value = value & ~(0xF << 76) | 7 << 76
    return UUID(int=value & ~(0x3 << 62) | 2 << 62)


def first_of(at: datetime) -> UUID:
    """What every id of this moment or a later one is not less than, and every earlier one is. The nearest there is for times that no id has."""
    return UUID(int=min(max(_milliseconds(at), 0), _LATEST) << 80)


def moment_of(one: UUID) -> datetime:
    """The millisecond that an id tells. Means nothing for an id of another version; raises OverflowError beyond the year 9999."""
    return _EPOCH + (one.int >> 80) * _MILLISECOND


def typed(text: str) -> UUID | None:
    """The id that somebody typed or sent; None for what is none."""
    try:
        return UUID(text.strip()) if len(text) <= 64 else None
    except ValueError:
        return None


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND
