"""What every address that a client registers must be, wherever it leads: plain to read for every parser, and https."""

from __future__ import annotations

import re
from enum import Enum, auto
from urllib.parse import SplitResult, urlsplit

from . import config

# RFC 3986, 2, without the fragment's "#": whatever two readers might read differently is refused, backslash first of all.
_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]+")


class Problem(Enum):
    """What is wrong; the sentence is the caller's, who knows what the address is for."""

    LENGTH = auto()
    CHARACTERS = auto()
    FORM = auto()
    HOST = auto()
    SCHEME = auto()


def split(uri: object) -> SplitResult | Problem:
    """The parts of an https address that names a host and no user; plain http is for a loopback address in a sandbox."""
    if not isinstance(uri, str) or len(uri) > config.TEXT_LIMIT:
        return Problem.LENGTH
    if not _CHARACTERS.fullmatch(uri):
        return Problem.CHARACTERS
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return Problem.FORM
    if not host or "@" in parts.netloc or "%" in parts.netloc:
        return Problem.HOST
    return parts if parts.scheme == "https" or (parts.scheme == "http" and is_sandbox_loopback(host)) else Problem.SCHEME


def is_sandbox_loopback(host: str | None) -> bool:
    return config.is_loopback(host) and config.plain_http_allowed()
