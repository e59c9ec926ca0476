"""The steps of an erasure, in the order in which `journeys/erase.py` has them done: each under the row's lease, and written down in the transaction that did it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.utils import timezone

from aurora.erasures import outside, rows, scrub
from aurora.erasures.models import Erasure
from aurora.erasures.rows import Lease, LeaseLost
from aurora.journeys import _erase_account as account
from aurora.journeys import _erase_parts as parts
from aurora.journeys import _erased_told as told
from aurora.journeys import erase_log, withdraw
from aurora.journeys._erase_parts import PARTS, SOURCE, Scope
from consent import queries
from consent.models import ConsentRecord
from consent.rules import AURORA, CITIZEN
from consent.scope import citizen_scope

SCRUB_AGAIN = timedelta(minutes=5)

Step = Callable[[Lease, Scope], bool]


def steps(scope: Scope) -> list[tuple[str, Step]]:
    """In this order; each returns whether it is done, and writes so down. One that has to wait puts the row down, and raises `LeaseLost`."""
    taken: list[tuple[str, Step]] = [(part.name, partial(_part, part)) for part in PARTS if part.rows is not None]
    if not scope.everything:
        return [("consents", _withdraw), *taken, ("agencies", _tell), ("log", _log), ("outside", _outside)]
    return [
        ("asked", _asked), ("consents", _withdraw), ("mandates", account.end_mandates), *taken,
        ("outside_left", _outside), ("waited", _wait), ("account", account.take), ("outside", _outside_gone), ("scrub", _scrub),
    ]  # fmt: skip


def _asked(lease: Lease, scope: Scope) -> bool:
    """The log itself says that its erasure was asked for, and its thirty days begin."""
    with citizen_scope(lease.citizen_id):
        row = rows.held(lease, now=timezone.now())
        erase_log.ask(citizen_id=lease.citizen_id, now=timezone.now())
        rows.note(row, step="asked")
    return True


def _withdraw(lease: Lease, scope: Scope) -> bool:
    """One consent a transaction: each has its own entry, receipt and notice."""
    now = timezone.now()
    with citizen_scope(lease.citizen_id):
        row = rows.held(lease, now=now)
        for record, categories in to_withdraw(lease.citizen_id, scope)[:1]:
            before = parts.counted(citizen_id=lease.citizen_id, scope=scope)
            withdraw.end(citizen_id=lease.citizen_id, consent_id=record.pk, categories=categories, now=now, by=CITIZEN)
            left = parts.counted(citizen_id=lease.citizen_id, scope=scope)
            # An end deletes what nothing covers any more: it is counted where it goes.
            gone = {name: number - left[name] for name, number in before.items() if number > left[name]}
            rows.note(row, counts={**gone, "withdrawn": 1})
            return False
        rows.note(row, step="consents")
    return True


def to_withdraw(citizen_id: UUID, scope: Scope) -> list[tuple[ConsentRecord, list[str] | None]]:
    """(consent, categories; None: all): of everything all that stand; else those by which Aurora would fetch again what is erased.

    What the citizen says themself is not fetched: a consent to use it stands, and finds nothing.
    """
    standing = ConsentRecord.objects.filter(citizen_id=citizen_id, state="given", expires_at__gt=timezone.now())
    standing = standing.select_related("recipient", "source", "purpose_version").order_by("decided_at", "pk")
    if scope.everything:
        return [(record, None) for record in standing]
    reached = parts.reach(citizen_id, scope) or frozenset()
    fetched = standing.filter(recipient__code=AURORA, source__isnull=False).exclude(source__code=CITIZEN)
    if scope.kind == SOURCE:
        return [(record, None) for record in fetched.filter(source__code=scope.code)]
    return [(record, sorted(reached & set(record.covered))) for record in fetched if reached & set(record.covered)]


def agencies_consents(citizen_id: UUID, reached: frozenset[str] | None) -> list[ConsentRecord]:
    theirs = ConsentRecord.objects.filter(citizen_id=citizen_id, state="given", expires_at__gt=timezone.now()).exclude(
        recipient__code=AURORA
    )
    found = theirs.select_related("recipient", "purpose_version").order_by("decided_at", "pk")
    return [record for record in found if reached is None or reached & set(record.covered)]


def _part(part: parts.Part, lease: Lease, scope: Scope) -> bool:
    now = timezone.now()
    with citizen_scope(lease.citizen_id):
        row = rows.held(lease, now=now)
        # As every access does: a suggestion or evaluation that is being made is waited for, and goes too.
        queries.for_decision(citizen_id=lease.citizen_id, recipient=AURORA)
        gone = part.erase(lease.citizen_id, scope)
        rows.note(row, step="" if gone else part.name, counts={part.name: gone})
    return not gone


def _tell(lease: Lease, scope: Scope) -> bool:
    """Agencies that had read what is erased, and may read on, are asked to delete it (art. 19). Those whose consent ended were asked then."""
    with citizen_scope(lease.citizen_id):
        row = rows.held(lease, now=timezone.now())
        number = told.announce(citizen_id=lease.citizen_id, categories=parts.reach(lease.citizen_id, scope), now=timezone.now())
        rows.note(row, step="agencies", counts={"agencies": number})
    return True


def _log(lease: Lease, scope: Scope) -> bool:
    with citizen_scope(lease.citizen_id):
        row = rows.held(lease, now=timezone.now())
        told.log_done(row, categories=parts.reach(lease.citizen_id, scope), now=timezone.now())
        rows.note(row, step="log")
    return True


def _outside(lease: Lease, scope: Scope) -> bool:
    """On the list outside the database first: the certificate must not promise what a restore undoes."""
    what, step = (outside.LEFT, "outside_left") if scope.everything else (scope.kind, "outside")
    return _noted(lease, what, scope.code, step)


def _outside_gone(lease: Lease, scope: Scope) -> bool:
    return _noted(lease, outside.GONE, "", "outside")


def _noted(lease: Lease, what: str, code: str, step: str) -> bool:
    outside.note(citizen_id=lease.citizen_id, what=what, code=code, now=timezone.now())
    with citizen_scope(lease.citizen_id):
        rows.note(rows.held(lease, now=timezone.now()), step=step)
    return True


def _wait(lease: Lease, scope: Scope) -> bool:
    """Until the thirty days are over. True when they are."""
    now = timezone.now()
    with citizen_scope(lease.citizen_id):
        row = rows.held(lease, now=now)
        due = account.due_at(lease.citizen_id)
        if due > now:
            rows.wait(lease, until=due, state=Erasure.State.WAITING)
        else:
            rows.note(row, step="waited")
    if due > now:
        raise LeaseLost  # put down until then
    return True


def _scrub(lease: Lease, scope: Scope) -> bool:
    """What was deleted leaves the files of the database too, for all at once who wait for it."""
    now = timezone.now()
    if "scrubbed_at" not in (held(lease).key or {}):
        last = scrub.last_at()
        not_before = last + scrub.EVERY if last is not None else now
        if not_before > now or not scrub.may() or not scrub.run():
            with citizen_scope(lease.citizen_id):
                rows.wait(lease, until=max(not_before, now + SCRUB_AGAIN))
            raise LeaseLost
        scrub.note(begun=now)
    with citizen_scope(lease.citizen_id):
        rows.note(rows.held(lease, now=timezone.now()), step="scrub")
    return True


def held(lease: Lease) -> Erasure:
    with citizen_scope(lease.citizen_id):
        return rows.held(lease, now=timezone.now())
