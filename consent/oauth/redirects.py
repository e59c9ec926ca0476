"""Redirect URIs: which may be registered, and how an answer is put on one (RFC 6749, 3.1.2; RFC 9700, 2.1 and 4.1)."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode

from . import config
from .uris import Problem, split

_OURS = frozenset({"code", "state", "iss", "error", "error_description", "error_uri"})
MAXIMUM = 20
_SENTENCES = {
    Problem.LENGTH: f"A redirect URI is text of at most {config.TEXT_LIMIT} characters.",
    Problem.CHARACTERS: "A redirect URI has only the characters of RFC 3986 and no fragment.",
    Problem.FORM: "A redirect URI must be a valid URL.",
    Problem.HOST: "A redirect URI names a host and no user.",
    Problem.SCHEME: "A redirect URI must be https (plain http: a loopback address in a sandbox).",
}


def fault_of(uri: object) -> str | None:
    """Why this may not be a redirect URI, as a sentence; None if it may."""
    parts = split(uri)
    if isinstance(parts, Problem):
        return _SENTENCES[parts]
    if _OURS & {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}:
        return "A redirect URI's query must not use the names of an authorization response."
    return None


def fault_of_all(uris: object) -> str | None:
    """The same for a client's whole list."""
    if not isinstance(uris, list) or not 1 <= len(uris) <= MAXIMUM:
        return f"Give 1 to {MAXIMUM} redirect URIs."
    return next((fault for uri in uris if (fault := fault_of(uri))), None)


def with_parameters(uri: str, parameters: Iterable[tuple[str, str]]) -> str:
    """`uri` with parameters added to its query, which stays as it was registered, byte for byte."""
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(list(parameters))}"
