"""One citizen lets another act for them: offered, accepted or declined, revoked by either, passed on once, reconfirmed at 18.

What is offered to an identifier is answered the same whether or not that person is known here; the offer waits until they are.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from aurora.identity import citizens, vault
from aurora.journeys._mandate_told import INVITED, name_in_scope, offered, tell, tell_offered
from consent import mandate_changes, mandates
from consent.acting import MandateRefused
from consent.days import day_of, last_day
from consent.errors import InvalidInput, NotFound
from consent.ledger.events import Event
from consent.mandate_changes import Terms
from consent.models import Mandate
from consent.rules.mandates import Deed, MandateFault, MandateView
from consent.scope import citizen_scope

logger = logging.getLogger(__name__)
SWEEP_MOST = 500
_FIELDS = {
    MandateFault.NO_THEME: ("themes", "theme_required"),
    MandateFault.PAST: ("until", "date_past"),
    MandateFault.TOO_LONG: ("until", "mandate_too_long"),
    MandateFault.WIDER: ("themes", "mandate_wider"),
}


def offer(*, principal_id: UUID, identifier: str, terms: Terms, now: datetime) -> UUID:
    """Offer a power of attorney to whoever has this national identifier; its id.

    Raises `InvalidInput` with the field that is wrong, and `MandateRefused` for a child who has a guardian here.
    """
    named = _identifier(identifier)
    digest = citizens.digest_of(named)
    with citizen_scope(principal_id):
        mandates.check_own(citizen_id=principal_id, deed=Deed.GIVE, now=now)
        if digest == citizens.own_digest(citizen_id=principal_id):
            raise InvalidInput({"identifier": "mandate_oneself"})
        sealed = vault.seal(named.encode(), citizen_id=principal_id, context=INVITED)
        row = _as_form(lambda: mandate_changes.offer(
            principal_id=principal_id, digest=digest, invited_sealed=sealed, terms=terms, now=now, by=principal_id
        ))  # fmt: skip
        tell_offered(row, to=principal_id, by=principal_id, now=now)
    return row.pk


def pass_on(*, attorney_id: UUID, mandate_id: UUID, identifier: str, terms: Terms, now: datetime) -> UUID:
    """Let another stand in for an attorney, as far as the mandate allows. The principal is told, and may revoke it. Raises as `offer`, and `NotFound`."""
    named = _identifier(identifier)
    digest = citizens.digest_of(named)
    with citizen_scope(attorney_id):
        mandates.check_own(citizen_id=attorney_id, deed=Deed.GIVE, now=now)
        found = mandates.load(mandate_id=mandate_id, viewer=attorney_id, lock=True)
        if found is None or found[0].attorney_id != attorney_id:
            raise NotFound()
        parent = found[1]
        if digest == citizens.own_digest(citizen_id=attorney_id):
            raise InvalidInput({"identifier": "mandate_oneself"})
        with citizen_scope(parent.principal):
            if digest == citizens.own_digest(citizen_id=parent.principal):
                raise InvalidInput({"identifier": "mandate_oneself"})
            sealed = vault.seal(named.encode(), citizen_id=parent.principal, context=INVITED)
            row = _as_form(lambda: mandate_changes.offer(
                principal_id=parent.principal, digest=digest, invited_sealed=sealed, terms=_within(terms, parent), now=now, by=attorney_id,
                parent=parent,
            ))  # fmt: skip
            # In both logs: the principal must know whom their attorney names.
            entries = [parent.principal, attorney_id]
        for one in sorted(entries):
            tell_offered(row, to=one, by=attorney_id, now=now)
    return row.pk


def collect(*, citizen_id: UUID, now: datetime) -> int:
    """Address to a citizen the offers that wait for them; tells them, in their own log, too. How many. A transaction of its own."""
    with citizen_scope(citizen_id):
        digest = citizens.own_digest(citizen_id=citizen_id)
        found = mandate_changes.address(citizen_id=citizen_id, digest=digest, now=now)
        for row in found:
            tell_offered(row, to=citizen_id, by=row.principal_id, now=now)
    return len(found)


def answer(*, citizen_id: UUID, mandate_id: UUID, accept: bool, now: datetime) -> None:
    """Accept or decline what was offered. Raises `NotFound`, `MandateRefused`, `Conflict`."""
    with citizen_scope(citizen_id):
        if accept:
            mandates.check_own(citizen_id=citizen_id, deed=Deed.GIVE, now=now)
        row = mandate_changes.answer(mandate_id=mandate_id, who=citizen_id, accept=accept, now=now)
        tell([row], Event.MANDATE_ACCEPTED if accept else Event.MANDATE_DECLINED, now=now, by=citizen_id)


def revoke(*, citizen_id: UUID, mandate_id: UUID, now: datetime, child: UUID | None = None) -> None:
    """End it at once, with what was passed on from it; who acts on it at this moment is waited for, and acts no more.

    Raises `NotFound`, `MandateRefused`, `Conflict`.
    """
    with citizen_scope(citizen_id):
        gone = mandate_changes.revoke(mandate_id=mandate_id, who=citizen_id, child=child, now=now)
        tell(gone, Event.MANDATE_REVOKED, now=now, by=citizen_id)


def reconfirm(*, citizen_id: UUID, mandate_id: UUID, terms: Terms | None, now: datetime) -> None:
    """The grown child decides: a power of attorney is offered to the former guardian, or (no terms) it just ends. Raises as `offer` does."""
    with citizen_scope(citizen_id):
        row = mandate_changes.reconfirmed(mandate_id=mandate_id, who=citizen_id, goes_on=terms is not None, now=now)
        also = []
        if terms is not None and row.attorney_id is not None:
            guardian = row.attorney_id
            with citizen_scope(guardian):
                digest = citizens.own_digest(citizen_id=guardian)
            # The register named them, so nobody types an identifier: what is kept for the page is the name.
            sealed = vault.seal(name_in_scope(guardian).encode(), citizen_id=citizen_id, context=INVITED)
            made = _as_form(lambda: mandate_changes.offer(
                principal_id=citizen_id, digest=digest, invited_sealed=sealed, terms=terms, now=now, by=citizen_id
            ))  # fmt: skip
            also = [offered(made, by=citizen_id, now=now)]
        tell([row], Event.MANDATE_CONFIRMED if terms is not None else Event.MANDATE_REVOKED, now=now, by=citizen_id, also=also)


def sweep(*, now: datetime) -> int:
    """Freeze and end what its date has come for, and address offers to people who have become known. How many. One that fails keeps no other."""
    done = 0
    for mandate_id, principal_id in mandates.due(now=now, most=SWEEP_MOST):
        done += _guarded(mandate_id, partial(_settle, mandate_id, principal_id, now))
    since = now - mandate_changes.A_DAY
    for citizen_id in citizens.offered_to(since=since, most_each=mandate_changes.MOST_RECEIVED, most=SWEEP_MOST):
        done += _guarded(citizen_id, partial(collect, citizen_id=citizen_id, now=now))
    return done


def _settle(mandate_id: UUID, principal_id: UUID, now: datetime) -> int:
    with citizen_scope(principal_id):
        rows = mandate_changes.settle(mandate_id=mandate_id, now=now)
        frozen = [r for r in rows if r.state == Mandate.State.FROZEN]
        tell(frozen or rows, Event.MANDATE_FROZEN if frozen else Event.MANDATE_ENDED, now=now)
    return len(rows)


def _guarded(which: UUID, act: Callable[[], int]) -> int:
    try:
        return act()
    except Exception as error:
        logger.error("The sweep of mandates could not settle %s: %s", which, type(error).__name__)
        return 0


def _identifier(text: str) -> str:
    """As the e-ID writes it. Nothing says whether anybody has it."""
    named = "".join(text.split()).upper()
    if not 4 <= len(named) <= 64 or not named.isprintable():
        raise InvalidInput({"identifier": "identifier_invalid"})
    return named


def _within(terms: Terms, parent: MandateView) -> Terms:
    """Days as a person picks them, held to the parent's: its last day at the latest, its first at the earliest."""
    assert parent.expires_at is not None
    start, until = max(terms.start, day_of(parent.not_before)), min(terms.until, last_day(parent.expires_at))
    return replace(terms, start=start, until=until, may_delegate=False)


def _as_form(act: Callable[[], Mandate]) -> Mandate:
    """What the rules refuse about the terms is an error beside the form's field."""
    try:
        return act()
    except MandateRefused as error:
        if error.fault in _FIELDS:
            raise InvalidInput(dict([_FIELDS[error.fault]])) from error
        raise
