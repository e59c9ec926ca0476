"""Acting for another: who may, asked anew at each request; how it begins; and what the two sides of a mandate may see of it and of each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Case, Q, When

from aurora.journeys._log import acted, leaves, log
from aurora.journeys._mandate_told import invited, name_in_scope, was_accepted
from consent import acting, mandates
from consent.acting import Acting, MandateRefused
from consent.errors import NotFound
from consent.ledger.events import Event
from consent.models import Mandate, MandateEvent, MandateEventKind
from consent.rules import CITIZEN
from consent.rules import mandates as rules
from consent.rules.mandates import Deed, MandateFault, MandateKind, MandateState, MandateView
from consent.scope import citizen_scope

SHOWN = 30  # a page, of what others offered and of what is over


@dataclass(frozen=True)
class Seen:
    """A mandate as one of its sides sees it: `state` as it is now; `other` the other side's name, or what the principal typed in for an open offer."""

    row: Mandate
    view: MandateView
    state: MandateState
    is_attorney: bool
    other: str = field(repr=False)
    fault: MandateFault | None = None


@dataclass(frozen=True)
class SeenWhole:
    """The same with its history, and what the attorney has passed on of it."""

    seen: Seen
    events: tuple[MandateEvent, ...]
    passed_on: tuple[Seen, ...]


@dataclass(frozen=True)
class SeenPage:
    """One page of a citizen's mandates; `more`: there is another one after it."""

    seen: tuple[Seen, ...]
    number: int
    more: bool


def acting_for(*, actor: UUID, mandate_id: UUID, now: datetime) -> Acting:
    """The mandate on which somebody says that they act, if they hold it and it stands at this moment. Raises `MandateRefused`, `NotFound`."""
    found = mandates.load(mandate_id=mandate_id, viewer=actor)
    if found is None or found[0].attorney_id != actor:
        raise NotFound()
    view = found[1]
    if fault := rules.fault_of(view, now=now) or _of_who_leaves(view) or _without_basis(found[0], now) or _too_young(view, now):
        raise MandateRefused(fault)
    return Acting(
        mandate=view,
        scope=mandates.scope_of(view),
        attorney=actor,
        attorney_name=name_in_scope(actor),
        principal_name=name_in_scope(view.principal),
    )


def _of_who_leaves(view: MandateView) -> MandateFault | None:
    """From the moment in which either of the two leaves for good."""
    return MandateFault.ENDED if any(leaves(one) for one in (view.principal, view.attorney) if one) else None


def _without_basis(row: Mandate, now: datetime) -> MandateFault | None:
    return None if mandates.has_basis(row, now=now) else MandateFault.NO_BASIS


def _too_young(view: MandateView, now: datetime) -> MandateFault | None:
    """Nobody is trusted to decide for another what their own guardian decides for them, nor to pass it on. A register's word is not ours to weigh."""
    if view.kind is not MandateKind.POWER_OF_ATTORNEY or view.attorney is None:
        return None
    if view.parent is not None and _too_young(view.parent, now):
        return MandateFault.NO_ONWARD
    with citizen_scope(view.attorney):
        return mandates.own_fault(citizen_id=view.attorney, deed=Deed.GIVE, now=now)


def begin(*, actor: UUID, mandate_id: UUID, now: datetime) -> Acting:
    """Begin to act: the other citizen reads it in their log. Raises as `acting_for`."""
    with citizen_scope(actor):
        mandates.load(mandate_id=mandate_id, viewer=actor, lock=True)
        doing = acting_for(actor=actor, mandate_id=mandate_id, now=now)
        with citizen_scope(doing.principal):
            log(citizen_id=doing.principal, event=Event.MANDATE_USED, actor=CITIZEN, details=acted(doing), at=now)
    return doing


def acts_for_others(*, citizen_id: UUID, now: datetime) -> bool:
    """Whether a citizen may answer for somebody else, as far as dates tell."""
    with citizen_scope(citizen_id):
        return mandates.acts_for_others(citizen_id=citizen_id, now=now)


def of_citizen(*, citizen_id: UUID, now: datetime, number: int = 1) -> SeenPage:
    """The mandates that a citizen gave or holds, newest first.

    What stands, is frozen, or is offered by the citizen is on every page, so that nobody hides it behind offers of their own. Of the rest it is
    one page: what waits for the citizen's answer, then what is over.
    """
    with citizen_scope(citizen_id):
        mine = mandates.of_party(citizen_id=citizen_id)
        theirs = Q(state=Mandate.State.OFFERED, attorney_id=citizen_id)
        always = mine.filter(state__in=mandates.OPEN).exclude(theirs)
        waits = Case(When(theirs, then=0), default=1)
        rest = mine.filter(theirs | ~Q(state__in=mandates.OPEN)).annotate(waits=waits).order_by("waits", "-created_at", "pk")
        listed = list(rest[(number - 1) * SHOWN : number * SHOWN + 1])
        found = [mandates.load(mandate_id=row.pk, viewer=citizen_id) for row in (*always, *listed[:SHOWN])]
        seen = tuple(_seen(row, view, citizen_id, now) for row, view in (f for f in found if f is not None))
        return SeenPage(seen, number, len(listed) > SHOWN)


def one(*, citizen_id: UUID, mandate_id: UUID, now: datetime) -> SeenWhole:
    """One of them. Raises `NotFound`, also for somebody else's.

    That an offer has been addressed to somebody is not for its principal to see: it would tell whether that person is known here.
    """
    found = mandates.load(mandate_id=mandate_id, viewer=citizen_id)
    if found is None:
        raise NotFound()
    row, view = found
    with citizen_scope(citizen_id):
        events = tuple(MandateEvent.objects.filter(mandate=row).exclude(kind=MandateEventKind.ADDRESSED))
        mine = _seen(row, view, citizen_id, now)
    with citizen_scope(row.principal_id):
        children = list(Mandate.objects.filter(parent_id=row.pk).order_by("-created_at"))
        below = tuple(_seen(child, mandates.view_of(child, row), row.principal_id, now) for child in children)
    return SeenWhole(mine, events, below)


def names_of(attorneys: Iterable[UUID]) -> dict[UUID, str]:
    """The names of who decided for a citizen, for that citizen's pages: whoever acts for them now reads their own and no other's."""
    doing = acting.current()
    return {one: name_in_scope(one) for one in set(attorneys) if doing is None or doing.attorney == one}


def may(doing: Acting, deed: Deed, *, now: datetime) -> MandateFault | None:
    """Whether a page is for an attorney at all; what is done there is decided again, under a lock."""
    return mandates.allowed(doing.mandate, deed, now=now)


def _seen(row: Mandate, view: MandateView, viewer: UUID, now: datetime) -> Seen:
    is_attorney = row.attorney_id == viewer
    state = rules.state_at(view, now=now)
    other = name_in_scope(row.principal_id) if is_attorney else _attorneys_name(row)
    return Seen(row, view, state, is_attorney, other, rules.fault_of(view, now=now))


def _attorneys_name(row: Mandate) -> str:
    """The name of whoever has accepted, or was registered; before that, and for a no or an end that came before a yes, what was typed in."""
    if row.kind != Mandate.Kind.POWER_OF_ATTORNEY or (row.attorney_id and row.state in (Mandate.State.STANDING, Mandate.State.FROZEN)):
        return name_in_scope(row.attorney_id) if row.attorney_id else ""
    return name_in_scope(row.attorney_id) if row.attorney_id and was_accepted(row) else invited(row)
