"""Clients' keys are fetched anew before they are stale. The rows say which are due; who is slow holds up one worker for two seconds."""

from __future__ import annotations

import time

from django.utils import timezone

from consent.oauth import keysets

AT_MOST = 200
SECONDS = 30.0


def refresh_keys() -> int:
    """Refresh what is due, for half a minute at most; returns how many were fetched. The rest is first in the next run."""
    fetched, until = 0, time.monotonic() + SECONDS
    for client_pk in keysets.due(now=timezone.now(), at_most=AT_MOST):
        if time.monotonic() > until:
            break
        fetched += keysets.refresh(client_pk=client_pk, now=timezone.now())
    return fetched
