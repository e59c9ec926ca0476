"""fapi2-security-profile-final-dpop-negative-tests, in the suite's order; the attacks beyond it are in tests/attacks/test_dpop.py."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import ECKey

from tests.support.cast import ISSUER, Cast, browser
from tests.support.relying import PATH, Relying, b64

Proof = Callable[[Relying, str], str]
SAME = f"{ISSUER}{PATH}"


def of(header: dict[str, Any] | None = None, **claims: Any) -> Proof:
    return lambda client, token: client.proved(PATH, "GET", token=token, header=header, **claims)


def _head(client: Relying, **more: str) -> str:
    return b64(json.dumps({"typ": "dpop+jwt", "jwk": client.dpop.as_dict(private=False), **more}).encode())


def _payload(client: Relying, token: str) -> str:
    return client.proved(PATH, "GET", token=token).split(".")[1]


def _none(client: Relying, token: str) -> str:
    return f"{_head(client, alg='none')}.{_payload(client, token)}."


def _bad_signature(client: Relying, token: str) -> str:
    head, payload, _ = client.proved(PATH, "GET", token=token).split(".")
    return f"{head}.{payload}.{'A' * 86}"


def _private(client: Relying, token: str) -> str:
    return client.proved(PATH, "GET", token=token, header={"jwk": client.dpop.as_dict(private=True)})


def _without_alg(client: Relying, token: str) -> str:
    return f"{_head(client)}.{_payload(client, token)}.{'A' * 86}"


BAD: dict[str, Proof] = {
    "two proofs": lambda client, token: ",".join(client.proved(PATH, "GET", token=token) for _ in range(2)),
    "not well formed": lambda client, token: client.proved(PATH, "GET", token=token) + ".a",
    "no typ": of({"typ": None}),
    "no alg": _without_alg,
    "no jwk": of({"jwk": None}),
    "no jti": of(jti=None),
    "no htm": of(htm=None),
    "no htu": of(htu=None),
    "no iat": of(iat=None),
    "no ath": of(ath=None),
    "another typ": of({"typ": "JWT"}),
    "none": _none,
    "a bad signature": _bad_signature,
    "a private key": _private,
    "another htm": of(htm="PUT"),
    "another htu": of(htu="https://other.example/resource"),
    "another ath": of(ath="A" * 43),
    "another key": lambda client, token: client.proved(PATH, "GET", token=token, key=ECKey.generate_key("P-256")),
}
GOOD: dict[str, Proof] = {
    "htu with query and fragment": of(htu=f"{SAME}?a=b#c"),
    "scheme and host in capitals": of(htu=SAME.replace("http://localhost", "HTTP://LOCALHOST")),
    "unknown members": of({"tx_id": 1_900_000_000}, tx_id_key=1_900_000_000),
    "nothing special": of(),
}


@pytest.fixture
def token(cast: Cast, first: Relying) -> str:
    return str(first.tokens(cast.cecilia)["access_token"])


def test_dpop_negative_tests(first: Relying, token: str) -> None:
    """One token for all, as in the suite: at the end it still works, so that each refusal was for its proof."""
    for name, proof in BAD.items():
        answer = first.reads(token, proof=proof(first, token))
        assert answer.status_code == 401 and answer["WWW-Authenticate"].startswith("DPoP "), name
    for name, proof in GOOD.items():
        assert first.reads(token, proof=proof(first, token)).status_code == 200, name
    once = of(jti="the same twice")(first, token)
    assert [first.reads(token, proof=once).status_code for _ in range(2)] == [200, 401]
    for off in (3600, -3600):  # a wrong clock is asked for a nonce, and then let in: the suite takes this
        iat = int(time.time()) + off
        asked = first.reads(token, proof=of(iat=iat)(first, token))
        assert asked.status_code == 401 and asked.json()["code"] == "use_dpop_nonce"
        assert first.reads(token, proof=of(iat=iat, nonce=asked["DPoP-Nonce"])(first, token)).status_code == 200
    assert first.reads(token, proof="").status_code == 401
    assert first.reads(token, scheme="Bearer", proof="").status_code == 401
    assert browser().get(PATH, HTTP_AUTHORIZATION=f"Bearer {token}").status_code == 401
    assert first.reads(token).status_code == 200
