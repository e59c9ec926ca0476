"""DPoP under attack: proofs that are stolen, replayed, bent or made for something else (RFC 9449; RFC 9700, 4.10; FAPI 2.0, 5.3.2.1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db import connection, connections
from django.test import Client as Browser
from joserfc import jws
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from consent.oauth import rfc9449
from consent.oauth.errors import NonceWanted
from consent.oauth.models import Client, ProofMemory, UsedProof
from tests.support.cast import FORM, ISSUER, Cast, browser
from tests.support.services import ROOT

CATEGORY = "tax.income"
PATH = f"/api/v1/twin/{CATEGORY}"
READ = f"{ISSUER}{PATH}"
TOKEN = f"{ISSUER}/oauth/token"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value: Any) -> str:
    return b64(value if isinstance(value, bytes) else json.dumps(value).encode())


@pytest.fixture
def key(cast: Cast) -> Key:
    """The key that the office's tokens are bound to."""
    return ECKey.import_key(dict(cast.office.proof_key))


@pytest.fixture(scope="module")
def other_keys() -> dict[str, Key]:
    return {"EdDSA": OKPKey.generate_key("Ed25519"), "PS256": RSAKey.generate_key(2048), "ES384": ECKey.generate_key("P-384")}


def claims_of(token: str | None, **changes: Any) -> dict[str, Any]:
    """Of an honest read with this token, or (None) of an honest call of the token endpoint, with `changes`; None leaves one out."""
    claims = {"jti": secrets.token_urlsafe(16), "htm": "GET", "htu": READ, "iat": int(time.time())}
    if token is None:
        claims |= {"htm": "POST", "htu": TOKEN}
    else:
        claims["ath"] = b64(hashlib.sha256(token.encode()).digest())
    return {name: value for name, value in (claims | changes).items() if value is not None}


def header_of(key: Key, **changes: Any) -> dict[str, Any]:
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)} | changes
    return {name: value for name, value in header.items() if value is not None}


def signed(key: Key, claims: dict[str, Any], **header: Any) -> str:
    """By joserfc's primitives, which know nothing of DPoP and do not mind what they sign."""
    fields = header_of(key, **header)
    registry = jws.JWSRegistry(algorithms=[fields["alg"]], strict_check_header=False)
    return jws.serialize_compact(fields, json.dumps(claims).encode(), key, registry=registry)


def read(cast: Cast, proof: str | None, *, scheme: str = "DPoP", token: str = "", path: str = PATH, **more: Any) -> Any:
    headers = {"HTTP_AUTHORIZATION": f"{scheme} {token or cast.token}"} | ({} if proof is None else {"HTTP_DPOP": proof})
    return browser().get(path, **{**headers, **more})


def refused(answer: Any, error: str = "invalid_dpop_proof") -> None:
    """RFC 9449, 7.1: 401, a challenge of DPoP with the algorithms, and no data."""
    assert answer.status_code == 401, answer.content
    assert answer.json()["code"] == error, answer.content
    challenge = answer["WWW-Authenticate"]
    assert challenge.startswith("DPoP ") and f'error="{error}"' in challenge and 'algs="ES256 PS256 EdDSA"' in challenge
    assert answer["Content-Type"] == "application/problem+json" and "facts" not in answer.json()


def passes(answer: Any) -> None:
    assert answer.status_code == 200, answer.content


def ask(cast: Cast, proof: str | None, **form: str) -> Any:
    """The token endpoint, asked for a token of the agency itself; honest but for the proof."""
    more = {} if proof is None else {"HTTP_DPOP": proof}
    body = cast.office.signed(**({"grant_type": "client_credentials", "scope": "events"} | form))
    return cast.office.http.post("/oauth/token", body, content_type=FORM, **more)  # type: ignore[arg-type]


def test_an_honest_proof_is_read_and_a_replay_is_not(cast: Cast, key: Key) -> None:
    """11.1; 4.3, point 11."""
    proof = signed(key, claims_of(cast.token))
    passes(read(cast, proof))
    entries = len(cast.aino.entries())
    refused(read(cast, proof))
    assert len(cast.aino.entries()) == entries, "a replay is no access of the citizen's data"


