"""Servers that mean ill or are broken, over real connections: each is refused with its code, in bounded time and memory, and nothing of it is told."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from asking import FACTS, INVALID, PATH, answer, refusal, said
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from aurora.outbound import guard
from tests.support.hostile_peer import Peer, Server, handler

SECRET = "S000123-Y"


@pytest.fixture(autouse=True)
def silent(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that a source says stands in a log, whatever the level."""
    caplog.set_level(logging.DEBUG)
    yield
    assert SECRET not in caplog.text and "43800" not in caplog.text and "token-1" not in caplog.text


def streams(piece: bytes, sent: list[int], pause: float = 0.0) -> Callable[[Any], None]:
    """An answer that begins well and never ends; `sent` counts its bytes."""

    def send(handler_: Any) -> None:
        handler_.send_response(200)
        handler_.send_header("Content-Type", "application/json")
        handler_.end_headers()
        handler_.close_connection = True
        with contextlib.suppress(OSError):
            while True:
                handler_.wfile.write(piece)
                sent.append(len(piece))
                time.sleep(pause)

    return send


def test_a_body_without_end_is_cut_off_in_bounded_memory(peer: Peer) -> None:
    sent: list[int] = []
    peer.answers[PATH] = streams(f'{{"{SECRET}": "'.encode() + b"x" * 65_536, sent)
    tracemalloc.start()
    try:
        assert refusal(peer) == ("too_large", False)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16_000_000 and sum(sent) < 2_000_000_000


def test_a_byte_a_second_ends_with_the_whole_clock(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "TOTAL_SECONDS", 1.5)
    sent: list[int] = []
    peer.answers[PATH] = streams(b" ", sent, pause=0.2)
    assert refusal(peer) == ("timeout", True)
    assert sent, "each byte came well within the time of a read, and they would never have ended"


def test_headers_byte_by_byte_end_with_the_whole_clock(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "TOTAL_SECONDS", 1.0)

    def send(handler_: Any) -> None:
        handler_.close_connection = True
        with contextlib.suppress(OSError):
            handler_.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                handler_.wfile.write(b"X-More: 1\r\n")
                time.sleep(0.2)

    peer.answers[PATH] = send
    assert refusal(peer) == ("timeout", True)


def test_headers_without_end_are_cut_off(peer: Peer) -> None:
    def send(handler_: Any) -> None:
        handler_.close_connection = True
        with contextlib.suppress(OSError):
            handler_.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                handler_.wfile.write(b"X-More: " + b"1" * 60_000 + b"\r\n")

    peer.answers[PATH] = send
    assert refusal(peer) == ("source_down", True)


def test_a_body_that_unpacks_to_gigabytes_is_not_unpacked(peer: Peer) -> None:
    peer.says(PATH, b"\x1f\x8b" + b"0" * 1000, Content_Encoding="gzip")
    assert refusal(peer) == ("address_refused", False)


def test_a_connection_that_breaks_off_is_no_answer(peer: Peer) -> None:
    def send(handler_: Any) -> None:
        handler_.close_connection = True
        handler_.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"category"')

    peer.answers[PATH] = send
    assert refusal(peer) == ("source_down", True)


# Redirects and links inwards


@pytest.fixture
def inside() -> Iterator[tuple[int, list[bytes]]]:
    """A service that nobody should reach; what it was sent."""
    came: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    over = threading.Event()

    def listen() -> None:
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = listener.accept()
                came.append(b"connected")
                connection.close()

    thread = threading.Thread(target=listen)
    thread.start()
    yield listener.getsockname()[1], came
    over.set()
    thread.join()
    listener.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_inwards_is_not_followed(peer: Peer, inside: tuple[int, list[bytes]], status: int) -> None:
    port, came = inside
    peer.says(PATH, b"", status, Location=f"http://127.0.0.1:{port}/")
    assert refusal(peer) == INVALID
    assert reachable(inside) and came == [b"connected"], "only we ourselves were there, to see that somebody would have been heard"


