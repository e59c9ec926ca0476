"""The deciding and keeping half of a pull: what may be asked for; and at the end decide again, log, write and finish, all or nothing, while the lease is still ours."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from aurora import crash
from aurora.journeys import _stated, registers
from aurora.journeys._fetch import Fetched
from aurora.journeys._log import log
from aurora.journeys._stated import NO_CONSENT, OUTDATED
from aurora.outbound.oauth import PeerFailed
from aurora.sources import connections, feeds, pulls
from aurora.sources.connectors import Answer, Unchanged
from aurora.sources.found import Found, Source
from aurora.sources.models import Connection, Pull, PullPart
from aurora.sources.pulls import Lease, Part
from consent import queries
from consent.ledger.events import Event
from consent.rules import AURORA, ConsentView, Permit
from consent.scope import citizen_scope

REFUSED = frozenset({NO_CONSENT, OUTDATED})
CANCELLED = "cancelled"

# After these the connection is good for nothing: its tokens are dead, or open somebody else's data.
USELESS = frozenset({"revoked", "wrong_citizen"})


def permitted(lease: Lease, source: Source, consents: Sequence[ConsentView], now: datetime) -> Lease | None:
    """The lease for what may be asked for, decided in the transaction of the claim. None: nothing may, and the pull has ended, logged."""
    allowed = _stated.allowed(_decide(lease, consents, now))
    if not source.active or not allowed:
        why = _stated.refused(lease.categories, consents, now) if source.active else dict.fromkeys(lease.categories, CANCELLED)
        _finish_empty(lease, source.code, why, now)
        return None
    refused = tuple(c for c in lease.categories if c not in allowed)
    if refused:
        pulls.extend(lease, now=now, parts=_failed(_stated.refused(refused, consents, now)))
    return replace(lease, categories=tuple(c for c in lease.categories if c in allowed), refused=refused)


def keep(lease: Lease, found: Found, fetched: Fetched) -> None:
    """The last step, all or nothing: still our lease, still allowed, one entry, the facts that are new, done."""
    now, failed, source = timezone.now(), dict(fetched.failed), found.source.code
    with citizen_scope(lease.citizen_id):
        consents = _consents(lease)
        permits = _decide(lease, consents, now)
        if not pulls.lock(lease):
            _tell_if_cancelled(lease, source, permits, now)
            return
        allowed = _stated.allowed(permits)
        kept, told = registers.hand_over([a for a in fetched.answers if a.category in allowed])
        same = [u for u in fetched.unchanged if u.category in allowed]
        failed.update(_stated.refused([c for c in lease.categories if c not in allowed], consents, now))
        if not kept and not same:
            _finish_empty(lease, source, failed, now)
            return
        moved = _stated.kept(lease.citizen_id, kept, source=source, pull_id=lease.pull_id, now=now).categories
        failed.update(_stated.refused(lease.refused, consents, now))
        _note_feeds(lease, failed, now)
        marks = {a.category: None if a.category in registers.CATEGORIES else a.mark for a in kept}
        marks.update({u.category: u.mark if u.mark != feeds.NO_MARK else None for u in same})
        feeds.seen(found, told={c: (fetched.versions[c], mark) for c, mark in marks.items()}, now=now)
        pulls.finish(lease, state=Pull.State.DONE, now=now, parts=[*_done(kept, same, moved), *_failed(failed)])
        entry: dict[str, Any] = {
            "event": Event.PULL_COMPLETED,
            "actor": AURORA,
            "purpose": permits[0].purpose,
            "categories": sorted(marks),
            "consent_ids": [c for p in permits for c in p.consent_ids],
            "permit_id": permits[0].id,
            "source": source,
            "details": {
                "pull": str(lease.pull_id),
                "purposes": sorted(p.purpose for p in permits),
                "facts": sum(len(a.facts) for a in kept),
                "failed": [f"{c}:{e}" for c, e in sorted(failed.items())],
                **({"unchanged": sorted(u.category for u in same)} if same else {}),
            },
            "at": now,
        }
        if told == registers.NOTHING:
            log(citizen_id=lease.citizen_id, **entry)
        else:
            also = [(lease.citizen_id, entry)]
            registers.keep(holder_id=lease.citizen_id, told=told, source=source, pull_id=lease.pull_id, now=now, also=also)
        crash.reach("pull.before_commit")
    crash.reach("pull.after_commit")


def _consents(lease: Lease) -> list[ConsentView]:
    return queries.for_decision(citizen_id=lease.citizen_id, recipient=AURORA)


def _decide(lease: Lease, consents: Sequence[ConsentView], now: datetime) -> list[Permit]:
    return _stated.decided(lease.citizen_id, lease.categories, consents, now)


def give_up_or_wait(lease: Lease, error: PeerFailed) -> None:
    """Wait, if time can mend it; else fail, tell the citizen, and log that we asked."""
    now = timezone.now()
    with citizen_scope(lease.citizen_id):
        if error.retryable and pulls.postpone(lease, error=error.code, after_seconds=error.retry_after, now=now):
            return
        source = _source_of(lease)
        if not pulls.lock(lease):
            _tell_if_cancelled(lease, source, _decide(lease, _consents(lease), now), now)
            return
        if error.code in USELESS:
            connections.mark_broken(connection_id=lease.connection_id)
        _finish_empty(lease, source, dict.fromkeys(lease.categories, error.code), now)


def give_up(lease: Lease) -> None:
    """Its attempts are used up, and none came to an end: fail and log, in the transaction of the claim."""
    _finish_empty(lease, _source_of(lease), dict.fromkeys(lease.categories, "gave_up"), timezone.now())


def _finish_empty(lease: Lease, source: str, failed: dict[str, str], now: datetime) -> None:
    """Nothing was kept. If no consent allowed it the entry is a refusal, else a failure."""
    _note_feeds(lease, failed, now)
    codes = sorted(set(failed.values()))
    state = Pull.State.CANCELLED if _all_refused(failed) or codes == [CANCELLED] else Pull.State.FAILED
    if pulls.finish(lease, state=state, error=codes[0] if codes else "invalid_answer", now=now, parts=_failed(failed)):
        _log_empty(lease, source, failed, now)


def _all_refused(failed: Mapping[str, str]) -> bool:
    return bool(failed) and set(failed.values()) <= REFUSED


def _tell_if_cancelled(lease: Lease, source: str, permits: list[Permit], now: datetime) -> None:
    """Our lease is gone. If that is because the citizen withdrew or connected anew, nothing is kept, but that we asked is logged, once."""
    code = CANCELLED if permits else NO_CONSENT
    if pulls.close_cancelled(lease, error=code):
        _log_empty(lease, source, dict.fromkeys(lease.categories, code), now)


def _log_empty(lease: Lease, source: str, failed: dict[str, str], now: datetime) -> None:
    refused = _all_refused(failed)
    reason = OUTDATED if OUTDATED in failed.values() else NO_CONSENT
    log(
        citizen_id=lease.citizen_id,
        event=Event.PULL_REFUSED if refused else Event.PULL_FAILED,
        actor=AURORA,
        categories=lease.categories,
        decision=reason if refused else "permit",
        source=source,
        details={"pull": str(lease.pull_id), "failed": [f"{c}:{e}" for c, e in sorted(failed.items())]},
        at=now,
    )


def _done(kept: Sequence[Answer], same: Sequence[Unchanged], moved: Collection[str]) -> list[Part]:
    """An answer that says what is known already counts as one that says that nothing is new."""
    new = {a.category: PullPart.State.SAME if a.facts and a.category not in moved else PullPart.State.DONE for a in kept}
    return [
        *(Part(a.category, new[a.category], len(a.facts)) for a in kept),
        *(Part(u.category, PullPart.State.SAME) for u in same),
    ]  # fmt: skip


def _failed(failed: Mapping[str, str]) -> list[Part]:
    return [Part(category, PullPart.State.FAILED, error=code) for category, code in failed.items()]


def _note_feeds(lease: Lease, failed: Mapping[str, str], now: datetime) -> None:
    """What failed is told to operators and asked again when it is due; what may not be asked, or by dead tokens, is not."""
    for code in set(failed.values()) - {CANCELLED}:
        categories = [category for category, error in failed.items() if error == code]
        if code in REFUSED:
            feeds.park(connection_id=lease.connection_id, categories=categories)
        else:
            feeds.failed(connection_id=lease.connection_id, error=code, categories=categories, again=code not in USELESS, now=now)


def _source_of(lease: Lease) -> str:
    return Connection.objects.values_list("source__agency__code", flat=True).get(pk=lease.connection_id)