def test_a_replay_with_the_twin_of_its_signature(cast: Cast, key: Key) -> None:
    """An ECDSA signature (r, s) verifies as (r, n - s) too: what is remembered must not be the text."""
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    proof = signed(key, claims_of(cast.token))
    passes(read(cast, proof))
    head, payload, signature = proof.split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    twin = raw[:32] + (n - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    refused(read(cast, f"{head}.{payload}.{b64(twin)}"))


def test_a_jti_is_once_for_all_claims_beside_it(cast: Cast, key: Key) -> None:
    claims = claims_of(cast.token)
    passes(read(cast, signed(key, claims)))
    refused(read(cast, signed(key, claims | {"iat": claims["iat"] - 1})))
    other = f"{ISSUER}/api/v1/twin/population.household"
    refused(read(cast, signed(key, claims | {"htu": other}), path="/api/v1/twin/population.household"))


def test_of_parallel_uses_one_passes(cast: Cast, key: Key) -> None:
    proof, start = signed(key, claims_of(cast.token)), Barrier(4)

    def go(_: int) -> int:
        try:
            start.wait(timeout=120)
            return int(read(cast, proof).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(go, range(4))) == [200, 401, 401, 401]


REPLAY = """
import json, sys, django
django.setup()
from consent.oauth import tokens
from consent.oauth.errors import InvalidToken
from consent.oauth.rfc9449 import Call
print("ready", flush=True)
for line in sys.stdin:
    try:
        print(tokens.authenticate(Call(**json.loads(line))).client_id, flush=True)
    except InvalidToken as error:
        print(error.code, flush=True)
"""


def test_a_replay_at_another_process(cast: Cast, key: Key) -> None:
    """11.1: what one web process has taken, all have. The other one is there before a proof is made, which is good for a minute."""
    environ, pipes = {**os.environ, "AURORA_BASE_URL": ISSUER}, {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", REPLAY], cwd=ROOT, env=environ, text=True, **pipes) as other:
        assert other.stdin and other.stdout and other.stdout.readline() == "ready\n"

        def elsewhere(proof: str) -> str:
            call = {"method": "GET", "path": PATH, "authorization": f"DPoP {cast.token}", "proof": proof}
            print(json.dumps(call), file=other.stdin, flush=True)
            return str(other.stdout.readline().strip())

        proof = signed(key, claims_of(cast.token))
        passes(read(cast, proof))
        assert elsewhere(proof) == "invalid_dpop_proof"
        proof = signed(key, claims_of(cast.token))
        assert elsewhere(proof) == cast.office.client_id
        refused(read(cast, proof))


@pytest.mark.parametrize(
    "change",
    [
        {"htm": "POST"},
        {"htm": "get"},
        {"htm": None},
        {"htm": ["GET"]},
        {"htu": "http://localhost:8000/api/v1/twin/population.household"},
        {"htu": "https://localhost:8000/api/v1/twin/tax.income"},
        {"htu": "http://localhost/api/v1/twin/tax.income"},
        {"htu": "http://evil.example/api/v1/twin/tax.income"},
        {"htu": "http://localhost:8000@evil.example/api/v1/twin/tax.income"},
        {"htu": "http://evil@localhost:8000/api/v1/twin/tax.income"},
        {"htu": "http://localhost:8000\\@evil.example/api/v1/twin/tax.income"},
        {"htu": "http://localhost:8000/api/v1/twin/tax.income/"},
        {"htu": "http://localhost:8000/api/v1/twin%2Ftax.income"},
        {"htu": "http://localhost:8000/api/v1/twin/tax%252Eincome"},
        {"htu": "http://localhost:8000/API/v1/twin/tax.income"},
        {"htu": "/api/v1/twin/tax.income"},
        {"htu": "http://localhost:8000/api/v1/twin/tax.income\n"},
        {"htu": "http://[::1/api/v1/twin/tax.income"},
        {"htu": "http://localhost:99999/api/v1/twin/tax.income"},
        {"htu": None},
        {"htu": 7},
        {"ath": None},
        {"ath": "A" * 43},
        {"ath": ""},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "j" * 257},
        {"iat": None},
        {"iat": "now"},
        {"iat": True},
        {"iat": 1e300},
        {"iat": -1},
    ],
    ids=str,
)
def test_a_proof_of_something_else(cast: Cast, key: Key, change: dict[str, Any]) -> None:
    """4.3, points 3 and 8 to 12."""
    refused(read(cast, signed(key, claims_of(cast.token, **change))))


@pytest.mark.parametrize(
    "htu",
    [
        "http://localhost:8000/api/v1/twin/tax.income?x=1#y",  # 4.3, point 9: without query and fragment
        "HTTP://LOCALHOST:8000/api/v1/twin/tax.income",  # RFC 3986, 6.2.2.1
        "http://localhost:8000/api/v1/twin/tax%2eincome",  # 6.2.2.2
        "http://localhost:8000/%61pi/v1/./other/../twin/tax.income",  # 6.2.2.3
    ],
)
def test_an_address_that_is_the_same_in_other_letters(cast: Cast, key: Key, htu: str) -> None:
    """4.3, last paragraph: compared after normalisation."""
    passes(read(cast, signed(key, claims_of(cast.token, htu=htu))))


def test_a_default_port_is_the_same_address(cast: Cast, settings: Any) -> None:
    """RFC 3986, 6.2.3."""
    assert rfc9449._normal("https://a.example:443/x") == rfc9449._normal("https://A.example/x") == rfc9449._normal("https://a.example/./x")
    assert rfc9449._normal("https://a.example") == rfc9449._normal("https://a.example/") != rfc9449._normal("http://a.example:443/")


def test_the_host_header_decides_nothing(cast: Cast, key: Key) -> None:
    """What the proof is compared with is our own address: a sender chooses the Host header."""
    passes(read(cast, signed(key, claims_of(cast.token)), HTTP_HOST="127.0.0.1:8000"))
    other = signed(key, claims_of(cast.token, htu=f"http://127.0.0.1:8000{PATH}"))
    refused(read(cast, other, HTTP_HOST="127.0.0.1:8000"))


def test_another_keys_proof_for_a_stolen_token(cast: Cast) -> None:
    """7.1; FAPI 2.0, 5.3.2.1: a token without its key is worth nothing. Nor does a thief fill our memory."""
    thief, remembered = ECKey.generate_key("P-256"), UsedProof.objects.count()
    refused(read(cast, signed(thief, claims_of(cast.token))), "invalid_token")
    assert UsedProof.objects.count() == remembered


def test_the_proof_of_one_token_with_another(cast: Cast, key: Key) -> None:
    """4.3, point 12; both tokens are of the same key."""
    own = cast.office.post("/oauth/token", grant_type="client_credentials", scope="events").json()["access_token"]  # type: ignore[attr-defined]
    refused(read(cast, signed(key, claims_of(own))))


def test_a_proof_without_a_token_and_a_token_without_a_proof(cast: Cast, key: Key) -> None:
    answer: Any = browser().get(PATH, HTTP_DPOP=signed(key, claims_of(cast.token)))
    assert answer.status_code == 401 and answer["WWW-Authenticate"].startswith("DPoP algs=")
    refused(read(cast, None))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Basic", "Token", ""])
def test_a_downgrade_to_bearer(cast: Cast, key: Key, scheme: str) -> None:
    """7.2: a bound token that comes as a bearer token is refused, with and without a proof beside it."""
    refused(read(cast, None, scheme=scheme), "invalid_token")
    refused(read(cast, signed(key, claims_of(cast.token)), scheme=scheme), "invalid_token")


def test_a_token_in_query_or_body(cast: Cast, key: Key) -> None:
    """FAPI 2.0, 5.3.4; RFC 9700, 4.3.2."""
    proof = signed(key, claims_of(cast.token))
    in_query: Any = browser().get(f"{PATH}?access_token={cast.token}", HTTP_DPOP=proof)
    in_body: Any = browser().generic("GET", PATH, f"access_token={cast.token}", content_type=FORM, HTTP_DPOP=proof)
    assert in_query.status_code == in_body.status_code == 401
    passes(read(cast, proof))


@pytest.mark.parametrize("sent", ["{0},{0}", "{0}, {1}", "{0} {1}", "{0}\t", " {0}.{0}", "{0}.", "a.b", "..", "e30.e30.", "{0}=", "é.é.é"])
def test_more_or_less_than_one_proof(cast: Cast, key: Key, sent: str) -> None:
    """4.3, points 1 and 2. A header sent twice arrives joined by a comma (RFC 9110, 5.3)."""
    one, two = signed(key, claims_of(cast.token)), signed(key, claims_of(cast.token))
    refused(read(cast, sent.format(one, two)))
    passes(read(cast, one))


def test_an_oversized_proof(cast: Cast, key: Key) -> None:
    refused(read(cast, signed(key, claims_of(cast.token, more="x" * 4000))))
    nested = "[" * 500 + "]" * 500
    head = part(header_of(key))
    refused(read(cast, f"{head}.{part(nested.encode())}.{'A' * 86}"))


def test_a_member_given_twice(cast: Cast, key: Key) -> None:
    """Which of two a parser takes differs: neither."""
    claims = json.dumps(claims_of(cast.token))
    doubled = claims[:-1] + ', "htm": "GET"}'
    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    refused(read(cast, jws.serialize_compact(header_of(key), doubled.encode(), key, registry=registry)))


def _unsigned(cast: Cast, key: Key, alg: str, signature: str = "AA") -> str:
    return f"{part(header_of(key, alg=alg))}.{part(claims_of(cast.token))}.{signature}"


@pytest.mark.parametrize("alg", ["none", "None", "nOnE", "", "HS256", "RS256", "ES384", "ES256K", "PS256", "EdDSA", "ES256 "])
def test_another_algorithm_than_the_keys(cast: Cast, key: Key, alg: str) -> None:
    """4.3, point 5; RFC 8725, 3.1 and 3.2."""
    refused(read(cast, _unsigned(cast, key, alg)))


def test_hs256_with_the_public_key(cast: Cast, key: Key) -> None:
    """RFC 8725, 2.1: the confusion of a public key with a secret."""
    jwk = json.dumps(key.as_dict(private=False)).encode()
    for secret in (jwk, key.as_pem(private=False)):
        text = f"{part(header_of(key, alg='HS256'))}.{part(claims_of(cast.token))}"
        refused(read(cast, f"{text}.{b64(hmac.digest(secret, text.encode(), 'sha256'))}"))
    symmetric = header_of(key, alg="HS256", jwk={"kty": "oct", "k": b64(b"k" * 32)})
    text = f"{part(symmetric)}.{part(claims_of(cast.token))}"
    refused(read(cast, f"{text}.{b64(hmac.digest(b'k' * 32, text.encode(), 'sha256'))}"))


def test_rs256_and_keys_of_other_kinds(cast: Cast, other_keys: dict[str, Key]) -> None:
    """FAPI 2.0, 5.4.1."""
    rsa = other_keys["PS256"]
    refused(read(cast, signed(rsa, claims_of(cast.token), alg="RS256")))
    refused(read(cast, signed(other_keys["ES384"], claims_of(cast.token), alg="ES384")))
    with pytest.warns(Warning):
        short = RSAKey.generate_key(1024)
    refused(read(cast, signed(short, claims_of(cast.token), alg="PS256")))


def test_a_private_key_in_the_proof(cast: Cast, key: Key, other_keys: dict[str, Key]) -> None:
    """4.3, point 7. What came is not repeated."""
    answer = read(cast, signed(key, claims_of(cast.token), jwk=key.as_dict(private=True)))
    refused(answer)
    assert cast.office.proof_key["d"] not in answer.content.decode() + str(answer.headers)
    rsa = other_keys["PS256"]
    refused(read(cast, signed(rsa, claims_of(cast.token), alg="PS256", jwk=rsa.as_dict(private=True))))


@pytest.mark.parametrize(
    "change",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"typ": "dpop+JWT "},
        {"typ": ["dpop+jwt"]},
        {"jwk": None},
        {"jwk": "x"},
        {"jwk": {}},
        {"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}},
        {"kid": "k1"},
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["AA"]},
        {"crit": ["exp"], "exp": 1},
        {"b64": False, "crit": ["b64"]},
        {"zip": "DEF"},
        {"alg": None},
        {"alg": ["ES256"]},
    ],
    ids=str,
)
def test_a_header_that_says_more_less_or_something_else(cast: Cast, key: Key, change: dict[str, Any]) -> None:
    """4.2; 4.3, points 4 to 7; RFC 8725, 3.10 and 3.11. The signature is good where it can be."""
    text = f"{part(header_of(key, **change))}.{part(claims_of(cast.token))}"
    signature = jws.JWSRegistry.algorithms["ES256"].sign(text.encode(), key)
    refused(read(cast, f"{text}.{b64(signature)}"))


