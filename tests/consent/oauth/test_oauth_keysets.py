"""A client's keys at its own address (RFC 7591, 2): rolled over, refreshed, and never a way to hold us up or lead us astray."""

from __future__ import annotations

import json
import socket
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from joserfc.jwk import ECKey

from aurora.journeys.refresh_keys import refresh_keys
from aurora.outbound import keysets as outbound
from consent.errors import InvalidInput
from consent.oauth import clients, keysets
from consent.oauth.models import Client, ClientKeySet

K1, K2 = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _public(key: ECKey, kid: str) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": kid}


def _move(office: Any, uri: str) -> None:
    Client.objects.filter(pk=office.client.pk).update(jwks=None, jwks_uri=uri)
    office.client.refresh_from_db()
    keysets.watch(office.client)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The peer answers from this very process, which may be held up for a while. Where it is to be too slow the test says so."""
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 60.0)


@pytest.fixture
def away(office: Any, peer: Any) -> Any:
    """The office, whose key k1 is at the peer's address."""
    peer.says("/keys", {"keys": [_public(K1, "k1")]})
    office.key = K1
    _move(office, f"{peer.url}/keys")
    return office


def _row(office: Any) -> ClientKeySet:
    return ClientKeySet.objects.get(pk=office.client.pk)


def _later(office: Any, **by: float) -> None:
    """As if so much time had passed since the last fetch."""
    row = _row(office)
    for name in ("fetched_at", "tried_at", "next_due"):
        if value := getattr(row, name):
            setattr(row, name, value - timedelta(**by))
    row.save()


def _ask(office: Any, *, key: ECKey = K1, **header: Any) -> Any:
    return office.post("/oauth/par", office.request(), assertion=office.sign(office.claims(), key, **header))


def test_the_first_use_fetches_and_the_next_does_not(away, peer) -> None:
    assert [_ask(away).status_code for _ in range(3)] == [201] * 3
    assert len(peer.asked("/keys")) == 1


def test_keys_roll_over(away, peer) -> None:
    """New one published, then used, then the old one taken away (NIST SP 800-57, 5.3.4; OpenID Connect Core, 10.1.1)."""
    assert _ask(away).status_code == 201
    peer.says("/keys", {"keys": [_public(K1, "k1"), _public(K2, "k2")]})
    _later(away, minutes=2)
    assert _ask(away, key=K2, kid="k2").status_code == 201
    assert _ask(away).status_code == 201
    peer.says("/keys", {"keys": [_public(K2, "k2")]})
    _later(away, minutes=20)
    assert refresh_keys() == 1
    gone = _ask(away)
    assert (gone.status_code, gone.json()["error"]) == (401, "invalid_client")
    assert _ask(away, key=K2, kid="k2").status_code == 201
    assert len(peer.asked("/keys")) == 3  # the refused use of k1 fell within the minute


def test_a_key_of_the_same_name_is_not_the_same_key(away, peer) -> None:
    assert _ask(away).status_code == 201
    _later(away, minutes=2)
    assert _ask(away, key=K2, kid="k1").status_code == 401
    assert len(peer.asked("/keys")) == 1


def test_a_flood_of_unknown_names_fetches_once_a_minute(away, peer) -> None:
    assert _ask(away).status_code == 201
    for minute in range(3):
        _later(away, minutes=1.1)
        refused = [_ask(away, key=K2, kid=f"flood-{minute}-{n}") for n in range(20)]
        assert {r.status_code for r in refused} == {401}
        assert _ask(away).status_code == 201
    assert len(peer.asked("/keys")) == 1 + 3


@pytest.mark.parametrize("kid", [None, 7, "", ["k1"], "k1\x00"])
def test_no_name_or_an_odd_one_among_several_keys_is_refused(away, peer, kid) -> None:
    peer.says("/keys", {"keys": [_public(K1, "k1"), _public(K2, "k2")]})
    assert _ask(away).status_code == 201
    header = {"alg": "ES256"} | ({} if kid is None else {"kid": kid})
    payload = away.sign(away.claims()).split(".")[1]
    head = b64(json.dumps(header).encode())
    forged = f"{head}.{payload}.{b64(_es256(f'{head}.{payload}'.encode()))}"
    assert away.post("/oauth/par", away.request(), assertion=forged).status_code == 401
    assert len(peer.asked("/keys")) == 1


