"""A citizen has data of theirs erased (GDPR art. 17): one source's, one category's, or everything, and then they are gone. Agencies are told (art. 19).

The wish is a row; a worker does its steps, each in a transaction that also writes down that it is done, however often it dies. What would be
fetched again is withdrawn first; whoever leaves is closed first, so that nothing can be written again behind the worker. What is under way at
that moment is waited for, and what it wrote goes too. docs/decisions/erasure.md says why in this order, and what then holds of the disk.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from aurora import crash
from aurora.erasures import outside, rows
from aurora.erasures.models import Erasure
from aurora.erasures.rows import Lease, LeaseLost
from aurora.journeys import _erase_account as account
from aurora.journeys import _erase_parts as parts
from aurora.journeys import _erase_steps as steps
from aurora.journeys import _erased_told as told
from aurora.journeys import erase_log
from aurora.journeys._erase_parts import CATEGORY, EVERYTHING, SOURCE, Scope
from aurora.journeys._wake import send
from aurora.messages import outbox
from aurora.messages.models import MessageKind
from aurora.sources import registry
from consent import acting, mandates, queries
from consent.errors import NotFound
from consent.ledger import erasure
from consent.models import ConsentRecord, DataCategory
from consent.rules import CITIZEN
from consent.rules.mandates import Deed
from consent.scope import citizen_scope

logger = logging.getLogger(__name__)
TASK = "aurora.erase"
SWEEP_MOST = 200
KEPT_MONTHS = 12


@dataclass(frozen=True)
class Preview:
    """What an erasure would do, for the page that asks for the last time. `counts` by part; `consents` would be withdrawn, wholly or in part."""

    scope: Scope
    counts: dict[str, int]
    consents: tuple[ConsentRecord, ...]
    agencies: tuple[told.Held, ...]
    kept_consents: tuple[ConsentRecord, ...] = ()


@dataclass(frozen=True)
class Asked:
    """The row, and of everything the address at which the certificate will be had without signing in, this once."""

    erasure_id: UUID
    secret: str = field(default="", repr=False)


def preview(*, citizen_id: UUID, scope: Scope, now: datetime) -> Preview:
    """What is there and what would become of it. Raises `NotFound` for who acts for another, and for what is no source or category."""
    _themself()
    _known(scope)
    with citizen_scope(citizen_id):
        reached = parts.reach(citizen_id, scope)
        return Preview(
            scope,
            parts.counted(citizen_id=citizen_id, scope=scope),
            tuple(record for record, _ in steps.to_withdraw(citizen_id, scope)),
            told.held(citizen_id=citizen_id, categories=reached, now=now),
            tuple(steps.agencies_consents(citizen_id, reached)) if not scope.everything else (),
        )


def source(*, citizen_id: UUID, code: str, language: str, now: datetime) -> Asked:
    """All that one source gave, and what was made of it. What still lets Aurora fetch it is withdrawn. Raises `NotFound`, `MandateRefused`."""
    return _ask(citizen_id, Scope(SOURCE, code), language, now)


def category(*, citizen_id: UUID, code: str, language: str, now: datetime) -> Asked:
    """All of one category, whoever gave it, and what was made of it; as `source`."""
    return _ask(citizen_id, Scope(CATEGORY, code), language, now)


def everything(*, citizen_id: UUID, language: str, now: datetime) -> Asked:
    """The citizen leaves: closed from now on, all data erased at once, account, log and key after thirty days unless they call it off.

    The caller sees to it that they signed in anew. Asked again while it is under way it is the same, and tells no secret.
    Raises `NotFound` for who acts for another, `MandateRefused` for a child who has a guardian here.
    """
    _themself()
    secret = secrets.token_urlsafe(32)
    with citizen_scope(citizen_id, durable=True):
        mandates.check_own(citizen_id=citizen_id, deed=Deed.GIVE, now=now)
        # This first, and nothing but the row: it waits for all that is under way, and must hold nothing that those want.
        rows.close(citizen_id=citizen_id, now=now)
        row, new = rows.ask(citizen_id=citizen_id, scope=EVERYTHING, code="", language=language, now=now, secret=secret)
        _wake(row.pk)
    if not new:
        return Asked(row.pk)
    with citizen_scope(citizen_id):
        # A death before this costs a message; the page shows the address.
        about = {"path": f"erasures/certificate/{secret}/"}
        outbox.queue(citizen_id=citizen_id, kind=MessageKind.ERASURE_ASKED, about=about, now=now)
    return Asked(row.pk, secret)


def call_off(*, citizen_id: UUID, now: datetime) -> bool:
    """The citizen stays: what was erased is gone, account and log go on. False where there is nothing to call off."""
    _themself()
    with citizen_scope(citizen_id):
        if not rows.call_off(citizen_id=citizen_id, now=now):
            return False
        erase_log.cancel(citizen_id=citizen_id, now=now)
        rows.reopen(citizen_id=citizen_id)
        # Within: where it cannot be written, nothing is called off, and a restore would not erase who stays.
        outside.note(citizen_id=citizen_id, what=outside.STAYED, now=now)
        return True


def found(*, citizen_id: UUID, erasure_id: UUID) -> Erasure:
    """One of the citizen's erasures. Raises `NotFound`."""
    _themself()
    with citizen_scope(citizen_id):
        row = rows.of(citizen_id=citizen_id, erasure_id=erasure_id)
    if row is None:
        raise NotFound()
    return row


