"""How a citizen's permission is asked for at a kind of source: in which scopes, with what beside, and what of the answer must be remembered.

A connector that says nothing takes the plain manner: scopes are the codes of the categories, as in "Sources over HTTP".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aurora.outbound.oauth import Registration

Settings = Mapping[str, Any]


def _codes(categories: Sequence[str], settings: Settings) -> str:
    return " ".join(categories)


def _nothing(registration: Registration, settings: Settings) -> dict[str, str]:
    return {}


def _forget(tokens: Mapping[str, Any]) -> dict[str, str]:
    return {}


@dataclass(frozen=True)
class Manner:
    """`scope`: for the categories that the citizen chose, never more. `beside`: further parameters of the authorization request; it may ask the
    source about itself first. `context`: what its token answer tells that later questions need; kept sealed with the tokens. The last two raise
    `PeerFailed`.
    """

    scope: Callable[[Sequence[str], Settings], str] = _codes
    beside: Callable[[Registration, Settings], dict[str, str]] = _nothing
    context: Callable[[Mapping[str, Any]], dict[str, str]] = _forget
    asserts_to_token_endpoint: bool = False


PLAIN = Manner()