def test_the_key_of_another_client_is_not_this_ones(away, rival, peer) -> None:
    peer.says("/rival", {"keys": [_public(K2, "k2")]})
    _move(rival, f"{peer.url}/rival")
    rival.key = K2
    assert _ask(rival, key=K2, kid="k2").status_code == 201
    assert _ask(away, key=K2, kid="k2").status_code == 401


def _trickle(handler: BaseHTTPRequestHandler) -> None:
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{")
        for _ in range(200):
            handler.wfile.write(b" ")
            threading.Event().wait(0.02)
    except OSError:
        pass


def _endless(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    try:
        while True:
            handler.wfile.write(b"400\r\n" + b" " * 1024 + b"\r\n")
    except OSError:
        pass


def _says(body: Any, status: int = 200, **headers: str) -> Callable[[Any], None]:
    return lambda peer: peer.says("/keys", body, status, **headers)


def _in_a_hurry(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Only the one that is to be too slow: a short time would make any of the others so on a busy machine."""
    if name == "slow":
        monkeypatch.setattr(outbound, "TOTAL_SECONDS", 0.3)


def _answers(answer: Callable[[BaseHTTPRequestHandler], None]) -> Callable[[Any], None]:
    return lambda peer: peer.answers.__setitem__("/keys", answer)


def _es256(data: bytes) -> bytes:
    """A good signature of K1, beneath a header that a library would not write."""
    r, s = decode_dss_signature(K1.private_key.sign(data, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


GOOD = {"keys": [_public(K2, "k2")]}
BAD: dict[str, tuple[Callable[[Any], None], str]] = {
    "slow": (_answers(_trickle), "timeout"),
    "endless": (_answers(_endless), "too_large"),
    "huge": (_says(GOOD | {"pad": "x" * 17_000}), "too_large"),
    "redirect": (_says({}, 302, Location="/elsewhere"), "redirected"),
    "redirect inside": (_says({}, 307, Location="http://169.254.169.254/latest/meta-data"), "redirected"),
    "gone": (_says({}, 404), "status_404"),
    "down": (_says({}, 500), "status_500"),
    "not modified": (_says(b"", 304), "status_304"),  # nobody had asked whether
    "page": (_says(b"<html>sign in</html>", Content_Type="text/html"), "wrong_type"),
    "page said to be json": (_says(b"<html>sign in</html>"), "not_json"),
    "twice": (_says(b'{"keys": [], "keys": []}'), "not_json"),
    "no set": (_says([GOOD]), "key_set_refused"),
    "empty": (_says({"keys": []}), "key_set_refused"),
    "private key": (_says({"keys": [{**K2.as_dict(private=True), "kid": "k2"}]}), "key_set_refused"),
    "secret": (_says({"keys": [{"kty": "oct", "k": "AAAA", "kid": "k2"}]}), "key_set_refused"),
    "one name twice": (_says({"keys": [_public(K2, "k2"), _public(K1, "k2")]}), "key_set_refused"),
    "certificates": (_says({"keys": [{**_public(K2, "k2"), "x5u": "https://elsewhere.example/"}]}), "key_set_refused"),
    "packed": (_says(b"\x1f\x8b", Content_Encoding="gzip"), "address_refused"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_answer_is_not_used_and_the_old_keys_stay(away, peer, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert _ask(away).status_code == 201
    _in_a_hurry(monkeypatch, name)
    set_up, code = BAD[name]
    set_up(peer)
    _later(away, minutes=2)
    assert _ask(away, key=K2, kid="k2").status_code == 401
    assert _ask(away).status_code == 201
    assert (_row(away).error, _row(away).failures) == (code, 1)
    assert len(peer.asked("/keys")) == 2 and not peer.asked("/elsewhere")


@pytest.mark.parametrize("name", BAD)
def test_without_old_keys_a_bad_answer_says_so_and_when_to_come_again(away, peer, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    _in_a_hurry(monkeypatch, name)
    BAD[name][0](peer)
    for _ in range(3):
        answer = _ask(away)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert "jwks_uri" in answer.json()["error_description"] and 1 <= int(answer["Retry-After"]) <= 61
    assert len(peer.asked("/keys")) == 1


def test_stale_keys_serve_for_a_day_and_no_longer(away, peer) -> None:
    assert _ask(away).status_code == 201
    peer.says("/keys", {}, 500)
    _later(away, hours=23.9)
    assert refresh_keys() == 0
    assert _ask(away).status_code == 201
    _later(away, hours=0.2)
    answer = _ask(away)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    peer.says("/keys", {"keys": [_public(K1, "k1")]})
    _later(away, minutes=2)
    assert _ask(away).status_code == 201


def test_what_has_not_changed_is_not_sent_again(away, peer) -> None:
    peer.says("/keys", {"keys": [_public(K1, "k1")]}, ETag='"v1"')
    assert _ask(away).status_code == 201
    peer.says("/keys", b"", 304)
    _later(away, hours=20)
    before = _row(away)
    assert refresh_keys() == 1
    assert [r.headers.get("if-none-match") for r in peer.asked("/keys")] == [None, '"v1"']
    assert _row(away).fetched_at > before.fetched_at + timedelta(hours=19) and _row(away).jwks == before.jwks
    assert _ask(away).status_code == 201


@pytest.mark.parametrize(
    ("said", "minutes"),
    [("", 15), ("max-age=600", 10), ("public, MAX-AGE=1200", 20), ("max-age=1", 5), ("no-store", 5), ("no-cache, max-age=3000", 5),
     ("max-age=999999999", 60), ("max-age=-1", 15), ("s-maxage=900", 15), ("max-age=x", 15)],
)  # fmt: skip
def test_the_answers_life_is_heeded_within_bounds(away, peer, said: str, minutes: int) -> None:
    peer.says("/keys", GOOD, **({"Cache_Control": said} if said else {}))
    refresh_keys()
    row = _row(away)
    assert row.next_due - row.fetched_at == timedelta(minutes=minutes)


def test_the_worker_refreshes_what_is_due_and_waits_longer_after_each_failure(away, peer) -> None:
    assert refresh_keys() == 1
    assert refresh_keys() == 0
    peer.says("/keys", {}, 500)
    waits = []
    for _ in range(8):
        ClientKeySet.objects.filter(pk=away.client.pk).update(
            next_due=timezone.now() - timedelta(seconds=1), tried_at=timezone.now() - timedelta(minutes=2)
        )
        assert refresh_keys() == 0
        waits.append((_row(away).next_due - _row(away).tried_at).total_seconds() / 60)
    assert 1 <= waits[0] <= 1.25 and 2 <= waits[1] <= 2.5 and 60 <= waits[-1] <= 75
    assert len(peer.asked("/keys")) == 9
    Client.objects.filter(pk=away.client.pk).update(active=False)
    assert keysets.due(now=timezone.now() + timedelta(days=1), at_most=1000) == []


def test_another_address_means_other_keys(away, peer) -> None:
    assert _ask(away).status_code == 201
    old = _row(away)
    _move(away, f"{peer.url}/new")
    peer.says("/new", GOOD)
    assert _row(away).jwks is None
    old.client = away.client
    assert keysets._fetch(old, timezone.now()) is True  # it was under way, and its claim no longer stands
    assert _row(away).jwks is None
    assert _ask(away).status_code == 401
    assert _ask(away, key=K2, kid="k2").status_code == 201


def test_a_row_of_another_address_is_not_believed(away, peer) -> None:
    """Whoever changed the client without telling: the keys of the old address are not the client's."""
    assert _ask(away).status_code == 201
    peer.says("/new", GOOD)
    Client.objects.filter(pk=away.client.pk).update(jwks_uri=f"{peer.url}/new")
    assert _ask(away).status_code == 401


INSIDE = ["127.0.0.1", "10.0.0.8", "192.168.1.1", "169.254.169.254", "100.64.0.1", "::1", "fd00::1", "::ffff:10.0.0.8", "0.0.0.0"]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_refused_also_behind_a_name(settings, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    settings.AURORA_SANDBOX = False
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: [(family, socket.SOCK_STREAM, 6, "", (address, 443))])
    for host in (f"[{address}]" if ":" in address else address, "agency.example"):
        with pytest.raises(keysets.NotFetched) as refused:
            outbound.fetch(uri=f"https://{host}/keys", etag="")
        assert refused.value.code == "address_refused"


@pytest.mark.parametrize(
    "uri", ["http://agency.example/keys", "file:///etc/passwd", "https://a@agency.example/keys", "https://[", "https://a b/"]
)
def test_an_odd_address_is_refused_when_it_is_fetched(settings, uri: str) -> None:
    settings.AURORA_SANDBOX = False
    with pytest.raises(keysets.NotFetched, match="address_refused|source_down"):
        outbound.fetch(uri=uri, etag="")


def test_a_client_has_keys_or_their_address_and_never_both(office) -> None:
    jwks = office.client.jwks
    for keys, uri in ((None, ""), (jwks, "https://agency.example/keys")):
        with pytest.raises(IntegrityError), transaction.atomic():
            Client.objects.filter(pk=office.client.pk).update(jwks=keys, jwks_uri=uri)
        common = {"name": office.client.name, "redirect_uris": office.client.redirect_uris}
        common |= {"purposes": [office.purpose], "categories": office.categories}
        with pytest.raises(InvalidInput) as refused:
            clients.register(client_id=office.client.client_id, agency=office.client.agency, jwks=keys, jwks_uri=uri, **common)
        assert set(refused.value.fields) == {"jwks"}


# With real commits and threads: who waits for what.


@pytest.fixture
def slow(committed: tuple[Any, Any], peer: Any, django_db_blocker: Any) -> Iterator[tuple[Any, Any, threading.Event, threading.Event]]:
    """The office, an address that answers when it is let, and whether it was asked."""
    office, _ = committed
    asked, let = threading.Event(), threading.Event()
    peer.says("/good", {"keys": [_public(K1, "k1")]})
    good = peer.answers["/good"]

    def wait(handler: BaseHTTPRequestHandler) -> None:
        asked.set()
        let.wait(60)
        good(handler)

    peer.answers["/keys"] = wait
    with django_db_blocker.unblock():
        office.key = K1
        _move(office, f"{peer.url}/keys")
        try:
            yield office, peer, asked, let
        finally:
            let.set()


def _in_thread(office: Any, answers: list[Any]) -> threading.Thread:
    def ask() -> None:
        try:
            answers.append(_ask(office))
        finally:
            connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


@pytest.mark.parametrize("ways", [1, 5])
def test_one_fetch_at_a_time_and_others_are_answered_at_once(slow, monkeypatch: pytest.MonkeyPatch, ways: int) -> None:
    """By this process's ways, and where there are more (or other processes) by the claim of the row."""
    office, peer, asked, let = slow
    monkeypatch.setattr(keysets, "_ways", threading.BoundedSemaphore(ways))
    answers: list[Any] = []
    first = _in_thread(office, answers)
    assert asked.wait(60)
    for _ in range(5):
        busy = _ask(office)
        assert (busy.status_code, busy.json()["error"], busy["Retry-After"]) == (503, "temporarily_unavailable", "2")
    assert not answers
    let.set()
    first.join(60)
    assert [a.status_code for a in answers] == [201] and len(peer.asked("/keys")) == 1
    assert _ask(office).status_code == 201