def test_another_type_of_jwt_of_the_same_key(cast: Cast, key: Key) -> None:
    """RFC 8725, 3.11: a client assertion is no proof, and a proof no assertion."""
    refused(read(cast, cast.office.assertion()))
    body = cast.office.signed(grant_type="client_credentials", scope="events", client_assertion=cast.office.proof("/oauth/token"))
    answer: Any = cast.office.http.post("/oauth/token", body, content_type=FORM, HTTP_DPOP=cast.office.proof("/oauth/token"))
    assert answer.status_code == 401 and answer.json()["error"] == "invalid_client"


def test_a_changed_payload_keeps_no_signature(cast: Cast, key: Key) -> None:
    """4.3, point 6."""
    head, _, signature = signed(key, claims_of(cast.token)).split(".")
    refused(read(cast, f"{head}.{part(claims_of(cast.token))}.{signature}"))
    refused(read(cast, f"{head}.{part(claims_of(cast.token))}.{'A' * 86}"))
    refused(read(cast, f"{head}.{part(claims_of(cast.token))}.AA"))


@pytest.mark.parametrize("off", [-61, -3600, 30, 3600])
def test_a_proof_of_the_past_or_the_future_must_be_made_anew_with_a_nonce(cast: Cast, key: Key, off: int) -> None:
    """4.3, point 11; 8; 11.2: a proof that was made in advance is worth nothing; a wrong clock is no reason to be locked out."""
    claims = claims_of(cast.token, iat=int(time.time()) + off)
    answer = read(cast, signed(key, claims))
    refused(answer, "use_dpop_nonce")
    nonce = answer["DPoP-Nonce"]
    passes(read(cast, signed(key, claims | {"nonce": nonce})))
    refused(read(cast, signed(key, claims | {"nonce": nonce})))


