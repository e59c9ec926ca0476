"""When a citizen is to be reminded of a consent. Pure; days are calendar days where the citizen is.

Every 90 days of ongoing use (CDR consumer-experience standards 1.36), and 30, 7 and 1 days before the last day.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, timedelta

ONGOING_DAYS = 90
ENDING_DAYS = (30, 7, 1)


@dataclass(frozen=True, order=True)
class Due:
    """A reminder by the day on which it became due. `kind` is `ongoing-90`, `ongoing-180`, ..., `ending-30`, `ending-7` or `ending-1`."""

    day: date
    kind: str

    @property
    def of_the_end(self) -> bool:
        return self.kind.startswith("ending")


def due(*, given: date, last: date, today: date, once: bool = False) -> tuple[Due, ...]:
    """Every reminder of a living consent that has become due by `today`, oldest first; sent or not is for the caller to know.

    `given` is the day of the decision, `last` the last day that it covers: on the day after it nothing is due. None is due on the day
    of the decision itself, and none of ongoing use for a consent for one use, nor once its end is being told.
    """
    if today > last:
        return ()
    ending = [Due(last - timedelta(days=n), f"ending-{n}") for n in ENDING_DAYS]
    told_from = last - timedelta(days=max(ENDING_DAYS))
    ongoing = [] if once else [d for d in _ongoing(given, today) if d.day < told_from]
    return tuple(sorted(d for d in (*ongoing, *ending) if given < d.day <= today))


def newest_unsent(reminders: tuple[Due, ...], sent: Set[str]) -> tuple[Due | None, tuple[Due, ...]]:
    """What is to be sent now, and what is passed over for it: of several that were missed, only the newest still helps.

    One that was sent makes all older ones stale: they are passed over, never sent after it.
    """
    unsent = [d for d in reminders if d.kind not in sent]
    if not unsent:
        return None, ()
    newest = unsent[-1]
    stale = reminders[-1] != newest
    return (None, tuple(unsent)) if stale else (newest, tuple(unsent[:-1]))


def _ongoing(given: date, today: date) -> list[Due]:
    times = max(0, (today - given).days) // ONGOING_DAYS
    return [Due(given + timedelta(days=ONGOING_DAYS * n), f"ongoing-{ONGOING_DAYS * n}") for n in range(1, times + 1)]
