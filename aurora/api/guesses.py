"""Who tries out tokens: how many that Aurora does not know one address may present in a minute before it hears no more about them."""

from __future__ import annotations

import logging

from django.conf import settings
from django.http import HttpRequest
from redis.exceptions import RedisError
from rest_framework.exceptions import Throttled

from consent.counting import count_of
from consent.oauth.errors import InvalidToken
from consent.oauth.limits import address_of

logger = logging.getLogger(__name__)
WINDOW = 60


def note(request: HttpRequest, error: InvalidToken) -> None:
    """Count a refusal by its address, if it was of a token that is no token of ours. Raises `Throttled`, a 429 with `Retry-After`, at the limit.

    Only such refusals are answered otherwise then: many agencies may call from one address, so whose token is good goes on, and whose token has
    run out is still told to refresh it. A proof that does not hold is no guess: the token is not looked at. While the cache is away nobody
    is counted, and the log says so.
    """
    if not error.presented or error.known or error.code != InvalidToken.code:
        return
    try:
        tried = count_of("unknown-tokens", address_of(request), WINDOW)
    except RedisError as away:
        logger.error("The cache is away (%s): a token that is unknown was not counted.", type(away).__name__)
        return
    if tried.number > settings.AURORA_UNKNOWN_TOKENS_A_MINUTE:
        raise Throttled(wait=tried.left) from None