def leaving(*, citizen_id: UUID) -> Erasure | None:
    """The erasure of everything that is under way, if one is."""
    with citizen_scope(citizen_id):
        return rows.current(citizen_id=citizen_id, scope=EVERYTHING)


def account_due(*, citizen_id: UUID) -> datetime | None:
    """When the account of who leaves goes; None: not known yet."""
    with citizen_scope(citizen_id):
        return erasure.due_at(citizen_id=citizen_id)


def past(*, citizen_id: UUID) -> list[Erasure]:
    """All of a citizen's erasures, newest first."""
    _themself()
    with citizen_scope(citizen_id):
        return rows.of_citizen(citizen_id=citizen_id)


def at_secret_address(*, secret: str) -> Erasure:
    """What somebody who left may still see, whoever holds the address. Raises `NotFound`."""
    row = rows.by_secret(secret)
    if row is None:
        raise NotFound()
    return row


def sweep(*, now: datetime) -> int:
    """Wake what is due: its message was lost, its worker died, its thirty days are over. How many."""
    due = rows.due(now=now, most=SWEEP_MOST)
    for erasure_id, _ in due:
        send(TASK, erasure_id, expires=60)  # the next sweep sends it again
    return len(due)


def run(*, erasure_id: UUID) -> None:
    """Go on with one erasure until it waits, is done, or goes wrong; then it is gone on with later."""
    citizen_id = rows.citizen_of(erasure_id)
    if citizen_id is None:
        return
    with citizen_scope(citizen_id):
        lease = rows.claim(erasure_id=erasure_id, citizen_id=citizen_id, now=timezone.now())
    if lease is None:
        return
    try:
        _go_on(lease)
    except LeaseLost:
        pass
    except Exception as error:
        logger.error("Erasure %s goes on later: %s", erasure_id, type(error).__name__)
        with citizen_scope(citizen_id):
            rows.stumble(lease, now=timezone.now())


def _go_on(lease: Lease) -> None:
    row = steps.held(lease)
    scope = Scope(row.scope, row.code)
    for name, step in steps.steps(scope):
        if name in row.steps:
            continue
        crash.reach(f"erase.{name}")
        while not step(lease, scope):
            crash.reach(f"erase.{name}.again")
    crash.reach("erase.finish")
    account.finish(lease, kept_months=KEPT_MONTHS)


def _ask(citizen_id: UUID, scope: Scope, language: str, now: datetime) -> Asked:
    _themself()
    _known(scope)
    with citizen_scope(citizen_id):
        mandates.check_own(citizen_id=citizen_id, deed=Deed.WITHDRAW, now=now)
        row, _ = rows.ask(citizen_id=citizen_id, scope=scope.kind, code=scope.code, language=language, now=now)
        _wake(row.pk)
    return Asked(row.pk)


def _known(scope: Scope) -> None:
    """Raises `NotFound`."""
    if scope.kind == SOURCE and scope.code != CITIZEN and not queries.current_categories(source=scope.code):
        registry.by_code(scope.code)
    if scope.kind == CATEGORY and not DataCategory.objects.filter(pk=scope.code).exists():
        raise NotFound()


def _wake(erasure_id: UUID) -> None:
    transaction.on_commit(partial(send, TASK, erasure_id), robust=True)


def _themself() -> None:
    """Nobody erases for another: no mandate says so."""
    if acting.current() is not None:
        raise NotFound()
