"""A worker that claims a pull, and does nothing with it yet."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from tax_office import Case

from aurora.sources import pulls
from consent.scope import citizen_scope


def claim(case: Case, *, now: datetime | None = None) -> pulls.Lease | None:
    """As a worker claims it before it asks anything."""
    at = now or timezone.now()
    with citizen_scope(case.citizen_id):
        found = pulls.look(pull_id=case.pull_id, citizen_id=case.citizen_id, now=at)
        return None if found is None else pulls.claim(found, now=at)
