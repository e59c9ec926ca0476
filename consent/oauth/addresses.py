"""Addresses that an agency gives us to use later: of its key set, of its notices, of its own API. Which may be registered.

Where a name leads is asked when it is used, by the guard on outgoing requests; here is refused what cannot be right whatever it leads to.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from . import config
from .uris import Problem, is_sandbox_loopback, split

_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_SENTENCES = {
    Problem.LENGTH: f"An address is text of at most {config.TEXT_LIMIT} characters.",
    Problem.CHARACTERS: "An address has only the characters of RFC 3986 and no fragment.",
    Problem.FORM: "An address must be a valid URL.",
    Problem.HOST: "An address names a host and no user.",
    Problem.SCHEME: "An address must be https (plain http: a loopback address in a sandbox).",
}


def fault_of(uri: object) -> str | None:
    """Why this may not be registered, as a sentence; None if it may. https, a public host; plain http: loopback in a sandbox."""
    parts = split(uri)
    if isinstance(parts, Problem):
        return _SENTENCES[parts]
    host = parts.hostname or ""
    return None if is_sandbox_loopback(host) or _is_public(host) else "An address must name a public host."


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
