"""Dead letters: what an operator has tried again, by source and error. They see counts, never whose data they are."""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from django.db import transaction

from aurora.audit import trail
from aurora.sources import feeds, registry
from consent.errors import InvalidInput

logger = logging.getLogger(__name__)
# One call holds so many connections, and no longer than a moment; all are made due by calling until none is left.
MOST = 1000
MOST_CALLS = 1000
# Its tokens open somebody else's data: only the citizen mends that, by connecting anew.
NEVER = frozenset({"wrong_citizen"})


def retry(*, source_code: str, error: str, operator_id: UUID, now: datetime) -> int:
    """Make due what failed at a source with this error, and let connections that it broke stand again. How many feeds; planning does the rest.

    Raises `NotFound` for the source, `InvalidInput` for an error that no trying mends.
    """
    source = registry.by_code(source_code)
    if not error or error in NEVER:
        raise InvalidInput({"error": "error_not_retried"})
    with transaction.atomic():  # before the first of many transactions: nothing is begun that is not noted
        trail.did(operator_id=operator_id, deed="pulls:tried_again", about=[source_code, error])
    done = 0
    for _ in range(MOST_CALLS):
        some = feeds.retry(source=source, error=error, now=now, most=MOST)
        done += some
        if not some:
            break
    logger.warning("Operator %s had %d fetches from %s tried again that had failed: %s.", operator_id, done, source_code, error)
    return done
