"""The values of mandates: kinds, states, deeds, what is wrong, and what the rules need to know. All frozen; none holds a personal value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class MandateKind(StrEnum):
    """Where the right comes from: a register (guardian, estate) or the principal's own will (power of attorney)."""

    GUARDIAN = "guardian"
    POWER_OF_ATTORNEY = "power_of_attorney"
    ESTATE = "estate"


class MandateState(StrEnum):
    OFFERED = "offered"
    STANDING = "standing"
    FROZEN = "frozen"
    DECLINED = "declined"
    REVOKED = "revoked"
    ENDED = "ended"


class Deed(StrEnum):
    """What somebody may want to do for another. What is not named here cannot be done for another at all."""

    SEE = "see"
    GIVE = "give"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    SUGGEST = "suggest"
    EXPORT = "export"
    CONCERN = "concern"


class MandateFault(StrEnum):
    """Why somebody may not act. The same code in rule, page and log."""

    NOT_ACCEPTED = "mandate_not_accepted"
    DECLINED = "mandate_declined"
    REVOKED = "mandate_revoked"
    FROZEN = "mandate_frozen"
    ENDED = "mandate_ended"
    NOT_YET = "mandate_not_yet"
    OUTSIDE_THEMES = "mandate_outside_themes"
    NOT_DELEGABLE = "mandate_not_delegable"
    FOR_THE_DEAD = "mandate_for_the_dead"
    OWN_DECISION = "mandate_own_decision"
    OTHERS_NO = "mandate_others_no"
    MINOR = "mandate_minor"
    OWN_OFFER = "mandate_own_offer"
    ONESELF = "mandate_oneself"
    NOT_YOURS = "mandate_not_yours"
    NO_ONWARD = "mandate_no_onward"
    WIDER = "mandate_wider"
    TOO_LONG = "mandate_too_long"
    PAST = "mandate_past"
    NO_THEME = "mandate_no_theme"
    NO_BASIS = "mandate_no_basis"


@dataclass(frozen=True, slots=True)
class Theme:
    """A field of life: the kinds of data and the purposes that belong to it. Codes only."""

    code: str
    categories: frozenset[str]
    purposes: frozenset[str]


@dataclass(frozen=True, slots=True)
class MandateView:
    """What the rules need to know of a mandate. `freezes_at`: the child's 18th birthday, of a guardian's mandate only.

    `meant`: its themes as they were when it was offered. `parent`: the mandate that this one was passed on from; it has none itself.
    """

    id: UUID
    principal: UUID
    attorney: UUID | None
    kind: MandateKind
    state: MandateState
    themes: frozenset[str]
    not_before: datetime
    expires_at: datetime | None
    freezes_at: datetime | None = None
    may_delegate: bool = False
    parent: MandateView | None = None
    meant: tuple[Theme, ...] = ()


@dataclass(frozen=True, slots=True)
class MandateScope:
    """What a mandate reaches. `everything`: guardians and estates are not held to themes."""

    everything: bool
    categories: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()

    def covers(self, categories: Iterable[str]) -> bool:
        return self.everything or frozenset(categories) <= self.categories

    def covers_purpose(self, purpose: str) -> bool:
        return self.everything or purpose in self.purposes


@dataclass(frozen=True, slots=True)
class LastWord:
    """What was decided last between a citizen, a recipient, a purpose and a source. `by`: the attorney or guardian, None for the citizen.

    `no`: it was declined, or withdrawn, for these categories (empty: for all). `stands`: it was given, and its time has not run out,
    even if an attorney has ended it since: else they could end what the citizen gave and give it anew in their own way. `bound`: whoever said no may still
    act for the citizen, so that their word counts.
    """

    by: UUID | None
    no: bool
    stands: bool
    categories: frozenset[str] = frozenset()
    bound: bool = True