def test_a_link_inwards_is_not_followed(peer: Peer, inside: tuple[int, list[bytes]]) -> None:
    port, came = inside
    peer.says(PATH, said(), Link=f'<http://127.0.0.1:{port}{PATH}>; rel="next"')
    assert refusal(peer) == INVALID
    assert reachable(inside) and came == [b"connected"]


def reachable(inside: tuple[int, list[bytes]]) -> bool:
    port, came = inside
    socket.create_connection(("127.0.0.1", port)).close()
    until = time.monotonic() + 60
    while not came and time.monotonic() < until:
        time.sleep(0.01)
    return bool(came)


def test_outside_the_sandbox_no_packet_leaves_for_an_inner_address(peer: Peer, inside: tuple[int, list[bytes]], settings: Any) -> None:
    settings.AURORA_SANDBOX = False
    port, came = inside
    for issuer in (
        f"http://127.0.0.1:{port}",
        f"https://127.0.0.1:{port}",
        f"https://localhost:{port}",
        f"https://[::ffff:127.0.0.1]:{port}",
    ):
        assert refusal(Peer(url=issuer)) == ("address_refused", False)
    assert reachable(inside) and came == [b"connected"]


# TLS


@pytest.fixture(scope="module")
def authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    return key, _certificate(key, "Test authority", key, "Test authority", days=(-10, 10), authority=True)


def _certificate(
    key: Any, name: str, signer: Any, by: str, *, days: tuple[int, int], authority: bool = False, host: str = "127.0.0.1"
) -> x509.Certificate:
    now = datetime.now(UTC)
    subject, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, by))
    builder = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(host))]), critical=False)
    return builder.sign(signer, hashes.SHA256())


@pytest.fixture
def over_tls(authority: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Callable[..., Peer]]:
    """A source behind a certificate of an authority that we trust, valid for these days and this host."""
    settings.AURORA_SANDBOX = True
    ca_key, ca = authority
    trusting = ssl.create_default_context(cadata=ca.public_bytes(serialization.Encoding.PEM).decode())
    monkeypatch.setattr(guard, "_certificates", lambda: trusting)
    servers: list[Server] = []

    def start(*, days: tuple[int, int], host: str = "127.0.0.1", signer: Any = ca_key) -> Peer:
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = _certificate(key, "source", signer, "Test authority", days=days, host=host)
        chain = tmp_path / "chain.pem"
        form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        pem = serialization.Encoding.PEM
        chain.write_bytes(key.private_bytes(pem, form, plain) + leaf.public_bytes(pem))
        peer = Peer()
        server = Server(("127.0.0.1", 0), handler(peer))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        servers.append(server)
        peer.url = f"https://127.0.0.1:{server.server_port}"
        peer.says(PATH, said())
        return peer

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_valid_certificate_lets_the_answer_in(over_tls: Callable[..., Peer]) -> None:
    assert answer(over_tls(days=(-1, 1))).facts == FACTS


@pytest.mark.parametrize(
    "certificate",
    [
        {"days": (-9, -1)},
        {"days": (1, 9)},
        {"days": (-1, 1), "host": "127.0.0.2"},
        {"days": (-1, 1), "signer": ec.generate_private_key(ec.SECP256R1())},
    ],
    ids=["expired", "not yet valid", "another host's", "another authority's"],
)
def test_a_certificate_that_is_not_good_now_and_here_is_none(over_tls: Callable[..., Peer], certificate: dict[str, Any]) -> None:
    source = over_tls(**certificate)
    assert refusal(source) == ("source_down", True)
    assert not source.seen, "the token never left"


def test_a_source_with_a_port_that_nobody_has_is_down(peer: Peer) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # and does not listen
        assert refusal(Peer(url=f"http://127.0.0.1:{held.getsockname()[1]}")) == ("source_down", True)
