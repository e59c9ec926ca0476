"""Attacks by and on clients' keys, over HTTP and with real rows.

What an assertion alone can try (alg none, RS256, HS256 with the public key, kid, jku, x5u, jwk, aud array, replay) stands in
tests/consent/oauth/test_oauth_assertions.py, what an address can answer in tests/consent/oauth/test_oauth_keysets.py. Here: the same against keys that are
fetched, and what an agency could make Aurora do by the addresses that it registers.
FAPI 2.0 Security Profile, 5.3.2.1 and 5.4; RFC 9700, 2.5 and 4.11; RFC 8725, 2.1, 2.6, 3.1, 3.10; RFC 7517, 5 and 9.
"""

from __future__ import annotations

import hmac
import json
import secrets
import socket
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from django.db import connection
from django.utils import timezone
from joserfc.jwk import ECKey

from aurora.outbound import guard
from aurora.outbound import keysets as outbound
from consent.errors import InvalidInput
from consent.models import Agency
from consent.oauth import clients, keysets
from consent.oauth.models import Client, ClientDraft, ClientKeySet
from tests.support.cast import ASSERTION_TYPE, FORM, ISSUER, Cast, browser
from tests.support.hostile_peer import Peer

NAME = dict.fromkeys(("fi", "sv", "en"), "Mallory")


def _b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _public(key: ECKey, kid: str) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": kid}


