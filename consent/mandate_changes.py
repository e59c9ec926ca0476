"""Changes of mandates: offer, address, answer, revoke, register, freeze, end. Called by journeys only, in the principal's `citizen_scope`.

Every move is a compare-and-set, and leaves a `MandateEvent`. Who may make it, `consent.rules.mandates` says; the caller has locked what it asks about.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, Window
from django.db.models.functions import RowNumber

from consent import mandates, themes
from consent.acting import MandateRefused
from consent.days import day_of, end_of, start_of
from consent.errors import Conflict, InvalidInput, NotFound
from consent.models import Mandate, MandateEvent, MandateEventKind
from consent.rules import mandates as rules
from consent.rules.mandates import MandateView
from consent.scope import citizen_scope, lookup_scope
from consent.turns import one_at_a_time

MOST_OPEN = 20  # offers of one citizen that wait for an answer, or were made in the last day and have become anything since
MOST_RECEIVED = 10  # offers that are brought to one citizen in a day, whoever makes them
A_DAY = timedelta(days=1)
Kind, State, Event = Mandate.Kind, Mandate.State, MandateEventKind


@dataclass(frozen=True)
class Terms:
    """What a power of attorney is to reach: themes by code, the first and the last day, and whether it may be passed on."""

    themes: tuple[str, ...]
    start: date
    until: date
    may_delegate: bool = False


def offer(
    *, principal_id: UUID, digest: bytes, invited_sealed: bytes, terms: Terms, now: datetime, by: UUID, parent: MandateView | None = None
) -> Mandate:
    """Offer a power of attorney to whoever has this digest. Whether they are known here, neither row nor answer says.

    `by` is the principal, or the attorney who passes `parent` on. Raises `MandateRefused`, and `InvalidInput` when too many offers wait.
    """
    fault = rules.check_offer(themes=terms.themes, known=themes.themes(), start=terms.start, until=terms.until, today=day_of(now))
    if fault is not None:
        raise MandateRefused(fault)
    # Only now: the last day of the calendar has no end.
    begins, ends = max(now, start_of(terms.start)), end_of(terms.until)
    if parent is not None:
        begins = max(begins, parent.not_before)
        fault = rules.may_pass_on(parent, who=by, themes=terms.themes, expires_at=ends, not_before=begins, now=now)
    if fault is not None:
        raise MandateRefused(fault)
    counted = Q(state=State.OFFERED) | Q(created_at__gt=now - A_DAY)  # whoever offers and revokes fills strangers' boxes
    if Mandate.objects.filter(counted, principal_id=principal_id, kind=Kind.POWER_OF_ATTORNEY).count() >= MOST_OPEN:
        raise InvalidInput({"identifier": "too_many_offers"})
    row = Mandate.objects.create(
        principal_id=principal_id,
        attorney_digest=digest,
        invited_sealed=invited_sealed,
        kind=Kind.POWER_OF_ATTORNEY,
        state=State.OFFERED,
        themes=sorted(set(terms.themes)),
        meant=themes.kept(rules.meaning(terms.themes, themes.themes(), parent=parent)),
        not_before=begins,
        expires_at=ends,
        may_delegate=terms.may_delegate and parent is None,
        parent_id=parent.id if parent else None,
        evidence={"from": "portal"},
        created_at=now,
    )
    _tell(row, Event.OFFERED, now, by)
    return row


def address(*, citizen_id: UUID, digest: bytes, now: datetime) -> list[Mandate]:
    """Put the citizen into offers that wait for their digest. Each once; at most `MOST_RECEIVED` in a day, of each who offers one before a second of anybody.

    The rest wait, as those to somebody unknown do, so that nobody who offers learns of the others. To the dead none is brought.
    """
    found: list[Mandate] = []
    with citizen_scope(citizen_id), lookup_scope(digest):
        if mandates.estates_of(citizen_id).exists():
            return []
        one_at_a_time(f"mandates-offered-to:{citizen_id}")
        of_today = MandateEvent.objects.filter(kind=Event.ADDRESSED, at__gt=now - A_DAY, mandate__attorney_id=citizen_id).count()
        waiting = Mandate.objects.filter(attorney__isnull=True, attorney_digest=digest, state=State.OFFERED)
        turn = Window(RowNumber(), partition_by="principal_id", order_by=["created_at", "pk"])
        for row in (
            waiting.exclude(principal_id=citizen_id).annotate(turn=turn).order_by("turn", "created_at")[: max(0, MOST_RECEIVED - of_today)]
        ):
            if Mandate.objects.filter(pk=row.pk, attorney__isnull=True, state=State.OFFERED).update(attorney_id=citizen_id):
                row.attorney_id = citizen_id
                _tell(row, Event.ADDRESSED, now, None)
                found.append(row)
    return found


def answer(*, mandate_id: UUID, who: UUID, accept: bool, now: datetime) -> Mandate:
    """Accept or decline an offer. Raises `NotFound`, `MandateRefused`, `Conflict`."""
    row, view = _loaded(mandate_id, who)
    if fault := rules.may_answer(view, who=who, now=now):
        raise MandateRefused(fault)
    with citizen_scope(row.principal_id):
        state = {"state": State.STANDING} if accept else {"state": State.DECLINED, "ended_at": now}
        _move(row, [State.OFFERED], **state)
        _tell(row, Event.ACCEPTED if accept else Event.DECLINED, now, who)
    return row


def revoke(*, mandate_id: UUID, who: UUID, now: datetime, child: UUID | None = None) -> list[Mandate]:
    """End a mandate and what was passed on from it, at once; with `child`, only that one of those. What has ended, the mandate first."""
    row, view = _loaded(mandate_id, who)
    with citizen_scope(row.principal_id):
        if child is not None:
            row, view = _child(row, view, child)
        if fault := rules.may_revoke(view, who=who):
            raise MandateRefused(fault)
        return _close(row, State.REVOKED, Event.REVOKED, now, who)


def reconfirmed(*, mandate_id: UUID, who: UUID, goes_on: bool, now: datetime) -> Mandate:
    """The grown child has decided, for a power of attorney instead or for an end: what was frozen is over.

    Raises `NotFound`, `MandateRefused`, `Conflict`.
    """
    row, view = _loaded(mandate_id, who)
    if fault := rules.may_reconfirm(view, who=who, now=now):
        raise MandateRefused(fault)
    with citizen_scope(row.principal_id):
        _move(row, [State.STANDING, State.FROZEN], state=State.ENDED, ended_at=now)
        _tell(row, Event.CONFIRMED if goes_on else Event.REVOKED, now, who)
    return row


def settle(*, mandate_id: UUID, now: datetime) -> list[Mandate]:
    """Write down what a date has done: frozen, or ended with what was passed on. Empty if it is written already. In the principal's scope."""
    row = Mandate.objects.select_for_update(no_key=True).filter(pk=mandate_id, state__in=[State.OFFERED, State.STANDING]).first()
    if row is None:
        return []
    state = rules.state_at(mandates.view_of(row), now=now)
    if state is rules.MandateState.FROZEN:
        _move(row, [State.STANDING], state=State.FROZEN)
        _tell(row, Event.FROZEN, now, None)
        return [row]
    return _close(row, State.ENDED, Event.ENDED, now, None) if state is rules.MandateState.ENDED else []


