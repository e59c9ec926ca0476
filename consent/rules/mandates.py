"""Who may act for whom, in which themes, when. Pure: no clock, no database; every answer is a `MandateFault` or None for yes.

Sources: children and guardians: Finnish Child Custody and Right of Access Act, 1 and 3-5 §, and GDPR art. 8; powers of attorney: Contracts Act, 10-27 §; what
an attorney's act is worth beside the principal's own: docs/decisions/mandates.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from uuid import UUID

from .durations import latest_end
from .mandate_values import Deed, LastWord, MandateFault, MandateKind, MandateScope, MandateState, MandateView, Theme

LONGEST_YEARS = 5  # of a power of attorney: after that nobody remembers what they signed
ADULT_AT = 18
OWN_WORD_AT = 15  # from here a child ends consents alone

__all__ = [
    "Deed",
    "LastWord",
    "MandateFault",
    "MandateKind",
    "MandateScope",
    "MandateState",
    "MandateView",
    "Theme",
    "age_on",
    "check_offer",
    "eighteenth_birthday",
    "fault_of",
    "may_act",
    "may_answer",
    "may_give",
    "may_pass_on",
    "may_reconfirm",
    "may_revoke",
    "meaning",
    "minor_may",
    "not_delegable",
    "scope_of",
    "state_at",
]


_DELEGABLE = {
    # Concerns too: a case is in the words of whoever answers for the child. In anybody else's name it would be no case of theirs.
    MandateKind.GUARDIAN: frozenset(Deed),
    MandateKind.POWER_OF_ATTORNEY: frozenset({Deed.SEE, Deed.GIVE, Deed.DECLINE, Deed.WITHDRAW, Deed.SUGGEST}),
    # An estate needs to know, to take along and to end. Nobody consents for the dead, and nothing is suggested to them.
    MandateKind.ESTATE: frozenset({Deed.SEE, Deed.WITHDRAW, Deed.EXPORT}),
}
_STATE_FAULTS = {
    MandateState.OFFERED: MandateFault.NOT_ACCEPTED,
    MandateState.DECLINED: MandateFault.DECLINED,
    MandateState.REVOKED: MandateFault.REVOKED,
    MandateState.FROZEN: MandateFault.FROZEN,
    MandateState.ENDED: MandateFault.ENDED,
}


def fault_of(mandate: MandateView, *, now: datetime) -> MandateFault | None:
    """Why nobody may act on this mandate at an instant, or None: it stands. One that was passed on stands only while its parent does."""
    if mandate.state is not MandateState.STANDING:
        return _STATE_FAULTS[mandate.state]
    if mandate.attorney is None:
        return MandateFault.NOT_ACCEPTED
    if mandate.attorney == mandate.principal:
        return MandateFault.ONESELF
    # What ran out before the birthday is over; what would have run out on it or later is frozen by it, whenever that is asked.
    frozen, ends = mandate.freezes_at, mandate.expires_at
    if frozen is not None and frozen <= now and (ends is None or ends >= frozen):
        return MandateFault.FROZEN
    if ends is not None and ends <= now:
        return MandateFault.ENDED
    if mandate.not_before > now:
        return MandateFault.NOT_YET
    return _fault_of_parent(mandate, now)


def _fault_of_parent(mandate: MandateView, now: datetime) -> MandateFault | None:
    parent = mandate.parent
    if parent is None:
        return None
    if parent.parent is not None or not parent.may_delegate or parent.principal != mandate.principal:
        return MandateFault.NO_ONWARD
    return fault_of(parent, now=now)


def state_at(mandate: MandateView, *, now: datetime) -> MandateState:
    """The state as it is now, whatever the sweep has written down yet: a guardian's mandate freezes on the birthday, by itself."""
    if mandate.state is not MandateState.STANDING:
        # What waited for an answer past its end waits no longer.
        over = mandate.state is MandateState.OFFERED and mandate.expires_at is not None and mandate.expires_at <= now
        return MandateState.ENDED if over else mandate.state
    fault = fault_of(mandate, now=now)
    if fault is MandateFault.FROZEN:
        return MandateState.FROZEN
    return MandateState.STANDING if fault in (None, MandateFault.NOT_YET) else MandateState.ENDED


