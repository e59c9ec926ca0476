"""Addresses that an agency gives us to use later: of its key set, of its notices, of its own API. Which may be registered.

Where a name leads is asked when it is used, by the guard on outgoing requests; here is refused what cannot be right whatever it leads to.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from . import config

# RFC 3986, 2, without the fragment's "#": whatever two parsers might read differently is refused, backslash first of all.
_URI_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]+")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


def fault_of(uri: object) -> str | None:
    """Why this may not be registered, as a sentence; None if it may. https, a public host; plain http: loopback in a sandbox."""
    if not isinstance(uri, str) or len(uri) > config.TEXT_LIMIT:
        return f"An address is text of at most {config.TEXT_LIMIT} characters."
    if not _URI_CHARACTERS.fullmatch(uri):
        return "An address has only the characters of RFC 3986 and no fragment."
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "An address must be a valid URL."
    if not host or "@" in parts.netloc or "%" in parts.netloc:
        return "An address names a host and no user."
    loopback = config.is_loopback(host) and config.plain_http_allowed()
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        return "An address must be https (plain http: a loopback address in a sandbox)."
    return None if loopback or _is_public(host) else "An address must name a public host."


def fault_of_resource(uri: object) -> str | None:
    """The same for an agency's own API as the audience of tokens: no query either, and none of Aurora's own names (RFC 8707, 2)."""
    if fault := fault_of(uri):
        return fault
    parts = urlsplit(str(uri))
    if parts.query or "?" in str(uri):
        return "The address of an API that tokens are for has no query."
    own = urlsplit(config.issuer())
    if (parts.scheme, parts.netloc.lower()) == (own.scheme, own.netloc):
        return "Tokens for Aurora's own API need no address here."
    return None


def _is_public(host: str) -> bool:
    """A name with a dot, or a global address. A last label of digits is an address or a trick: `getaddrinfo` reads 127.1 and 0x7f000001."""
    try:
        address = ip_address(host)
    except ValueError:
        labels = host.rstrip(".").split(".")
        inside = labels[-1] in ("localhost", "local", "internal", "arpa")
        return len(labels) > 1 and all(labels) and not _NUMBER.fullmatch(labels[-1]) and not inside
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global and not address.is_multicast