@pytest.mark.parametrize("off", [-40, 8])
def test_the_window_is_a_minute_back_and_ten_seconds_ahead(cast: Cast, key: Key, off: int) -> None:
    """Exactly so by the rule itself, for which no clock goes on; over HTTP with time enough for a busy machine."""
    now = int(time.time())
    for iat in (now - 59, now + 10):
        rfc9449._age({"iat": iat}, datetime.fromtimestamp(now, UTC))
    for iat in (now - 60, now + 11):
        with pytest.raises(NonceWanted):
            rfc9449._age({"iat": iat}, datetime.fromtimestamp(now, UTC))
    passes(read(cast, signed(key, claims_of(cast.token, iat=int(time.time()) + off))))


@pytest.fixture
def wants_nonces(cast: Cast) -> Any:
    mine = Client.objects.filter(client_id=cast.office.client_id)
    mine.update(dpop_nonce=True)
    yield
    mine.update(dpop_nonce=False)


def test_a_client_that_needs_nonces_is_asked_for_one_everywhere_and_told_the_next(cast: Cast, key: Key, wants_nonces: None) -> None:
    """8 and 9: 400 at the token endpoint and PAR, 401 at the resource; 8.2: the next nonce comes with the answer."""
    remembered = UsedProof.objects.count()
    first = ask(cast, signed(key, claims_of(None)))
    assert (first.status_code, first.json()["error"]) == (400, "use_dpop_nonce")
    with_it = ask(cast, signed(key, claims_of(None, nonce=first["DPoP-Nonce"])))
    assert with_it.status_code == 200 and len(with_it["DPoP-Nonce"]) == 32

    def push(proof: str) -> Any:
        return cast.office.http.post("/oauth/par", cast.office.signed(**cast.office.request()), content_type=FORM, HTTP_DPOP=proof)

    at_par = claims_of(None, htu=f"{ISSUER}/oauth/par")
    asked = push(signed(key, at_par))
    assert (asked.status_code, asked.json()["error"]) == (400, "use_dpop_nonce")
    assert push(signed(key, at_par | {"nonce": asked["DPoP-Nonce"]})).status_code == 201

    refusal = read(cast, signed(key, claims_of(cast.token)))
    refused(refusal, "use_dpop_nonce")
    reading = read(cast, signed(key, claims_of(cast.token, nonce=refusal["DPoP-Nonce"])))
    passes(reading)
    passes(read(cast, signed(key, claims_of(cast.token, nonce=reading["DPoP-Nonce"]))))
    assert UsedProof.objects.count() == remembered + 4, "what was refused for want of a nonce was not taken"


