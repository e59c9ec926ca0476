"""How tests of connectors ask: the income of one citizen, from a peer that answers what it is told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aurora.outbound.oauth import PeerFailed, Registration
from aurora.sources.connectors import Answer, Asked, Fetch, Mark, Unchanged, json_oauth
from consent.management.commands.load_vocabulary import documents
from consent.models import DataCategoryVersion
from tests.support.hostile_peer import Peer

SCHEMAS = {doc["code"]: doc["schema"] for doc in documents("categories")}
INCOME = "tax.income"
PATH = f"/data/{INCOME}"
WHO = "S000123-Y"
CLIENT = "aurora-at-tax"
OBSERVED = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
FACTS = {"wages": 43_800, "interest": 12}


def said(**changes: Any) -> dict[str, Any]:
    """A right answer in our own form; `...` takes a member away."""
    whole = {
        "category": INCOME,
        "version": 1,
        "subject": {"national_id": WHO},
        "observed_at": OBSERVED.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "valid_from": "2025-01-01",
        "valid_to": "2025-12-31",
        "facts": FACTS,
    } | changes
    return {name: value for name, value in whole.items() if value is not ...}


def asked(
    peer: Peer,
    *,
    since: Mark | None = None,
    settings: Mapping[str, Any] | None = None,
    still: Callable[[], None] = lambda: None,
    category: str = INCOME,
    version: int = 1,
) -> Asked:
    whose = DataCategoryVersion(category_id=category, version=version, schema=SCHEMAS[category])
    return Asked(Registration(peer.url, CLIENT, {}, ""), "token-1", whose, since or Mark(), dict(settings or {}), still)


def answer(peer: Peer, fetch: Fetch = json_oauth.fetch, **more: Any) -> Answer:
    found = fetch(asked(peer, **more))
    assert isinstance(found, Answer)
    return found


def unchanged(peer: Peer, fetch: Fetch = json_oauth.fetch, **more: Any) -> Unchanged:
    found = fetch(asked(peer, **more))
    assert isinstance(found, Unchanged)
    return found


def refusal(peer: Peer, fetch: Fetch = json_oauth.fetch, **more: Any) -> tuple[str, bool]:
    """Code, and whether time can mend it. Nothing of what the peer said is in the error."""
    with pytest.raises(PeerFailed) as failed:
        fetch(asked(peer, **more))
    text = f"{failed.value} {failed.value!r} {failed.value.sentence}"
    assert "S000" not in text and "43800" not in text and failed.value.__cause__ is None
    return failed.value.code, failed.value.retryable


INVALID = ("invalid_answer", False)
FORGED = ("signature_invalid", False)
