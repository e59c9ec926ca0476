"""What Aurora signs verifies with the published key and with no other, and says what it is."""

from __future__ import annotations

import json

import pytest
from django.test import Client, override_settings
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey, KeySet

from aurora.keyfiles import KeyFile, new_es256
from consent import signing


def test_it_verifies_with_the_published_keys() -> None:
    published = Client(SERVER_NAME="localhost").get("/oauth/jwks").json()
    token = jwt.decode(signing.sign({"a": 1}, typ="test+jwt"), KeySet.import_key_set(published), algorithms=["ES256"])
    assert token.claims == {"a": 1}
    assert (token.header["typ"], token.header["alg"]) == ("test+jwt", "ES256")


def test_it_does_not_verify_with_another_key() -> None:
    with pytest.raises(BadSignatureError):
        jwt.decode(signing.sign({"a": 1}, typ="test+jwt"), ECKey.import_key(new_es256()), algorithms=["ES256"])


def test_no_private_number_is_published(tmp_path) -> None:
    former = tmp_path / "former.json"
    former.write_text(json.dumps(new_es256()))
    former.chmod(0o600)
    with override_settings(AURORA_FORMER_SIGNING_KEYS=(KeyFile(former, "es256", create=False),)):
        published = signing.jwks()["keys"]
    assert len({key["kid"] for key in published}) == 2
    assert all("d" not in key for key in published)
