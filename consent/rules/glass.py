"""Breaking the glass: an operator reads some of a citizen's data without their consent, for a reason and a case, after another operator agreed.

Values and limits; `decide` decides. GDPR art. 6(1)(c)-(d), 5(1)(c) and 32(1)(b): as little, by as few and as briefly as the case needs. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

BREAK_GLASS = "break-glass"
"""The purpose that stands in the entries. No consent is asked for it, and none covers it."""

MINUTES = (5, 10, 15, 30)
MOST_CATEGORIES = 8
MOST_TIME = timedelta(minutes=MINUTES[-1])
WAITS = timedelta(hours=24)
"""How long a request waits for another operator; after that nobody can agree to it any more."""
REVIEW_WITHIN = timedelta(days=7)
REQUESTS_A_DAY = 5
OPEN_AT_ONCE = 2
MISMATCHES = 3
"""How often another person than the one asked for may be named at the decision; after that the request can only be declined."""


class GlassFault(StrEnum):
    """Why a read behind the glass was refused. Stands in the citizen's log; agencies never see one."""

    NOT_APPROVED = "not_approved"
    ANOTHER_OPERATOR = "another_operator"
    APPROVAL_OVER = "approval_over"
    BEYOND_APPROVAL = "beyond_approval"
    READ_TWICE = "read_twice"


class Standing(StrEnum):
    """How a request stands at an instant."""

    WAITS = "waits"
    LAPSED = "lapsed"
    OPEN = "open"
    OVER = "over"
    DECLINED = "declined"
    TAKEN_BACK = "taken_back"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Glass:
    """A request as it stands, and who wants to read on it now (`reader`). `spent`: this very read was made before.

    `asked_by`, `decided_by` and `reader` are operators' ids. `approved_at` and `expires_at` are None until another operator agreed.
    """

    id: UUID
    citizen_id: UUID
    categories: frozenset[str]
    asked_by: UUID
    reader: UUID
    decided_by: UUID | None = None
    approved_at: datetime | None = None
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    spent: bool = False


def fault_of(glass: Glass | None, *, citizen_id: UUID, categories: frozenset[str], now: datetime) -> GlassFault | None:
    """Why these categories of this citizen may not be read on it now; None: they may."""
    if glass is None or glass.citizen_id != citizen_id or glass.approved_at is None or glass.expires_at is None:
        return GlassFault.NOT_APPROVED
    if glass.decided_by is None or glass.decided_by == glass.asked_by:
        return GlassFault.NOT_APPROVED
    if glass.reader != glass.asked_by:
        return GlassFault.ANOTHER_OPERATOR
    # However long a row says that it lasts, and whatever the clocks say that it began.
    if glass.ended_at is not None or min(glass.expires_at, glass.approved_at + MOST_TIME) <= now:
        return GlassFault.APPROVAL_OVER
    if not categories or not categories <= glass.categories:
        return GlassFault.BEYOND_APPROVAL
    return GlassFault.READ_TWICE if glass.spent else None


def standing(*, state: str, asked_at: datetime, expires_at: datetime | None, ended_at: datetime | None, now: datetime) -> Standing:
    """How a request of this `state` (`asked`, `approved`, `declined`, `taken_back`, `nobody`) stands: time ends it without anybody's doing."""
    if state == "asked":
        return Standing.WAITS if now < asked_at + WAITS else Standing.LAPSED
    if state == "approved":
        return Standing.OPEN if ended_at is None and expires_at is not None and now < expires_at else Standing.OVER
    return Standing(state)


def over_at(*, expires_at: datetime, ended_at: datetime | None) -> datetime:
    """When an approval was over: from then on it can be reviewed."""
    return expires_at if ended_at is None else min(ended_at, expires_at)
