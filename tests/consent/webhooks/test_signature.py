"""The form and the signature of notices (Standard Webhooks), and when the next try comes. Pure."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from consent.webhooks import payload, queue, signature

OLD, NEW = Ed25519PrivateKey.from_private_bytes(bytes(range(32))), Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
NOW = 1_764_000_000
BODY = b'{"type":"consent.withdrawn"}'


def sent(*keys: Ed25519PrivateKey, body: bytes = BODY, at: int = NOW) -> dict[str, str]:
    return signature.headers(webhook_id="1f81eb52-5198-4599-803e-771906343485", timestamp=at, body=body, keys=keys)


def known(*keys: Ed25519PrivateKey) -> list[str]:
    return [signature.public_text(key) for key in keys]


def test_the_signed_content_is_id_timestamp_and_body_with_full_stops_between() -> None:
    assert signature.signed_content("msg_1", "1674087231", b"{}") == b"msg_1.1674087231.{}"
    with pytest.raises(ValueError, match="full stop"):
        signature.signed_content("msg.1", "1674087231", b"{}")


def test_the_signature_is_ed25519_in_base64_behind_its_scheme() -> None:
    """RFC 8032, 7.1, test 1 is an empty message; here the scheme's own framing is what is checked, by the library's verifier."""
    import base64

    headers = sent(NEW)
    scheme, _, text = headers["webhook-signature"].partition(",")
    assert scheme == "v1a" and len(base64.b64decode(text)) == 64
    content = f"{headers['webhook-id']}.{NOW}.".encode() + BODY
    NEW.public_key().verify(base64.b64decode(text), content)
    assert signature.public_text(NEW).startswith("whpk_") and len(base64.b64decode(signature.public_text(NEW)[5:])) == 32


def test_while_keys_change_who_knows_either_verifies() -> None:
    headers = sent(NEW, OLD)
    assert headers["webhook-signature"].count("v1a,") == 2
    for keys in (known(NEW), known(OLD), known(OLD, NEW)):
        assert signature.verify(headers, BODY, public_keys=keys, now=NOW)
    assert not signature.verify(sent(NEW), BODY, public_keys=known(OLD), now=NOW)


def without(name: str) -> dict[str, str]:
    return {k: v for k, v in sent(NEW).items() if k != name}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (sent(NEW), BODY + b" "),
        (sent(NEW) | {"webhook-id": "1f81eb52-5198-4599-803e-771906343486"}, BODY),
        (sent(NEW) | {"webhook-timestamp": str(NOW + 1)}, BODY),
        (sent(NEW) | {"webhook-timestamp": "now"}, BODY),
        (sent(NEW) | {"webhook-timestamp": f"-{NOW}"}, BODY),
        (sent(NEW, at=NOW - 301), BODY),
        (sent(NEW, at=NOW + 301), BODY),
        (sent(NEW) | {"webhook-signature": sent(NEW)["webhook-signature"].replace("v1a,", "v1,")}, BODY),
        (sent(NEW) | {"webhook-signature": "v1a,not base64"}, BODY),
        (sent(NEW) | {"webhook-signature": "v1a,"}, BODY),
        (without("webhook-id"), BODY),
        (without("webhook-timestamp"), BODY),
        (without("webhook-signature"), BODY),
    ],
)
def test_what_is_not_exactly_what_was_sent_is_not_verified(headers: dict[str, str], body: bytes) -> None:
    assert not signature.verify(headers, body, public_keys=known(NEW), now=NOW)
    assert signature.verify(sent(NEW), BODY, public_keys=known(NEW), now=NOW)


def test_a_key_that_is_none_verifies_nothing() -> None:
    for key in ("", "whpk_", "whpk_" + "A" * 43 + "=", "whpk_!!"):
        assert not signature.verify(sent(NEW), BODY, public_keys=[key], now=NOW)


def composed(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "event_id": uuid4(), "kind": "consent.narrowed", "occurred_at": datetime(2026, 11, 26, 1, 2, 3, 456_789, tzinfo=UTC), "client_id": "office",
        "grant_id": uuid4(), "subject": "pairwise", "purpose": "benefit-application", "categories": ["tax.income", "a.b"], "by": "citizen",
        "confirm_by": datetime(2026, 12, 26, tzinfo=UTC),
    } | changes  # fmt: skip
    return payload.compose(**values)


def test_a_notice_says_what_ended_and_what_is_asked_and_nothing_else() -> None:
    text = composed()
    assert set(text) == {"type", "timestamp", "data"} and text["timestamp"] == "2026-11-26T01:02:03.456Z"
    assert set(text["data"]) == {"event_id", "client_id", "grant_id", "subject", "purpose", "categories", "ended_by", "asked"}
    assert text["data"]["categories"] == ["a.b", "tax.income"]
    assert text["data"]["asked"] == {"action": "stop_and_delete", "confirm_by": "2026-12-26T00:00:00.000Z"}
    assert "asked" not in composed(confirm_by=None)["data"]


def test_the_bytes_are_the_same_at_every_attempt() -> None:
    text = composed()
    assert payload.body(text) == payload.body(json.loads(payload.body(text)))


@given(st.integers(1, 60), st.integers(0, 90_000))
def test_the_wait_grows_to_hours_has_jitter_and_heeds_the_receiver(attempt: int, retry_after: int) -> None:
    waits = {queue.wait_after(attempt, retry_after=retry_after) for _ in range(5)}
    longest = min(queue.LONGEST_WAIT, queue.FIRST_WAIT * 2 ** min(attempt - 1, 16))
    assert all(timedelta(seconds=retry_after) <= wait <= max(longest, timedelta(seconds=retry_after)) for wait in waits)
    assert len(waits) > 1 or timedelta(seconds=retry_after) >= longest * 0.05
