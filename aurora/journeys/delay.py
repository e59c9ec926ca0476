"""Lawful delay: what an agency reports of a use, and a law lets the citizen be told of later, is committed at once and told when it is due.

Until then it is in no page, export, bundle or count of the citizen. That it comes out is not left to anybody's good will: the database
gives out what is due by its own clock, and counts what is overdue for the auditor and the public.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.utils import timezone

from aurora import crash
from aurora.identity import vault
from aurora.journeys import report_use
from aurora.journeys._log import log
from aurora.messages import outbox
from aurora.messages.models import MessageKind
from consent.errors import InvalidInput, NotFound
from consent.ledger import kept, leaf
from consent.ledger.append import PERMIT
from consent.ledger.events import Event
from consent.ledger.kept import DelayRefused, Kept
from consent.scope import citizen_scope
from consent.uses.values import Use

__all__ = ["DelayRefused", "keep_back", "keep_longer", "sweep"]
logger = logging.getLogger(__name__)
MOST, LOOKED_AT = 200, 10_000
LONGEST_REFERENCE = 200


def keep_back(*, citizen_id: UUID, agency_code: str, use: Use, law: str, until: date, now: datetime) -> UUID:
    """Keep a report back through the day `until`. Its id, which the agency needs to have it kept longer. Raises `DelayRefused`.

    In the citizen's scope and the caller's transaction. Only for an agency that two officers allowed it by this law, and no longer than the
    law allows from today on.
    """
    access = _access(citizen_id, agency_code, use.used_at, use.purpose, use.categories, {
        "delay": {"law": law, "until": until.isoformat()}, "report": use.as_json(),
    })  # fmt: skip
    return kept.keep(
        citizen_id=citizen_id, agency=agency_code, law=law, until=_end_of(until), access=access,
        seal=partial(vault.seal, citizen_id=citizen_id),
    )  # fmt: skip


def keep_longer(*, agency_code: str, kept_id: UUID, until: date, reference: str, now: datetime) -> UUID:
    """The agency puts off what is kept back, once, on a decision that it names by its reference. The new leaf's id.

    Raises `NotFound` (another agency's too, and what has been told), `InvalidInput`, `DelayRefused`.
    """
    if not reference.strip() or len(reference) > LONGEST_REFERENCE or not reference.isprintable():
        raise InvalidInput({"reference": "reference_wrong"}, f"Name the decision, in at most {LONGEST_REFERENCE} printable characters.")
    citizen_id = kept.citizen_of(kept_id=kept_id, agency=agency_code)
    if citizen_id is None:
        raise NotFound()
    with citizen_scope(citizen_id):
        access = _access(citizen_id, agency_code, now, "", (), {
            "extends": str(kept_id), "reference": reference.strip(), "until": until.isoformat(),
        })  # fmt: skip
        return kept.keep_longer(
            kept_id=kept_id, citizen_id=citizen_id, agency=agency_code, until=_end_of(until), access=access,
            seal=partial(vault.seal, citizen_id=citizen_id),
        )  # fmt: skip


def sweep(*, now: datetime) -> int:
    """Tell citizens of what is due, each by one message. How many uses were told. One that fails does not keep the others, and is found again.

    Drawn by lot: rows that can never be told would else be the oldest in each round, and there might be so many that nobody else's turn comes.
    """
    told = 0
    waiting = kept.due(most=LOOKED_AT)
    for kept_id, citizen_id in random.sample(waiting, min(MOST, len(waiting))):
        try:
            told += _disclose(kept_id, citizen_id, now)
        except Exception as error:
            logger.error("Kept back %s could not be disclosed yet: %s", kept_id, type(error).__name__)
    return told


def _disclose(kept_id: UUID, citizen_id: UUID, now: datetime) -> bool:
    """The entry, the row for the citizen's page and the message, or nothing of it. False: another worker was faster."""
    with citizen_scope(citizen_id):
        found = kept.open_due(kept_id=kept_id, citizen_id=citizen_id, open_sealed=partial(vault.open_sealed, citizen_id=citizen_id))
        if found is None:
            return False
        if not all(one.sound for one in found.leaves):
            # It is told all the same, with what the tree commits to: the citizen's verifier says that it was changed.
            logger.error("Kept back %s is not what was committed to.", kept_id)
        report: Mapping[str, Any] = found.access["details"]["report"]
        account_id = report_use.to_disclose(citizen_id=citizen_id, agency_code=found.agency, now=now)
        entry_id = log(
            citizen_id=citizen_id, event=Event.USE_DISCLOSED, actor=found.agency, purpose=found.access["purpose"],
            categories=found.access["categories"], details=_details(found, report), at=now,
        ).entry_id  # fmt: skip
        crash.reach("delay.before_disclosed")
        if not kept.disclosed(kept_id=kept_id, entry_id=entry_id):
            raise RuntimeError("what was opened as due could not be noted as told")  # rolls back: no entry beside a row that is still kept
        report_use.disclosed(
            citizen_id=citizen_id,
            agency_code=found.agency,
            use=Use.from_json(dict(report)),
            entry_id=entry_id,
            account_id=account_id,
            now=now,
        )
        outbox.queue(citizen_id=citizen_id, kind=MessageKind.USE_DISCLOSED, about={"entry": entry_id}, now=now)
    return True


def _details(found: Kept, report: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kept": [one.as_details() for one in found.leaves],
        "kept_since": leaf.timestamp(found.since),
        "kept_until": leaf.timestamp(found.until),
        "law": found.law,
        "report": dict(report),
        "used_at": found.access["at"],
    }


def _access(
    citizen_id: UUID, agency: str, at: datetime, purpose: str, categories: tuple[str, ...], details: dict[str, Any]
) -> dict[str, Any]:
    """In the form of every entry's, so that one way of reading serves both."""
    return {
        "actor": agency,
        "at": leaf.timestamp(at),
        "categories": sorted(set(categories)),
        "citizen": str(citizen_id),
        "consents": [],
        "decision": PERMIT,
        "details": details,
        "event": Event.USE_REPORTED.value,
        "permit": None,
        "purpose": purpose or None,
        "source": None,
    }


def _end_of(day: date) -> datetime:
    """The first moment of the day after, in the citizens' time zone. Raises `DelayRefused` for a day that no calendar here reaches."""
    try:
        return datetime.combine(day + timedelta(days=1), time.min, tzinfo=timezone.get_default_timezone())
    except OverflowError:
        raise DelayRefused("delay_too_long") from None