def test_a_nonce_that_is_not_ours_or_old(cast: Cast, key: Key, monkeypatch: pytest.MonkeyPatch, wants_nonces: None) -> None:
    """8; 9."""
    nonce = read(cast, signed(key, claims_of(cast.token)))["DPoP-Nonce"]
    flipped = nonce[:-1] + ("A" if nonce[-1] != "A" else "B")
    later = b64((int.from_bytes(base64.urlsafe_b64decode(nonce)[:8], "big") + 1).to_bytes(8, "big") + base64.urlsafe_b64decode(nonce)[8:])
    for bad in (flipped, later, "", "x" * 32, nonce + "A", nonce[:-4], [nonce], None):
        refused(read(cast, signed(key, claims_of(cast.token) | {"nonce": bad})), "use_dpop_nonce")
    passes(read(cast, signed(key, claims_of(cast.token, nonce=nonce))))
    monkeypatch.setattr(rfc9449.config, "NONCE_LIFETIME", rfc9449.config.NONCE_LIFETIME * 0)
    refused(read(cast, signed(key, claims_of(cast.token, nonce=nonce))), "use_dpop_nonce")


@pytest.mark.parametrize("change", [{"htm": "GET"}, {"htu": f"{ISSUER}/oauth/par"}, {"htu": READ}, {"jti": None}, {"iat": None}], ids=str)
def test_the_token_endpoint_wants_a_proof_for_itself(cast: Cast, key: Key, change: dict[str, Any]) -> None:
    """5: `invalid_dpop_proof`."""
    answer = ask(cast, signed(key, claims_of(None, **change)))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")


