"""An agency reads one category of a citizen's twin, with the token that the citizen's consent gave it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aurora.identity.keys import pairwise
from aurora.journeys._door import open_door
from aurora.twin.values import FactView
from consent.ledger.events import Event
from consent.oauth.tokens import TokenContext
from consent.rules import AccessRequest


@dataclass(frozen=True)
class AgencyReading:
    """What the agency gets: facts of one category, under its own name for the citizen, and the entry that the citizen sees."""

    subject: str
    category: str
    purpose: str
    entry_id: UUID
    consent_id: UUID
    facts: tuple[FactView, ...]


def read_category(*, token: TokenContext, category: str, now: datetime) -> AgencyReading:
    """Decide, log, read. Raises `AccessRefused` with the reason's code, after the refusal is logged for the citizen."""
    request = AccessRequest(token.citizen_id, token.agency_code, token.purpose, frozenset({category}))
    details = {"client": token.client_id, "grant": str(token.grant_id)}
    subject = pairwise(citizen_id=token.citizen_id, agency=token.agency_code)
    with open_door(
        request,
        granted=Event.AGENCY_READ,
        refused=Event.AGENCY_READ_REFUSED,
        now=now,
        only_consent=token.consent_id,
        at_most=token.categories | token.taken,  # a token may be narrower than its consent (RFC 9396 6.1)
        barred=category in token.taken,
        details=details,
    ) as opened:
        return AgencyReading(subject, category, token.purpose, opened.entry_id, token.consent_id, opened.facts)
