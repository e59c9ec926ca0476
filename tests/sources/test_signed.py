"""A signed answer is attested if it is for us, from its source, of now; nothing less is believed of a source that signs."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from asking import CLIENT, FACTS, FORGED, INVALID, PATH, WHO, answer, refusal, said, unchanged
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from aurora.sources.connectors import Mark, mapped_json, signed
from tests.support.hostile_peer import Peer
from tests.support.hostile_peer import answer as http

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # a second name for the same signature

SIGNS: dict[str, Any] = {"signature": {}}
KEYS: dict[str, Any] = {
    "ES256": ECKey.generate_key("P-256", {"kid": "es"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "ed"}),
    "PS256": RSAKey.generate_key(2048, {"kid": "ps"}),
}
OTHER = ECKey.generate_key("P-256", {"kid": "es"})


@pytest.fixture(autouse=True)
def source(peer: Peer) -> Iterator[None]:
    signed.forget_keys()
    peer.publishes()
    shows(peer, *KEYS.values())
    yield
    signed.forget_keys()


def shows(peer: Peer, *keys: Any) -> None:
    peer.says("/jwks", {"keys": [key.as_dict(private=False) for key in keys]})


def compact(peer: Peer, data: Any = None, *, key: Any = None, header: dict[str, Any] | None = None, **claims: Any) -> bytes:
    """A right one; `...` takes a claim away."""
    key, now = key or KEYS["ES256"], int(time.time())
    alg = next(name for name, one in KEYS.items() if type(one) is type(key))
    whole = {"iss": peer.url, "aud": CLIENT, "iat": now, "exp": now + 120, "data": said() if data is None else data} | claims
    payload = json.dumps({name: value for name, value in whole.items() if value is not ...})
    head = {"alg": alg, "kid": key.as_dict()["kid"], "typ": "aurora-facts+jwt"} | (header or {})
    head = {name: value for name, value in head.items() if value is not ...}
    return jws.serialize_compact(head, payload, key, algorithms=[head["alg"]]).encode()


def signs(peer: Peer, *args: Any, path: str = PATH, headers: dict[str, str] | None = None, **kwargs: Any) -> None:
    tells(peer, compact(peer, *args, **kwargs), path=path, headers=headers)


def tells(peer: Peer, content: bytes, *, path: str = PATH, kind: str = "application/jose", headers: dict[str, str] | None = None) -> None:
    peer.answers[path] = http(content, Content_Type=kind, **(headers or {}))


@pytest.mark.parametrize("alg", KEYS)
@pytest.mark.parametrize("declared", [{}, SIGNS], ids=["not declared", "declared"])
def test_what_is_signed_is_attested(peer: Peer, alg: str, declared: dict[str, Any]) -> None:
    signs(peer, key=KEYS[alg])
    found = answer(peer, settings=declared)
    assert found.attested and found.facts == FACTS and found.national_id == WHO
    assert "application/jose" in peer.asked(PATH)[-1].headers["accept"]


def test_what_is_not_signed_is_reported_where_no_signature_was_agreed(peer: Peer) -> None:
    peer.says(PATH, said())
    assert not answer(peer).attested


def test_a_source_that_signs_is_not_believed_unsigned(peer: Peer) -> None:
    peer.says(PATH, said())
    assert refusal(peer, settings=SIGNS) == FORGED
    tells(peer, compact(peer), kind="application/json")
    assert refusal(peer, settings=SIGNS) == FORGED


def _without_signature(content: bytes) -> bytes:
    return b".".join([*content.split(b".")[:2], b""])


def _as_alg_none(content: bytes) -> bytes:
    head = urlsafe_b64encode(json.dumps({"alg": "none", "kid": "es", "typ": "aurora-facts+jwt"}).encode()).rstrip(b"=")
    return b".".join([head, content.split(b".")[1], b""])


def _of_another(content: bytes) -> bytes:
    head, payload, signature = content.split(b".")
    claims = json.loads(urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    claims["data"]["subject"]["national_id"] = "S000999-0"
    return b".".join([head, urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"="), signature])


SPOILT = {
    "without its signature": _without_signature,
    "with alg none": _as_alg_none,
    "about another citizen": _of_another,
    "cut off": lambda content: content[:-3],
    "doubled": lambda content: content + b"." + content,
    "no JWS": lambda content: b"{}",
    "empty": lambda content: b"",
    "garbage": lambda content: b"\xff\xfe.<.>",
    "header no JSON": lambda content: b"AAAA." + content.partition(b".")[2],
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_signature_is_none(peer: Peer, how: str) -> None:
    tells(peer, SPOILT[how](compact(peer)))
    assert refusal(peer) == refusal(peer, settings=SIGNS) == FORGED


NOW = int(time.time())
CLAIMS: dict[str, dict[str, Any]] = {
    "for another client": {"aud": "somebody-else"},
    "for several": {"aud": [CLIENT, "somebody-else"]},
    "for nobody": {"aud": ...},
    "from another": {"iss": "https://elsewhere.example"},
    "from nobody": {"iss": ...},
    "of an hour ago": {"iat": NOW - 3600, "exp": NOW + 3600},
    "run out": {"iat": NOW - 200, "exp": NOW - 100},
    "of tomorrow": {"iat": NOW + 86_400, "exp": NOW + 86_500},
    "good for a year": {"exp": NOW + 31_536_000},
    "that ends before it begins": {"exp": NOW - 30},
    "without end": {"exp": ...},
    "without beginning": {"iat": ...},
    "of a time as text": {"iat": str(NOW)},
    "of a time as truth": {"iat": True},
    "without data": {"data": ...},
    "of data as text": {"data": "{}"},
    "with a next page as a number": {"next": 2},
}


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS.keys())
def test_an_answer_to_another_question_is_none_to_ours(peer: Peer, claims: dict[str, Any]) -> None:
    signs(peer, **claims)
    assert refusal(peer) == FORGED


HEADERS: dict[str, dict[str, Any]] = {
    "of another type": {"typ": "JWT"},
    "of no type": {"typ": ...},
    "without a key's name": {"kid": ...},
    "with a key's endless name": {"kid": "x" * 129},
    "of another key": {"kid": "unknown"},
    "of a key of another kind": {"kid": "ed"},
    "with a key of its own": {"jwk": OTHER.as_dict(private=False)},
    "with an address of keys": {"jku": "https://elsewhere.example/jwks"},
    "with something critical": {"b64": True, "crit": ["b64"]},
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
def test_a_header_leads_to_no_key_but_the_sources(peer: Peer, header: dict[str, Any]) -> None:
    signs(peer, header=header)
    assert refusal(peer) == FORGED


def test_another_key_of_the_same_name_is_not_the_sources(peer: Peer) -> None:
    signs(peer, key=OTHER)
    assert refusal(peer) == FORGED


def test_what_is_rightly_signed_passes_the_same_checks(peer: Peer) -> None:
    signs(peer, said(facts={"wealth": 1}))
    assert refusal(peer, settings=SIGNS) == INVALID


# Keys


def test_keys_are_kept_and_a_new_one_is_asked_for_once(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed, "SPACING_SECONDS", 600.0)
    for _ in range(3):
        signs(peer)
        assert answer(peer, settings=SIGNS).attested
    assert len(peer.asked("/jwks")) == 1
    new = ECKey.generate_key("P-256", {"kid": "new"})
    shows(peer, new)
    signs(peer, key=new)
    assert refusal(peer, settings=SIGNS) == ("signature_invalid", True), "asked for a moment ago: time can mend it"
    assert len(peer.asked("/jwks")) == 1
    monkeypatch.setattr(signed, "SPACING_SECONDS", 0.0)
    assert answer(peer, settings=SIGNS).attested and len(peer.asked("/jwks")) == 2
    signs(peer, header={"kid": "never"})
    assert refusal(peer, settings=SIGNS) == FORGED and len(peer.asked("/jwks")) == 3


def test_a_key_that_the_source_shows_no_more_is_believed_no_longer_than_keys_are_kept(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    signs(peer)
    assert answer(peer, settings=SIGNS).attested
    shows(peer, KEYS["EdDSA"])
    assert answer(peer, settings=SIGNS).attested
    monkeypatch.setattr(signed, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(signed, "SPACING_SECONDS", 0.0)
    assert refusal(peer, settings=SIGNS) == FORGED


def test_keys_may_be_declared_or_lie_elsewhere(peer: Peer) -> None:
    shows(peer)
    peer.says("/elsewhere", {"keys": [KEYS["ES256"].as_dict(private=False), {"kty": "oct", "k": "AA"}, {"kty": "EC"}]})
    signs(peer)
    assert refusal(peer, settings=SIGNS) == FORGED
    signed.forget_keys()
    assert answer(peer, settings={"signature": {"jwks_uri": f"{peer.url}/elsewhere"}}).attested
    signed.forget_keys()
    declared = {"signature": {"jwks": {"keys": [KEYS["ES256"].as_dict(private=False)]}}}
    assert answer(peer, settings=declared).attested and not signed._kept


@pytest.mark.parametrize(
    ("keys", "status", "found"),
    [
        (b"no JSON", 200, FORGED),
        ({"keys": {}}, 200, FORGED),
        ({"keys": [{}] * 11}, 200, FORGED),
        (b'{"keys": [' + b" " * 20_000 + b"]}", 200, FORGED),
        ({}, 503, ("source_down", True)),
        ({}, 404, ("source_down", True)),
    ],
    ids=["garbage", "no list", "many", "large", "down", "gone"],
)
def test_without_keys_nothing_is_believed(peer: Peer, keys: Any, status: int, found: tuple[str, bool]) -> None:
    peer.says("/jwks", keys, status)
    signs(peer)
    assert refusal(peer, settings=SIGNS) == found


def test_a_source_that_names_no_keys_cannot_sign(peer: Peer) -> None:
    peer.publishes(jwks_uri=None)
    signs(peer)
    assert refusal(peer) == FORGED


# Pages and marks


def test_the_next_page_is_named_under_the_signature_and_nowhere_else(peer: Peer) -> None:
    signs(peer, said(facts={"wages": 1}), next="?page=1")
    signs(peer, said(facts={"interest": 2}), path=f"{PATH}?page=1", headers={"Link": '<?page=2>; rel="next"'})
    found = answer(peer, settings=SIGNS)
    assert found.facts == {"wages": 1, "interest": 2} and found.attested
    assert [request.query for request in peer.asked(PATH)] == ["", "page=1"]


def test_a_page_of_another_answer_is_none_of_this(peer: Peer) -> None:
    signs(peer, said(facts={"wages": 1}), next="?page=1")
    signs(peer, said(facts={"interest": 2}, subject={"national_id": "S000999-0"}), path=f"{PATH}?page=1")
    assert refusal(peer, settings=SIGNS) == INVALID


def test_one_unsigned_page_makes_all_of_it_unsigned(peer: Peer) -> None:
    signs(peer, said(facts={"wages": 1}), next="?page=1")
    peer.says(f"{PATH}?page=1", said(facts={"interest": 2}))
    assert refusal(peer, settings=SIGNS) == FORGED
    assert not answer(peer).attested


def test_no_news_of_a_signing_source_needs_no_signature(peer: Peer) -> None:
    signs(peer, headers={"ETag": '"a"'})
    mark = answer(peer, settings=SIGNS).mark
    peer.says(PATH, b"", 304)
    assert mark == Mark(etag='"a"') and unchanged(peer, settings=SIGNS, since=mark)


def test_an_agencys_own_json_may_be_signed_too(peer: Peer) -> None:
    mapping = {
        "subject": "/who",
        "observed_at": {"at": "/at"},
        "categories": {"tax.income": {"version": 1, "facts": {"wages": {"at": "/w", "as": "integer"}}}},
    }
    signs(peer, {"who": WHO, "at": said()["observed_at"], "w": "7"}, path="/own/tax.income")
    settings = {"address": "/own/{category}", "mapping": mapping, **SIGNS}
    found = answer(peer, mapped_json.fetch, settings=settings)
    assert found.attested and found.facts == {"wages": 7}