def test_no_token_without_a_proof_and_none_for_a_replay(cast: Cast, key: Key) -> None:
    """FAPI 2.0, 5.3.2.1: only sender-constrained tokens."""
    proof = signed(key, claims_of(None))
    assert ask(cast, proof).json()["token_type"] == "DPoP"
    for bad in (None, "", proof):
        answer = ask(cast, bad)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")


def test_a_stranger_who_is_no_client_uses_nothing_up(cast: Cast, key: Key) -> None:
    proof, remembered = signed(key, claims_of(None)), UsedProof.objects.count()
    body = f"grant_type=client_credentials&scope=events&client_id={cast.office.client_id}"
    answer: Any = browser().post("/oauth/token", body, content_type=FORM, HTTP_DPOP=proof)
    assert answer.status_code == 401 and answer.json()["error"] == "invalid_client" and UsedProof.objects.count() == remembered
    assert ask(cast, proof).status_code == 200


def test_after_a_crash_what_was_signed_before_is_asked_for_anew(cast: Cast, key: Key) -> None:
    """The memory of used proofs is UNLOGGED, hence empty after a crash: a proof of before is refused, though its minute is not over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relpersistence = 'u'")
        assert {"consent_oauth_usedproof", "consent_oauth_proofmemory"} <= {name for (name,) in cursor.fetchall()}
    proof = signed(key, claims_of(cast.token))
    passes(read(cast, proof))
    since = ProofMemory.objects.get().since
    UsedProof.objects.all().delete()
    ProofMemory.objects.all().delete()
    try:
        replay = read(cast, proof)
        refused(replay, "use_dpop_nonce")
        passes(read(cast, signed(key, claims_of(cast.token, nonce=replay["DPoP-Nonce"]))))
        refused(read(cast, proof), "use_dpop_nonce")
        before = claims_of(None, iat=int(time.time()) - 30)
        assert ask(cast, signed(key, before)).json()["error"] == "use_dpop_nonce"
    finally:
        ProofMemory.objects.update(since=since)


def _asked(cast: Cast, proof: str | None = None, **form: str) -> tuple[Any, Browser]:
    """A pushed request, perhaps for one key, and Aino's browser."""
    more = {} if proof is None else {"HTTP_DPOP": proof}
    body = cast.office.signed(**cast.office.request(), **form)
    return cast.office.http.post("/oauth/par", body, content_type=FORM, **more), cast.aino.browser()  # type: ignore[arg-type]