def scope_of(mandate: MandateView, themes: Mapping[str, Theme]) -> MandateScope:
    """The categories and purposes that a mandate reaches; never more than its parent's, nor than its themes meant when it was offered.

    What has left a theme since, or the vocabulary, it reaches no longer either. `themes`: as they are now.
    """
    if mandate.kind is not MandateKind.POWER_OF_ATTORNEY:
        return MandateScope(everything=True)
    mine = _reached(mandate, themes).values()
    return MandateScope(
        everything=False,
        categories=frozenset[str]().union(*(t.categories for t in mine)),
        purposes=frozenset[str]().union(*(t.purposes for t in mine)),
    )


def meaning(codes: Iterable[str], themes: Mapping[str, Theme], *, parent: MandateView | None = None) -> tuple[Theme, ...]:
    """What an offer of these themes means, to be kept with it: as they are now, of what is passed on no more than the parent reaches."""
    above = themes if parent is None else _reached(parent, themes)
    return tuple(above[code] for code in sorted(set(codes)) if code in above)


def _reached(mandate: MandateView, themes: Mapping[str, Theme]) -> dict[str, Theme]:
    above = themes if mandate.parent is None else _reached(mandate.parent, themes)
    mine = {t.code: t for t in mandate.meant if t.code in mandate.themes and t.code in above}
    return {c: Theme(c, t.categories & above[c].categories, t.purposes & above[c].purposes) for c, t in mine.items()}


def may_act(
    mandate: MandateView,
    deed: Deed,
    *,
    scope: MandateScope,
    now: datetime,
    categories: Iterable[str] = (),
    purpose: str | None = None,
    all_categories: Iterable[str] = (),
) -> MandateFault | None:
    """Whether the attorney may do this for the principal. `purpose` None: the deed has none, as looking has.

    Suggestions are made from everything that was consented to for them (`all_categories`), so only a mandate that reaches all of it opens them.
    """
    if fault := fault_of(mandate, now=now):
        return fault
    if deed not in _DELEGABLE[mandate.kind]:
        return not_delegable(mandate.kind)
    wanted = all_categories if deed is Deed.SUGGEST else categories
    if not scope.covers(wanted) or (purpose is not None and not scope.covers_purpose(purpose)):
        return MandateFault.OUTSIDE_THEMES
    return None


def not_delegable(kind: MandateKind) -> MandateFault:
    """Why something cannot be done on a mandate at all: only the person can, and of the dead nobody."""
    return MandateFault.FOR_THE_DEAD if kind is MandateKind.ESTATE else MandateFault.NOT_DELEGABLE


def may_give(
    last: LastWord | None, *, who: UUID, categories: Iterable[str], scope: MandateScope, standing: Iterable[str] = ()
) -> MandateFault | None:
    """Whether an attorney may give a consent after what was decided last on the same matter. `standing`: the categories that it would replace.

    - What the citizen decided themself, yes or no, an attorney does not decide anew.
    - A no of another attorney or guardian binds until the same person gives it, or may act no longer. Ending is free to each of them.
    - A consent that reaches beyond the attorney's themes is not theirs to replace.
    """
    if not scope.covers(standing):
        return MandateFault.OUTSIDE_THEMES
    if last is None or not (last.no or last.stands):
        return None
    if last.by is None:
        return MandateFault.OWN_DECISION if last.stands or _touches(last, categories) else None
    if last.no and last.bound and last.by != who and _touches(last, categories):
        return MandateFault.OTHERS_NO
    return None


def _touches(last: LastWord, categories: Iterable[str]) -> bool:
    return not last.categories or bool(last.categories & frozenset(categories))


