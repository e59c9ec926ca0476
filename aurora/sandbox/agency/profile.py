"""How the agencies differ from one another."""

from __future__ import annotations

from aurora.sandbox import pages, vocabulary
from aurora.sandbox.config import HEALTH, HOLDERS, OFFICE
from aurora.sandbox.health import smart

# The others take plain authorization requests, so that a client has to manage both kinds.
_WITH_PAR = frozenset({"population-register", "tax-administration", "hospital", OFFICE})


def uses_par(process: str) -> bool:
    """Whether this agency takes pushed authorization requests, and then nothing else (RFC 9126 section 5)."""
    return process in _WITH_PAR


def served(process: str) -> frozenset[str]:
    """The codes of the categories this agency holds."""
    if process not in HOLDERS:
        raise ValueError(f"{process} is no agency that holds data")
    return frozenset(vocabulary.served_by(process))


def scopes(process: str) -> frozenset[str]:
    """What a client may ask for: categories, or what SMART App Launch calls the same."""
    return smart.scopes() if process == HEALTH else served(process)


def refreshes(process: str, granted: tuple[str, ...]) -> bool:
    """Whether a refresh token comes with the access token: by SMART only where it was asked for."""
    return process != HEALTH or smart.OFFLINE in granted


def said_of(process: str, granted: tuple[str, ...], language: str) -> list[str]:
    """What a person is asked to hand over, in words. The launch and the refresh token are no data."""
    known = vocabulary.served_by(process)
    if process != HEALTH:
        return [vocabulary.categories()[scope].name[language] for scope in granted]
    named = [known[category].name[language] for scope in granted if (category := smart.category_of(scope)) in known]
    return [*([pages.texts(language)["health.identity"]] if smart.IDENTITY in granted else []), *named]
