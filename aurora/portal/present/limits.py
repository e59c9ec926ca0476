"""What the page of limits shows: each figure read from where the program reads it, so that the page cannot say another one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse

from aurora.journeys import ping_client
from aurora.portal import sandboxed
from aurora.sources.pushes import batches as pushes
from aurora.ui.contexts.developers import LimitGroup, LimitRow, LimitsPage
from consent.oauth import config, jwks, keysets, redirects, rfc9068, sandbox
from consent.uses import batches as uses
from consent.uses import match
from consent.webhooks import feed, queue, signature

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_SPANS = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (timedelta(seconds=1), "second"))
_SIZES = ((1024 * 1024, "MiB"), (1024, "KiB"), (1, "bytes"))
_RATES = {"s": "second", "m": "minute", "h": "hour", "d": "day"}


def page() -> LimitsPage:
    groups = (LimitGroup("How often", _often()), LimitGroup("How large", _large()), LimitGroup("How long it holds", _long()))
    return LimitsPage(groups, reverse("portal:developers_problem", args=["throttled"]), reverse("portal:developers_reference"))


def _often() -> tuple[LimitRow, ...]:
    calls: Mapping[str, int] = settings.AURORA_OAUTH_CALLS_A_MINUTE
    rates: Any = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    made_in, made = sandboxed.LIMITS["made"]
    return (
        LimitRow("Calls of each OAuth endpoint (pushed requests, tokens, introspection, revocation)", "a client", _rate(calls["client"], MINUTE)),
        LimitRow("The same, before it is proved who calls", "an address", _rate(calls["address"], MINUTE)),
        LimitRow("Calls of the API", "a client", _stated(rates["client"])),
        LimitRow("Calls of the API with a token that Aurora does not know", "an address", _rate(settings.AURORA_UNKNOWN_TOKENS_A_MINUTE, MINUTE)),
        LimitRow("Batches of facts that a source pushes", "a client", _stated(rates["push"])),
        LimitRow("Packages of a model", "a client", _stated(rates["upload"])),
        LimitRow("Uses that are reported", "an agency and a citizen", _rate(settings.AURORA_USES_A_DAY, DAY)),
        LimitRow("Citizens whom a link of yours leads to sign in", "an address", _rate(settings.AURORA_SIGN_INS_A_MINUTE, MINUTE)),
        LimitRow("Fetching of a client's keys from its jwks_uri, at most once in", "a client", span(keysets.SPACING)),
        LimitRow("Test notices", "an address for notices", _rate(ping_client.A_MINUTE, MINUTE)),
        LimitRow("Test notices", "an address for notices", _rate(ping_client.A_DAY, DAY)),
        LimitRow("Test clients made on these pages", "an address", _rate(made, timedelta(seconds=made_in))),
    )  # fmt: skip


def _large() -> tuple[LimitRow, ...]:
    bodies: Mapping[str, int] = settings.AURORA_LARGER_BODIES
    return (
        LimitRow("Form of an OAuth endpoint", "a request", size(config.BODY_LIMIT)),
        LimitRow("Client assertion", "a request", size(config.ASSERTION_LIMIT)),
        LimitRow("DPoP proof", "a request", size(config.PROOF_LIMIT)),
        LimitRow("state, nonce, redirect_uri", "each", f"{config.TEXT_LIMIT} characters"),
        LimitRow("Redirect URIs", "a client", str(redirects.MAXIMUM)),
        LimitRow("Keys in a key set", "a client", str(jwks.MAXIMUM)),
        LimitRow("Key set", "a client", size(jwks.SIZE_LIMIT)),
        LimitRow("Body of a call of the API, unless it stands below", "a request", size(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)),
        LimitRow("Batch of facts that a source pushes", "a request", size(min(pushes.LARGEST, bodies["/api/v1/facts"]))),
        LimitRow("Persons in it", "a batch", str(pushes.MOST)),
        LimitRow("Batch of uses that are reported", "a request", size(uses.LARGEST)),
        LimitRow("Uses in it", "a batch", str(uses.MOST)),
        LimitRow("Package of a model with its signature", "a request", size(bodies["/api/v1/evaluators"])),
        LimitRow("Events", "a page of the feed", str(feed.MOST)),
    )


def _long() -> tuple[LimitRow, ...]:
    return (
        LimitRow("request_uri, until the citizen's browser comes with it", "", span(config.REQUEST_LIFETIME)),
        LimitRow("The citizen's time to decide after that", "", span(config.INTERACTION_LIFETIME)),
        LimitRow("Authorization code", "", span(config.CODE_LIFETIME)),
        LimitRow("Access token", "", span(config.ACCESS_LIFETIME)),
        LimitRow("Access token as a signed JWT, for a server of your own", "", span(rfc9068.LIFETIME)),
        LimitRow("Client assertion, from iat to exp at most", "", span(config.ASSERTION_LIFETIME)),
        LimitRow("DPoP proof after its iat", "", span(config.PROOF_LIFETIME)),
        LimitRow("DPoP nonce", "", span(config.NONCE_LIFETIME)),
        LimitRow("What your clock may be ahead", "", span(config.CLOCK_SKEW)),
        LimitRow("Keys that could not be fetched again are trusted for", "", span(keysets.USABLE)),
        LimitRow("A notice is tried again for", "", span(queue.TRY_FOR)),
        LimitRow("Pause between two tries of a notice, first", "", span(queue.FIRST_WAIT)),
        LimitRow("Pause between two tries of a notice, at most", "", span(queue.LONGEST_WAIT)),
        LimitRow("Age of a notice's time stamp that you should take", "", span(timedelta(seconds=signature.TOLERANCE_SECONDS))),
        LimitRow("A use is reported in time within", "", span(match.REPORT_WITHIN)),
        LimitRow("Client of the sandbox", "", span(sandbox.LASTS)),
    )


def span(value: timedelta) -> str:
    """In the largest unit that leaves no rest."""
    unit, name = next((unit, name) for unit, name in _SPANS if not value % unit)
    return _counted(value // unit, name)


def size(value: int) -> str:
    """Likewise."""
    unit, name = next((unit, name) for unit, name in _SIZES if not value % unit)
    return f"{value // unit:,} {name}"


def _rate(most: int, within: timedelta) -> str:
    said = span(within)
    return f"{most:,} in {said}" if not said.startswith("1 ") else f"{most:,} a {said[2:]}".replace("a hour", "an hour")


def _stated(rate: str) -> str:
    """As REST framework writes it: `600/min`."""
    most, _, unit = rate.partition("/")
    return f"{int(most):,} a {_RATES[unit[0]]}".replace("a hour", "an hour")


def _counted(number: Any, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"
