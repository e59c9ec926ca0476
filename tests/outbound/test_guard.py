"""No request leaves for an address inside, by whatever name or spelling, and no answer costs more than it may."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outbound_checks import self_signed

from aurora.outbound import guard
from aurora.outbound import peer as exchange
from aurora.outbound.guard import EgressRefused, GuardedTransport
from aurora.outbound.peer import PeerFailed

# The test run itself lets no socket out (tests/support/services.py): this is how a connection that the guard allows ends here.
LET_THROUGH = "a test tried to reach"

INSIDE = [
    "127.0.0.1", "127.8.9.10", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.100.100.200", "192.0.0.192", "192.0.0.8", "168.63.129.16", "192.88.99.1", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::1", "::", "::7f00:1", "fe80::1", "fec0::1", "fd00:ec2::254", "fc00::1", "ff02::1", "2001:db8::1", "3fff::1", "5f00::1", "100::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:7f00:1",
    "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b:1::7f00:1", "64:ff9b::168.63.129.16",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "193.166.3.2", "2606:4700:4700::1111", "2a00:1450:4026::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with guard.guarded_client() as client:
        yield client


@pytest.fixture
def outside(settings: Any) -> None:
    settings.AURORA_SANDBOX = False


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Let names resolve to these addresses, one set a look-up; returns the names looked up."""

    def to(*answers: list[str]) -> list[str]:
        asked: list[str] = []
        real = socket.getaddrinfo

        def getaddrinfo(host: str, port: int, *more: Any, **named: Any) -> list[Any]:
            if not host.endswith(".example"):
                return real(host, port, *more, **named)
            asked.append(host)
            found = answers[min(len(asked), len(answers)) - 1]
            return [(socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in found]

        monkeypatch.setattr(guard.socket, "getaddrinfo", getaddrinfo)
        return asked

    return to


def literal(address: str) -> str:
    return f"[{address}]" if ":" in address else address


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_not_reached(outside: None, client: httpx.Client, address: str) -> None:
    for port in ("", ":8443", ":22"):
        with pytest.raises(EgressRefused, match="address_refused"):
            client.get(f"https://{literal(address)}{port}/latest/meta-data/")


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_outside_is(outside: None, client: httpx.Client, address: str) -> None:
    with pytest.raises(AssertionError, match=LET_THROUGH):
        client.get(f"https://{literal(address)}/")


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost", "LOCALHOST.", "[::ffff:7f00:1]"])
def test_another_spelling_of_loopback_is_loopback(outside: None, client: httpx.Client, spelling: str) -> None:
    with pytest.raises((EgressRefused, httpx.ConnectError, httpx.InvalidURL)):
        client.get(f"https://{spelling}/")


@pytest.mark.parametrize("address", ["10.0.0.5", "127.0.0.1", "::1", "169.254.169.254", "::ffff:192.168.0.1"])
def test_a_name_that_resolves_to_an_address_inside_is_not_reached(
    outside: None, client: httpx.Client, resolve: Callable[..., list[str]], address: str
) -> None:
    resolve([address])
    with pytest.raises(EgressRefused, match="address_refused"):
        client.get("https://agency.example/")


def test_of_a_name_s_addresses_only_those_outside_are_tried(outside: None, client: httpx.Client, resolve: Callable[..., list[str]]) -> None:
    resolve(["10.0.0.5", "8.8.4.4", "127.0.0.1"])
    with pytest.raises(AssertionError, match=r"8\.8\.4\.4"):
        client.get("https://agency.example/")


def test_the_connection_goes_to_the_address_that_was_checked(peer: Any, resolve: Callable[..., list[str]]) -> None:
    """DNS rebinding: a second look-up would answer with another address."""
    asked = resolve(["127.0.0.1"], ["10.0.0.5"])
    clock = guard._Clock()
    clock.start()
    stream = guard._GuardedBackend(clock).connect_tcp("agency.example", int(peer.url.rpartition(":")[2]), timeout=5)
    assert stream.get_extra_info("server_addr")[0] == "127.0.0.1" and asked == ["agency.example"]
    stream.close()


@given(st.integers(0, 2**32 - 1))
def test_an_ipv4_address_is_judged_alike_in_every_ipv6_dress(number: int) -> None:
    plain = ipaddress.IPv4Address(number)
    judged = guard._may_connect(str(plain))
    if not plain.is_loopback:  # the sandbox, in which tests run, lets plain loopback through
        assert guard._may_connect(f"::ffff:{plain}") is judged
        assert guard._may_connect(f"64:ff9b::{plain}") is judged
    assert not guard._may_connect(str(ipaddress.IPv6Address((0x2002 << 112) | number << 80 | 1)))
    assert not (judged and plain.is_private and not plain.is_loopback)


@pytest.mark.parametrize(
    "url",
    [
        "http://agency.example/",
        "http://8.8.8.8/",
        "ftp://agency.example/",
        "file:///etc/passwd",
        "gopher://agency.example/",
        "ws://x.example/",
    ],
)
@pytest.mark.parametrize("sandbox", [True, False])
def test_nothing_but_https_leaves(client: httpx.Client, settings: Any, url: str, sandbox: bool) -> None:
    settings.AURORA_SANDBOX = sandbox
    with pytest.raises((EgressRefused, httpx.UnsupportedProtocol)) as refused:
        client.get(url)
    assert str(refused.value) == "scheme_refused" or isinstance(refused.value, httpx.UnsupportedProtocol)


def test_loopback_is_open_in_the_sandbox_only(peer: Any, client: httpx.Client, settings: Any) -> None:
    peer.says("/x", {"a": 1})
    assert client.get(f"{peer.url}/x").json() == {"a": 1}
    settings.AURORA_SANDBOX = False
    with pytest.raises(EgressRefused, match="scheme_refused"):
        client.get(f"{peer.url}/x")
    with pytest.raises(EgressRefused, match="address_refused"):
        client.get(f"{peer.url.replace('http', 'https')}/x")
    assert len(peer.seen) == 1


def test_credentials_in_an_address_are_not_sent(peer: Any, client: httpx.Client) -> None:
    peer.says("/x", {})
    with pytest.raises(EgressRefused, match="address_refused"):
        client.get(f"{peer.url.replace('//', '//user:pass@')}/x", headers={"Authorization": "Bearer t"})
    assert not peer.seen


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(peer: Any, status: int) -> None:
    peer.says("/x", {}, status, Location=f"{peer.url}/y")
    peer.says("/y", {"reached": True})
    with pytest.raises(PeerFailed) as failed:
        exchange.get_json(f"{peer.url}/x", token="t")
    assert failed.value.code == "invalid_answer" and not peer.asked("/y")


def test_an_endless_answer_is_cut_off(peer: Any) -> None:
    def flood(handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    peer.answers["/x"] = flood
    with pytest.raises(PeerFailed) as failed:
        exchange.get_json(f"{peer.url}/x")
    assert failed.value.code == "too_large" and not failed.value.retryable


def test_an_answer_of_the_largest_size_is_read(peer: Any) -> None:
    peer.says("/x", {"a": "x" * (guard.MAXIMUM_BYTES - 9)})
    assert len(exchange.get_json(f"{peer.url}/x")["a"]) == guard.MAXIMUM_BYTES - 9
    peer.says("/x", {"a": "x" * (guard.MAXIMUM_BYTES - 8)})
    with pytest.raises(PeerFailed, match="too_large"):
        exchange.get_json(f"{peer.url}/x")


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_trickling_answer_is_cut_off_wherever_it_trickles(peer: Any, monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    """Each byte comes well within the timeout of a read; only the whole takes too long."""
    if head:  # what begins with a blank is found out before any time is up
        monkeypatch.setattr(guard, "TOTAL_SECONDS", 0.4)
    hung_up = threading.Event()

    def trickle(handler: Any) -> None:
        try:
            handler.wfile.write(head)
            for _ in range(3000):  # not for ever, should nobody hang up
                handler.wfile.write(b" ")
                hung_up.wait(0.02)
        except OSError:
            hung_up.set()

    peer.answers["/x"] = trickle
    try:
        with pytest.raises(PeerFailed) as failed:
            exchange.get_json(f"{peer.url}/x")
        # What begins with a blank is no HTTP at all.
        assert failed.value.code == ("timeout" if head else "source_down") and failed.value.retryable
    finally:
        hung_up.set()


def test_a_silent_peer_is_left(peer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "TIMEOUT", httpx.Timeout(0.2))
    left = threading.Event()
    peer.answers["/x"] = lambda handler: left.wait(120)
    try:
        with pytest.raises(PeerFailed, match="timeout"):
            exchange.get_json(f"{peer.url}/x")
    finally:
        left.set()


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "br", "zstd", "gzip, gzip"])
def test_a_compressed_answer_is_not_unpacked(peer: Any, encoding: str) -> None:
    peer.says("/x", gzip.compress(b"0" * 50_000_000 if encoding == "gzip" else b"{}"), Content_Encoding=encoding)
    with pytest.raises(PeerFailed) as failed:
        exchange.get_json(f"{peer.url}/x")
    assert failed.value.code == "address_refused" and not failed.value.retryable
    assert peer.seen[0].headers["accept-encoding"] == "identity"


def test_the_environment_s_proxies_are_ignored(peer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://10.0.0.9:3128")
    peer.says("/x", {"a": 1})
    assert exchange.get_json(f"{peer.url}/x") == {"a": 1}


def test_cookies_are_kept_nowhere(peer: Any) -> None:
    peer.says("/x", {}, Set_Cookie="track=me; Path=/")
    exchange.get_json(f"{peer.url}/x")
    exchange.get_json(f"{peer.url}/x")
    assert "cookie" not in peer.seen[1].headers


def test_a_name_that_does_not_resolve_or_cannot_be_one_is_source_down(client: httpx.Client) -> None:
    with pytest.raises(httpx.ConnectError):
        client.get(f"https://{'a' * 64}.example/")


def test_a_look_up_that_takes_too_long_is_left(outside: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "LOOK_UP_SECONDS", 0.1)
    left = threading.Event()
    monkeypatch.setattr(guard.socket, "getaddrinfo", lambda *more, **named: left.wait(120) and [])
    try:
        with pytest.raises(PeerFailed, match="timeout") as failed:
            exchange.get_json("https://agency.example/")
        assert failed.value.retryable and not left.is_set()
    finally:
        left.set()


def test_no_address_is_in_the_error(outside: None, client: httpx.Client) -> None:
    with pytest.raises(EgressRefused) as refused:
        client.get("https://10.11.12.13/secret?code=4711")
    assert "10.11" not in str(refused.value) and "4711" not in repr(refused.value)


def test_a_certificate_that_nobody_vouches_for_is_refused(settings: Any, tmp_path: Path) -> None:
    settings.AURORA_SANDBOX = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, pytest.raises(ssl.SSLError):
                context.wrap_socket(connection, server_side=True)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(httpx.ConnectError, match="certificate"), httpx.Client(transport=GuardedTransport()) as client:
            client.get(f"https://127.0.0.1:{port}/")
        thread.join()
