"""Wrong codes are counted for the operator, not for the session: who has got hold of a password cannot go on guessing in another one.

Counted in the cache. While it is away nobody gets past the second factor: the error goes up and becomes a page (503).
"""

from __future__ import annotations

from django.conf import settings
from django.core.cache import cache

from aurora.identity.models import Operator
from consent.counting import count


def may_try(operator: Operator) -> bool:
    """Counts the attempt before it is judged, so that attempts at the same instant are counted too."""
    seconds = int(settings.AXES_COOLOFF_TIME * 3600)
    return count(_key(operator), seconds).number <= settings.AXES_FAILURE_LIMIT


def forget(operator: Operator) -> None:
    """The right code was given."""
    cache.delete(_key(operator))


def _key(operator: Operator) -> str:
    return f"wrong-codes:{operator.pk}"
