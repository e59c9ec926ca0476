"""Lawful delay as others may see it: by which laws, which agencies, and how many; never whose or what."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet

from consent.ledger.models import DelayPermission

VOCABULARY = Path(__file__).resolve().parents[1] / "vocabulary" / "delays.json"


@dataclass(frozen=True, slots=True)
class DelayLaw:
    """A law by which a citizen may be told later. `longest_days` from when it is kept; `extension_days` more, once (0: never)."""

    code: str
    name: dict[str, str]
    longest_days: int
    extension_days: int


@cache
def laws() -> tuple[DelayLaw, ...]:
    """Those of `consent/vocabulary/delays.json`. What counts is `ledger_delay_law` in the database: a test compares the two."""
    return tuple(DelayLaw(**law) for law in json.loads(VOCABULARY.read_text(encoding="utf-8")))


def law(code: str) -> DelayLaw | None:
    return next((one for one in laws() if one.code == code), None)


def permissions() -> QuerySet[DelayPermission]:
    """All that were ever asked for, the newest first."""
    return DelayPermission.objects.order_by("-asked_at", "pk")


class Count(NamedTuple):
    """Of one agency, by one law, kept back in one month (its first day, UTC). `overdue`: due for more than an hour and not told; there must be
    none. `ahead`: kept at a time that the clock has not reached again; there must be none either: the clock was set back.
    """

    agency: str
    law: str
    month: date
    kept: int
    longer: int
    disclosed: int
    erased: int
    overdue: int
    ahead: int


def counts() -> list[Count]:
    """Over all citizens, the newest month first, by a database function that returns nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_kept_counts()")
        return [Count(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Totals:
    """For the public: how many uses were kept back by a law since the beginning, and what became of them."""

    ever: int
    kept: int
    disclosed: int
    overdue: int
    by_law: tuple[tuple[str, int, int], ...]
    """(law, kept back now, disclosed), by law."""


def totals() -> Totals:
    """Over all agencies and months."""
    found = counts()
    by_law = tuple(
        (one.code, sum(c.kept for c in found if c.law == one.code), sum(c.disclosed for c in found if c.law == one.code)) for one in laws()
    )
    kept, disclosed = sum(c.kept for c in found), sum(c.disclosed for c in found)
    return Totals(kept + disclosed + sum(c.erased for c in found), kept, disclosed, sum(c.overdue for c in found), by_law)
