"""The values that go into a decision and come out of it. All frozen; none holds a personal value."""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from .glass import GlassFault

AURORA = "aurora"
CITIZEN = "citizen"
# Why an operator ended something: it is the citizen's own word, and counts as that.
CITIZEN_ASKED = "citizen_asked"

_BUILT_BY_DECIDE = object()


class RefusalCode(StrEnum):
    """Why access was refused. The same code is shown to citizen, agency and log."""

    NO_CONSENT = "no_consent"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_EXPIRED = "consent_expired"
    CONSENT_OUTDATED = "consent_outdated"
    NOT_YET_VALID = "not_yet_valid"
    PURPOSE_NOT_COVERED = "purpose_not_covered"
    CATEGORY_NOT_COVERED = "category_not_covered"
    USED_UP = "used_up"
    NOT_REGISTERED = "not_registered"


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """Who wants which categories of whose data, and why. `requester` is an agency's code, `AURORA` or `CITIZEN`.

    With `all_or_nothing` a single category that is not covered refuses the request; without it the permit covers the part that is.
    """

    citizen_id: UUID
    requester: str
    purpose: str
    categories: frozenset[str]
    all_or_nothing: bool = True


@dataclass(frozen=True, slots=True)
class ConsentView:
    """What a decision needs to know of one ConsentRecord (GDPR art. 6(1)(a), 7; ISO/IEC TS 27560).

    A consent for one use (`once`) opens each category once; `spent` are those it has opened. `withdrawn` are categories that were taken
    back while the rest stands. `outdated` (see `consent.rules.versions`) are those that mean something else by now than when it was given.
    """

    id: UUID
    citizen_id: UUID
    recipient: str
    purpose: str
    categories: frozenset[str]
    not_before: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    once: bool = False
    spent: frozenset[str] = frozenset()
    withdrawn: frozenset[str] = frozenset()
    outdated: frozenset[str] = frozenset()

    @property
    def open(self) -> frozenset[str]:
        """What it still opens, while it is alive."""
        return self.categories - self.spent - self.withdrawn - self.outdated


@dataclass(frozen=True, slots=True)
class Refusal:
    """No, and why. Truthiness is not defined on purpose: test for the class."""

    code: RefusalCode | GlassFault
    request: AccessRequest


@dataclass(frozen=True, slots=True)
class Permit:
    """The right to read some categories of one citizen's twin, once, in the transaction that decided it.

    It rests on consents, or (`purpose` `break-glass`) on an operator's request that another one approved: then `consent_ids` is empty.
    Only `consent.rules.decide()` can build one; it does not say that the access was logged: `twin.read` asks the ledger for that.
    """

    id: UUID
    citizen_id: UUID
    requester: str
    purpose: str
    categories: frozenset[str]
    consent_ids: tuple[UUID, ...]
    decided_at: datetime
    # Not kept, so that no copy with wider categories (`dataclasses.replace`) can be made of a permit.
    _seal: InitVar[object] = None

    def __post_init__(self, _seal: object) -> None:
        if _seal is not _BUILT_BY_DECIDE:
            raise TypeError("A Permit is built by consent.rules.decide() only.")