def register(
    *,
    principal_id: UUID,
    attorney_id: UUID,
    kind: Mandate.Kind,
    begins: datetime,
    ends: datetime | None,
    adult: datetime | None = None,
    evidence: dict[str, Any],
    now: datetime,
) -> tuple[Mandate, bool]:
    """A guardian's or an estate's mandate as the register has it; True if it is new here. In the principal's scope. One a pair and kind: a second
    registration is the first. `adult`: the child's 18th birthday, for guardians.

    A register that gives other dates than before changes them: it is where this right comes from.
    """
    same = Mandate.objects.filter(principal_id=principal_id, attorney_id=attorney_id, kind=kind, state__in=[State.STANDING, State.FROZEN])
    found = same.select_for_update(no_key=True).first()
    if found is not None:
        if found.state == State.STANDING and (found.not_before, found.expires_at, found.freezes_at) != (begins, ends, adult):
            same.update(not_before=begins, expires_at=ends, freezes_at=adult)
            found.refresh_from_db()
        return found, False
    try:
        with transaction.atomic():
            row = Mandate.objects.create(
                principal_id=principal_id, attorney_id=attorney_id, kind=kind, state=State.STANDING, not_before=begins,
                expires_at=ends, freezes_at=adult, evidence=evidence, created_at=now,
            )  # fmt: skip
    except IntegrityError as error:
        raise Conflict() from error
    _tell(row, Event.REGISTERED, now, None)
    return row, True


def end_without_answer(*, mandate_id: UUID, now: datetime) -> list[Mandate]:
    """What it rested on is gone: the register knows it no longer, or one of the two has died. In the principal's scope."""
    row = Mandate.objects.select_for_update(no_key=True).filter(pk=mandate_id, state__in=mandates.OPEN).first()
    return _close(row, State.ENDED, Event.ENDED, now, None) if row else []


def not_dead(*, principal_id: UUID, case: str, now: datetime) -> list[Mandate]:
    """The register was wrong, as an operator has found out: no estate of this citizen counts, and those that stand end. In their scope."""
    rows = list(mandates.estates_of(principal_id).select_for_update(no_key=True).order_by("pk"))
    ended = [gone for row in rows if row.state in mandates.OPEN for gone in _close(row, State.ENDED, Event.ENDED, now, None)]
    for row in rows:
        Mandate.objects.filter(pk=row.pk).update(evidence=row.evidence | {mandates.CORRECTED: case})
    return ended


def _loaded(mandate_id: UUID, who: UUID) -> tuple[Mandate, MandateView]:
    found = mandates.load(mandate_id=mandate_id, viewer=who, lock=True)
    if found is None:
        raise NotFound()
    return found


def _child(row: Mandate, view: MandateView, child: UUID) -> tuple[Mandate, MandateView]:
    found = Mandate.objects.select_for_update(no_key=True).filter(pk=child, parent_id=row.pk).first()
    if found is None:
        raise NotFound()
    return found, mandates.view_of(found, row)


def _close(row: Mandate, state: Mandate.State, event: MandateEventKind, now: datetime, by: UUID | None) -> list[Mandate]:
    _move(row, mandates.OPEN, state=state, ended_at=now)
    _tell(row, event, now, by)
    gone = [row]
    for child in Mandate.objects.select_for_update(no_key=True).filter(parent_id=row.pk, state__in=mandates.OPEN).order_by("pk"):
        _move(child, mandates.OPEN, state=State.ENDED, ended_at=now)
        _tell(child, Event.ENDED, now, by)
        gone.append(child)
    return gone


def _move(row: Mandate, was: Iterable[str], **values: Any) -> None:
    if Mandate.objects.filter(pk=row.pk, state__in=list(was)).update(**values) != 1:
        raise Conflict()
    for name, value in values.items():
        setattr(row, name, value)


def _tell(row: Mandate, kind: MandateEventKind, now: datetime, by: UUID | None) -> None:
    MandateEvent.objects.create(mandate=row, at=now, kind=kind, by_id=by)
