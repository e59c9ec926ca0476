"""What a source states of a citizen, whether it was asked or told by itself: may it be kept, and how it is kept. In the citizen's scope, in the transaction of the entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from aurora.sources.connectors import Answer, Times
from aurora.twin import write
from aurora.twin.values import NewFact, Written
from consent.purposes import of_twin
from consent.rules import AURORA, AccessRequest, ConsentView, Permit, RefusalCode, decide

NO_CONSENT = RefusalCode.NO_CONSENT.value
OUTDATED = RefusalCode.CONSENT_OUTDATED.value


def decided(citizen_id: UUID, categories: Iterable[str], consents: Sequence[ConsentView], now: datetime) -> list[Permit]:
    """A statement serves every purpose that the citizen consented to at its source; each is decided on its own."""
    wanted = frozenset(categories)
    requests = [
        AccessRequest(citizen_id, AURORA, purpose, wanted, all_or_nothing=False)
        for purpose in sorted({c.purpose for c in consents} - of_twin())
    ]
    decisions = [decide(request, consents, now=now) for request in requests]
    return [d for d in decisions if isinstance(d, Permit)]


def allowed(permits: Sequence[Permit]) -> frozenset[str]:
    """The categories that may be kept, for whichever purpose."""
    return frozenset(category for permit in permits for category in permit.categories)


def refused(categories: Iterable[str], consents: Sequence[ConsentView], now: datetime) -> dict[str, str]:
    """Why each may not be asked for: the citizen can mend a consent that a change of meaning has left behind by giving it anew."""
    behind = {category for c in consents if c.ended_at is None and c.expires_at > now for category in c.outdated - c.withdrawn}
    return {category: OUTDATED if category in behind else NO_CONSENT for category in categories}


def kept(citizen_id: UUID, answers: Sequence[Answer], *, source: str, pull_id: UUID | None = None, now: datetime) -> Written:
    """Write the facts of what may be kept; what was derived from others is forgotten where anything moved."""
    written = write.write(
        citizen_id=citizen_id,
        facts=[fact for answer in answers for fact in _facts(answer, source, pull_id)],
        now=now,
        whole={(a.category, source) for a in answers if a.gone is None},
        gone={(a.category, source): a.gone for a in answers if a.gone is not None},
    )
    if written.moved:
        write.forget_derived(citizen_id=citizen_id, categories=written.categories, replaced=True)
    return written


def _facts(answer: Answer, source: str, pull_id: UUID | None) -> list[NewFact]:
    usual = Times(answer.observed_at, answer.valid_from, answer.valid_to)
    return [
        NewFact(
            category=answer.category,
            category_version=answer.version,
            key=key,
            value=value,
            provenance="attested" if answer.attested else "reported",
            source=source,
            observed_at=times.observed_at,
            pull_id=pull_id,
            valid_from=times.valid_from,
            valid_to=times.valid_to,
        )
        for key, value in answer.facts.items()
        for times in [answer.times.get(key, usual)]
    ]