@dataclass
class Agent:
    """A client with keys at an address; it signs whatever it likes, by hand."""

    client: Client
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))

    def claims(self) -> bytes:
        now, me = int(time.time()), self.client.client_id
        return json.dumps({"iss": me, "sub": me, "aud": ISSUER, "jti": secrets.token_urlsafe(16), "iat": now, "exp": now + 60}).encode()

    def signed(self, header: dict[str, Any], sign: Callable[[bytes], bytes] | None = None) -> str:
        text = f"{_b64(json.dumps(header).encode())}.{_b64(self.claims())}"
        return f"{text}.{_b64((sign or self._es256)(text.encode()))}"

    def _es256(self, data: bytes) -> bytes:
        r, s = decode_dss_signature(self.key.private_key.sign(data, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def ask(self, assertion: str) -> Any:
        """At introspection: it needs nothing but who one is."""
        form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion, "token": "t"}
        return browser().post("/oauth/introspect", urlencode(form), content_type=FORM)

    def works(self) -> bool:
        return bool(self.ask(self.signed({"alg": "ES256", "kid": "k1"})).status_code == 200)


def _registered(**changes: Any) -> Client:
    tag = uuid4().hex[:10]
    agency = Agency.objects.create(code=f"mallory-{tag}", name=NAME, roles=["data_user"])
    values = {"client_id": f"mallory-{tag}", "agency": agency, "name": NAME, "redirect_uris": ["https://mallory.example/cb"]}
    values |= {"purposes": ["benefit-application"], "categories": ["tax.income"]}
    return clients.register(**values | changes)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address of ours answers at once, but for what a busy machine makes of that."""
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 60.0)


@pytest.fixture
def agent(cast: Cast, peer: Peer) -> Agent:
    """Registered, with one key k1 at the peer's /keys, fetched."""
    made = Agent(_registered(jwks_uri=f"{peer.url}/keys"))
    peer.says("/keys", {"keys": [_public(made.key, "k1")]})
    assert made.works()
    return made


def _later(client: Client) -> None:
    """The minute between two fetches is over."""
    ClientKeySet.objects.filter(pk=client.pk).update(tried_at=None)


def test_no_header_bends_a_fetched_key(agent: Agent, peer: Peer) -> None:
    """RFC 8725, 2.1 and 3.1: none, RS256, and HS256 with the public key that everybody can fetch."""
    public = json.dumps({"keys": [_public(agent.key, "k1")]}).encode()
    for secret in (public, agent.key.as_pem(private=False), b""):
        forged = agent.signed({"alg": "HS256", "kid": "k1"}, lambda data, s=secret: hmac.digest(s or b"\0", data, "sha256"))
        assert agent.ask(forged).status_code == 401
    for header in (
        {"alg": "none", "kid": "k1"},
        {"alg": "none"},
        {"alg": "RS256", "kid": "k1"},
        {"alg": ["ES256"], "kid": "k1"},
        {"kid": "k1"},
    ):
        assert agent.ask(agent.signed(header, lambda data: b"")).status_code == 401
        assert agent.ask(agent.signed(header)).status_code == 401
    assert len(peer.asked("/keys")) == 1 and agent.works()


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c", "x5t#S256", "crit"])
def test_a_header_that_brings_keys_fetches_nothing(agent: Agent, peer: Peer, name: str) -> None:
    """RFC 8725, 3.10: not even with a good signature, and not from the client's own address."""
    _later(agent.client)
    value = {"jku": f"{peer.url}/evil", "x5u": f"{peer.url}/evil", "jwk": _public(agent.key, "k1"), "crit": ["exp"]}.get(name, ["MIIB"])
    for kid in ("k1", "new"):
        assert agent.ask(agent.signed({"alg": "ES256", "kid": kid, name: value})).status_code == 401
    assert not peer.asked("/evil") and len(peer.asked("/keys")) == 1


@pytest.mark.parametrize("kid", ["../../keys", "https://evil.example/keys", "k1' OR '1'='1", "K1", "k1 ", "k1\u0000", "\u212a1"])
def test_a_kid_is_a_name_and_nothing_else(agent: Agent, peer: Peer, kid: str) -> None:
    """RFC 8725, 2.6 and 3.10: compared, never used as path, address or query; and letters that look alike are others."""
    _later(agent.client)
    assert agent.ask(agent.signed({"alg": "ES256", "kid": kid})).status_code == 401
    assert {r.path for r in peer.seen} == {"/keys"} and agent.works()


def test_two_keys_of_one_name_open_nothing(agent: Agent, peer: Peer) -> None:
    """RFC 7517, 4.5 only says SHOULD; which of the two is meant nobody can say, so the set is refused and the old one stays."""
    mine = ECKey.generate_key("P-256")
    peer.says("/keys", {"keys": [_public(mine, "new"), _public(agent.key, "new")]})
    _later(agent.client)
    for key in (mine, agent.key):
        assert Agent(agent.client, key).ask(Agent(agent.client, key).signed({"alg": "ES256", "kid": "new"})).status_code == 401
    assert agent.works()


def test_a_client_signs_with_its_own_keys_only(cast: Cast, agent: Agent, peer: Peer) -> None:
    """The office's key at Mallory's address makes Mallory nobody else; Mallory's kid at the office finds nothing."""
    office = Client.objects.get(client_id=cast.office.client_id)
    as_office = Agent(office, agent.key)
    for header in ({"alg": "ES256", "kid": "k1"}, {"alg": "ES256"}):
        assert as_office.ask(as_office.signed(header)).status_code == 401
    jwk = office.jwks["keys"][0]
    peer.says("/keys", {"keys": [jwk, _public(agent.key, "k1")]})
    _later(agent.client)
    office_key = ECKey.import_key(cast.office.key)
    stolen = Agent(agent.client, office_key).signed({"alg": "ES256", "kid": jwk["kid"]})
    assert agent.ask(stolen).status_code == 200  # a client may publish whatever key it likes: it is then its own, under its own name
    assert as_office.ask(as_office.signed({"alg": "ES256", "kid": "k1"})).status_code == 401


def test_an_oversized_key_set_is_neither_registered_nor_fetched(cast: Cast, agent: Agent, peer: Peer) -> None:
    """16 kB, ten keys, and RSA keys that cost no more than they must (RFC 7517, 9.2)."""
    many = {"keys": [_public(ECKey.generate_key("P-256"), f"k{n}") for n in range(11)]}
    huge = {"keys": [{"kty": "RSA", "kid": "r", "e": "AQAB", "n": _b64(b"\xff" * 4096)}]}
    deep: Any = []
    for _ in range(150):
        deep = [deep]
    for bad in (many, huge, {"keys": [_public(agent.key, "x" * 20_000)]}, {"keys": [_public(agent.key, "k") | {"alg": deep}]}):
        with pytest.raises(InvalidInput) as refused:
            _registered(jwks=bad)
        assert set(refused.value.fields) == {"jwks"}
        peer.says("/keys", bad)
        _later(agent.client)
        assert agent.ask(agent.signed({"alg": "ES256", "kid": "new"})).status_code == 401
        assert agent.works()


@dataclass
class Silent:
    """An address that takes the connection and says nothing until it is let."""

    url: str
    asked: threading.Event = field(default_factory=threading.Event)
    let: threading.Event = field(default_factory=threading.Event)

    def hold(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.set()
        self.let.wait(120)
        handler.close_connection = True


@pytest.fixture
def silent(peer: Peer) -> Iterator[Silent]:
    made = Silent(f"{peer.url}/silent")
    peer.answers["/silent"] = made.hold
    yield made
    made.let.set()


def test_a_slow_address_holds_one_thread_and_nobody_else(cast: Cast, agent: Agent, silent: Silent, monkeypatch: pytest.MonkeyPatch) -> None:
    """While Mallory's address is silent, a second such client is told to wait at once, and clients whose keys are known are served."""
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 120.0)
    monkeypatch.setattr(guard, "TIMEOUT", httpx.Timeout(120.0))
    monkeypatch.setattr(keysets, "_ways", threading.BoundedSemaphore(1))
    slow, other = Agent(_registered(jwks_uri=silent.url)), Agent(_registered(jwks_uri=f"{silent.url}?other"))
    answers: list[Any] = []

    def wait() -> None:
        try:
            answers.append(slow.ask(slow.signed({"alg": "ES256", "kid": "k1"})))
        finally:
            connection.close()

    thread = threading.Thread(target=wait)
    thread.start()
    assert silent.asked.wait(60)
    for one in (slow, other):
        busy = one.ask(one.signed({"alg": "ES256", "kid": "k1"}))
        assert busy.status_code == 503 and int(busy["Retry-After"]) >= 1
    assert agent.works()
    assert cast.office.post("/oauth/introspect", token="t").status_code == 200
    assert not answers
    silent.let.set()
    thread.join(60)
    assert [a.status_code for a in answers] == [401]


INSIDE = [
    "https://127.0.0.1/keys", "https://10.0.0.1/keys", "https://192.168.0.1/k", "https://169.254.169.254/latest/meta-data", "https://[::1]/k",
    "https://[::ffff:169.254.169.254]/k", "https://[fd00::1]/k", "https://0x7f000001/k", "https://2130706433/k", "https://127.1/k", "https://0/k",
    "https://localhost/k", "https://db/k", "https://metadata.internal/k", "https://printer.local/k", "https://100.64.0.1/k", "http://agency.example/k",
    "ftp://agency.example/k", "file:///etc/passwd", "https://user:pw@agency.example/k", "https://agency.example\\@10.0.0.1/k",
    "https://agency.example/k#x", "https://agency.example%2f@10.0.0.1/k", "//agency.example/k", "javascript:alert(1)",
]  # fmt: skip


@pytest.mark.parametrize("uri", INSIDE)
def test_an_address_inside_is_not_registered(cast: Cast, settings: Any, uri: str) -> None:
    """SSRF by registration (OWASP; RFC 9700, 4.11 in spirit): keys, notices and API alike, by the command's and the console's way."""
    settings.AURORA_SANDBOX = False
    before = (Client.objects.count(), ClientDraft.objects.count())
    keys = {"keys": [_public(ECKey.generate_key("P-256"), "k1")]}
    for changes in ({"jwks_uri": uri}, {"jwks": keys, "notice_uri": uri}, {"jwks": keys, "resource": uri}):
        with pytest.raises(InvalidInput) as refused:
            _registered(**changes)
        assert set(refused.value.fields) <= {"jwks_uri", "notice_uri", "resource"}
        for sentence in refused.value.fields.values():
            assert uri not in sentence
    assert (Client.objects.count(), ClientDraft.objects.count()) == before


def test_a_name_that_leads_inside_is_not_connected_to(cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Registered in good faith, turned later (DNS rebinding): the address that was looked up is judged, and connected to."""
    client = _registered(jwks_uri="https://mallory.example/keys")
    settings.AURORA_SANDBOX = False
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))])
    assert keysets.refresh(client_pk=client.pk, now=timezone.now()) is False
    assert ClientKeySet.objects.get(pk=client.pk).error == "address_refused"


def test_a_redirect_leads_nowhere(agent: Agent, peer: Peer) -> None:
    """RFC 9700, 4.12 in spirit; the guard follows none, also not to the same host."""
    peer.says("/keys", {}, 302, Location=f"{peer.url}/inside")
    peer.says("/inside", {"keys": [_public(ECKey.generate_key("P-256"), "new")]})
    _later(agent.client)
    assert agent.ask(agent.signed({"alg": "ES256", "kid": "new"})).status_code == 401
    assert not peer.asked("/inside") and agent.works()
