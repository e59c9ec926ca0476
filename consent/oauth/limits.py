"""How often the clients' endpoints may be called in a minute: by address before anything is read, by client once it has proved who it is.

A client's count rises by its own signature only, so nobody can use up another's. Counted in the cache that all processes share. While the
cache is away nobody is counted, and the log says so at every call: what guards these endpoints is the signature; /readyz answers 503.
"""

from __future__ import annotations

import ipaddress
import logging

from authlib.oauth2 import OAuth2Error
from django.conf import settings
from django.http import HttpRequest
from redis.exceptions import RedisError

from consent.counting import count_of

logger = logging.getLogger(__name__)
WINDOW = 60


class TooManyRequests(OAuth2Error):  # type: ignore[misc]
    """429 (RFC 9126, 2.3; RFC 6585, 4) with `Retry-After`. RFC 6749 has no error of that name; this one is of its 4.1.2.1."""

    error = "temporarily_unavailable"
    status_code = 429

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(f"Too many requests. Try again in {retry_after} seconds.")


def take(kind: str, who: str, *, endpoint: str) -> None:
    """Count one call at `endpoint` by `who`, an address or a client. Raises `TooManyRequests`; `kind` says which limit counts."""
    try:
        counted = count_of(f"oauth-calls:{kind}:{endpoint}", who, WINDOW)
    except RedisError as error:
        logger.error("The cache is away (%s): a call of an OAuth endpoint was not counted.", type(error).__name__)
        return
    if counted.number > settings.AURORA_OAUTH_CALLS_A_MINUTE[kind]:
        raise TooManyRequests(counted.left)


def address_of(request: HttpRequest) -> str:
    """Where a request comes from, as it is counted: of IPv6 the network of 64 bits, since one subscriber has as many addresses as they like.

    Behind a proxy (the one that is trusted to say https) it is the address that the proxy added last.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    if settings.SECURE_PROXY_SSL_HEADER:
        forwarded: str = request.META.get("HTTP_X_FORWARDED_FOR", "")
        if forwarded:
            address = forwarded.rpartition(",")[2].strip()[:64]
    return _counted_as(address)


def _counted_as(address: str) -> str:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:  # a unix socket has none
        return address
    if found.version == 4:
        return str(found)
    # RFC 4291, 2.5.5.2: an IPv4 address as a socket of both kinds tells it.
    mapped = found.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.IPv6Network((found.packed, 64), strict=False).network_address)