def _allowed(cast: Cast, pushed: Any, face: Browser) -> str:
    assert pushed.status_code == 201, pushed.content
    query = {"client_id": cast.office.client_id, "request_uri": pushed.json()["request_uri"]}
    page: Any = face.get("/oauth/authorize", query)
    form = urlencode({**dict(page.context["page"].hidden), "decision": "allow", "categories": cast.office.categories}, doseq=True)
    answer = face.post("/oauth/authorize", form, content_type=FORM)
    return parse_qs(urlsplit(answer["Location"]).query)["code"][0]


def _redeemed(cast: Cast, code: str, key: Key) -> Any:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": cast.office.redirect_uri, "scope": ""}
    return ask(cast, signed(key, claims_of(None)), **form, code_verifier=cast.office.verifier)


@pytest.mark.parametrize("by", ["dpop_jkt", "proof", "both"])
def test_a_code_that_is_bound_to_a_key_is_not_redeemed_with_another(cast: Cast, key: Key, by: str) -> None:
    """10 and 10.1: a stolen code, even with client's own keys, is worth nothing without that of the proof."""
    proof = signed(key, claims_of(None, htu=f"{ISSUER}/oauth/par")) if by != "dpop_jkt" else None
    form = {"dpop_jkt": key.thumbprint()} if by != "proof" else {}
    code = _allowed(cast, *_asked(cast, proof, **form))
    stolen = _redeemed(cast, code, ECKey.generate_key("P-256"))
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    assert _redeemed(cast, code, key).status_code == 200, "a thief's try uses nothing up"


def test_a_pushed_key_must_be_one_and_the_proofs(cast: Cast, key: Key) -> None:
    """10.1: if both are there they must agree."""
    at_par = f"{ISSUER}/oauth/par"
    differing, _ = _asked(cast, signed(key, claims_of(None, htu=at_par)), dpop_jkt="A" * 43)
    assert (differing.status_code, differing.json()["error"]) == (400, "invalid_dpop_proof")
    for odd in ("x", "A" * 42, "A" * 44, "=" * 43, "é" * 43):
        answer, _ = _asked(cast, None, dpop_jkt=odd)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), odd
    for proof in ("", "x", signed(key, claims_of(None))):
        answer, _ = _asked(cast, proof)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # joserfc's, while the profile has not renamed it
def test_a_refresh_may_bring_a_new_key_and_binds_to_it(cast: Cast, key: Key, other_keys: dict[str, Key]) -> None:
    """5: the refresh token of a confidential client is bound to its authentication. The token before stays with its own key."""
    held = cast.office.granted(cast.cecilia)
    new = other_keys["EdDSA"]
    form = {"grant_type": "refresh_token", "refresh_token": held["refresh_token"], "scope": ""}
    fresh = ask(cast, signed(new, claims_of(None), alg="EdDSA"), **form).json()["access_token"]
    refused(read(cast, signed(key, claims_of(fresh)), token=fresh), "invalid_token")
    passes(read(cast, signed(new, claims_of(fresh), alg="EdDSA"), token=fresh))
    passes(read(cast, signed(key, claims_of(held["access_token"])), token=held["access_token"]))
    told: Any = cast.office.post("/oauth/introspect", token=fresh)
    assert told.json()["cnf"] == {"jkt": new.thumbprint()} and told.json()["token_type"] == "DPoP"
