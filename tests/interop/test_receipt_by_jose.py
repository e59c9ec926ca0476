"""A receipt verifies offline in another language: npm `jose` with the published keys, and it refuses what was tampered with."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import ECKey

from aurora.keyfiles import KeyFile, new_es256
from consent import receipts, signing
from consent.models import Receipt
from consent.scope import citizen_scope
from tests.interop.peer import Peer

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "consent"))

from consent_world import World

ISSUER = "http://localhost:8000"


@pytest.fixture
def receipt(db: None) -> receipts.Opened:
    world = World()
    record, _ = world.give(now=timezone.now())
    with citizen_scope(world.aino):
        return receipts.open_row(Receipt.objects.get(consent=record))


@pytest.fixture
def jose(client: Client) -> Iterator[Peer]:
    with Peer("receipt.mjs", {"do": "keys", "jwks": client.get("/oauth/jwks").json(), "issuer": ISSUER}) as peer:
        yield peer


def test_it_verifies_and_says_what_was_decided(receipt: receipts.Opened, jose: Peer) -> None:
    answer = jose.ask(do="verify", receipt=receipt.token)
    assert answer["header"]["typ"] == "consent-receipt+jwt"
    assert answer["payload"] == receipt.claims
    record = answer["payload"]["receipt"]["dpv:hasRecordOfActivity"]
    assert record["dpv:hasConsentStatus"][0]["@type"][0] == "dpv:ConsentGiven"


def _signed(claims: dict[str, Any], key: ECKey, typ: str = receipts.TYP) -> str:
    return jwt.encode({"alg": "ES256", "typ": typ, "kid": key.kid}, claims, key, algorithms=["ES256"])


def _b64(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_tampered_one_is_refused(receipt: receipts.Opened, jose: Peer) -> None:
    head, _, mark = receipt.token.split(".")
    other = {**receipt.claims, "sub": "somebody"}
    assert jose.refused(do="verify", receipt=f"{head}.{_b64(other)}.{mark}")["code"] == "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"


def test_another_key_under_our_name_is_refused(receipt: receipts.Opened, jose: Peer) -> None:
    kid = signing.jwks()["keys"][0]["kid"]
    theirs = ECKey.import_key({**new_es256(), "kid": kid})
    assert jose.refused(do="verify", receipt=_signed(receipt.claims, theirs))["code"] == "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"
    stranger = ECKey.import_key(new_es256())
    assert jose.refused(do="verify", receipt=_signed(receipt.claims, stranger))["code"] == "ERR_JWKS_NO_MATCHING_KEY"


def test_something_else_that_aurora_signed_is_no_receipt(receipt: receipts.Opened, jose: Peer) -> None:
    token = signing.sign(receipt.claims, typ="at+jwt")
    assert jose.refused(do="verify", receipt=token)["code"] == "ERR_JWT_CLAIM_VALIDATION_FAILED"


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_no_weaker_algorithm_is_taken(receipt: receipts.Opened, jose: Peer, alg: str) -> None:
    _, claims, _ = receipt.token.split(".")
    head = _b64({"alg": alg, "typ": receipts.TYP})
    assert jose.refused(do="verify", receipt=f"{head}.{claims}.AAAA")["name"] == "JOSEAlgNotAllowed"


def test_it_still_verifies_after_a_change_of_key(receipt: receipts.Opened, client: Client, tmp_path: Path) -> None:
    new = tmp_path / "new.json"
    new.write_text(json.dumps(new_es256()))
    new.chmod(0o600)
    with override_settings(AURORA_SIGNING_KEY_FILE=KeyFile(new, "es256", create=False), AURORA_FORMER_SIGNING_KEYS=()):
        without = client.get("/oauth/jwks").json()
    from django.conf import settings

    with override_settings(
        AURORA_FORMER_SIGNING_KEYS=(settings.AURORA_SIGNING_KEY_FILE,), AURORA_SIGNING_KEY_FILE=KeyFile(new, "es256", create=False)
    ):
        published = client.get("/oauth/jwks").json()
    with Peer("receipt.mjs", {"do": "keys", "jwks": without, "issuer": ISSUER}) as peer:
        assert peer.refused(do="verify", receipt=receipt.token)["code"] == "ERR_JWKS_NO_MATCHING_KEY"
    with Peer("receipt.mjs", {"do": "keys", "jwks": published, "issuer": ISSUER}) as peer:
        assert peer.ask(do="verify", receipt=receipt.token)["payload"]["jti"] == str(receipt.row.pk)