def minor_may(deed: Deed, *, age: int) -> MandateFault | None:
    """What a child who has a guardian here may do alone: see and take along, always; end, decline, and move a case of a guardian's on, from 15; the
    rest, from 18.
    """
    if deed in (Deed.SEE, Deed.SUGGEST, Deed.EXPORT) or age >= ADULT_AT:
        return None
    return None if deed in (Deed.WITHDRAW, Deed.DECLINE, Deed.CONCERN) and age >= OWN_WORD_AT else MandateFault.MINOR


def check_offer(*, themes: Iterable[str], known: Iterable[str], start: date, until: date, today: date) -> MandateFault | None:
    """Whether a power of attorney may be offered: for known themes, from today or later until at most five years on."""
    chosen = frozenset(themes)
    if not chosen or not chosen <= frozenset(known):
        return MandateFault.NO_THEME
    if start < today or until <= today or until < start:
        return MandateFault.PAST
    return MandateFault.TOO_LONG if until > latest_end(today, months=12 * LONGEST_YEARS) else None


def may_pass_on(
    parent: MandateView, *, who: UUID, themes: Iterable[str], expires_at: datetime, not_before: datetime, now: datetime
) -> MandateFault | None:
    """Whether an attorney may let another stand in: only if that was granted, one step, for no more themes and no longer than they have."""
    if parent.attorney != who:
        return MandateFault.NOT_YOURS
    if fault := fault_of(parent, now=now):
        return fault
    if parent.parent is not None or not parent.may_delegate or parent.kind is not MandateKind.POWER_OF_ATTORNEY:
        return MandateFault.NO_ONWARD
    later = parent.expires_at is not None and expires_at > parent.expires_at
    if not frozenset(themes) <= parent.themes or later or not_before < parent.not_before:
        return MandateFault.WIDER
    return None


def may_answer(mandate: MandateView, *, who: UUID, now: datetime) -> MandateFault | None:
    """Whether this person may accept or decline an offer: only the one whom it is addressed to, while it waits."""
    if who == mandate.principal or (mandate.parent is not None and who == mandate.parent.attorney):
        return MandateFault.OWN_OFFER
    if mandate.attorney != who:
        return MandateFault.NOT_YOURS
    state = state_at(mandate, now=now)
    if state is not MandateState.OFFERED:
        return _STATE_FAULTS.get(state, MandateFault.ENDED)
    return _fault_of_parent(mandate, now)


def may_revoke(mandate: MandateView, *, who: UUID) -> MandateFault | None:
    """Either side ends a power of attorney, offered or standing, at once; whoever passed one on ends what came of it.

    A guardian's or an estate's mandate ends in its register; a frozen one is the grown child's to end.
    """
    parties = {mandate.principal, mandate.attorney} | ({mandate.parent.attorney} if mandate.parent else set())
    if who not in parties:
        return MandateFault.NOT_YOURS
    if mandate.state is MandateState.FROZEN:
        return None if who == mandate.principal else MandateFault.FROZEN
    if mandate.kind is not MandateKind.POWER_OF_ATTORNEY:
        return MandateFault.NOT_DELEGABLE
    return None if mandate.state in (MandateState.OFFERED, MandateState.STANDING) else _STATE_FAULTS[mandate.state]


def may_reconfirm(mandate: MandateView, *, who: UUID, now: datetime) -> MandateFault | None:
    """At 18 the grown child alone decides: a power of attorney instead, or an end."""
    if who != mandate.principal:
        return MandateFault.NOT_YOURS
    return None if state_at(mandate, now=now) is MandateState.FROZEN else MandateFault.NOT_DELEGABLE


def age_on(day: date, *, eighteenth: date) -> int:
    """Full years on a day of somebody whose 18th birthday is known."""
    return ADULT_AT - (eighteenth.year - day.year) - ((day.month, day.day) < (eighteenth.month, eighteenth.day))


def eighteenth_birthday(born: date) -> date:
    """The day on which a person is 18; who was born on 29 February, on 1 March of a common year."""
    try:
        return born.replace(year=born.year + ADULT_AT)
    except ValueError:
        return date(born.year + ADULT_AT, 3, 1)
