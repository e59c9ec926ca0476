"""Whoever stands between us and the broker is told no password: over TLS its certificate is verified, its name included."""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from celery import Celery
from cryptography import x509
from cryptography.hazmat.primitives import serialization as s
from cryptography.x509.oid import ExtendedKeyUsageOID

from aurora import broker_url
from tests.support import authority
from tests.support.evaluators import NOW

ROOT = Path(__file__).parents[2]
TODAY = (datetime.now(UTC) - NOW).days
DAYS = (TODAY - 1, TODAY + 30)
SECRET = b"the-broker-s-password"


@dataclass
class Between:
    """A listener with a certificate of its choice. `heard`: the first words of who went on after seeing it."""

    port: int
    heard: list[bytes] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def between(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Between]:
    believed, host = request.param
    root = authority.root(days=DAYS)
    other = authority.root(days=DAYS)
    (tmp_path / "believed.pem").write_text((root if believed else other).pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "believed.pem"))
    san = [x509.IPAddress(ipaddress.ip_address(host))]
    made = authority.make("Broker", root, san=san, purposes=(ExtendedKeyUsageOID.SERVER_AUTH,), days=DAYS)
    key = made.key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    (tmp_path / "broker.pem").write_bytes(key + made.pem.encode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "broker.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = Between(listener.getsockname()[1])

        def answer() -> None:
            with suppress(OSError):
                while True:
                    plain, _ = listener.accept()
                    plain.settimeout(30)
                    with suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
                        found.heard.append(connection.recv(4096))
                    found.asked.set()
                    plain.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield found
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def spoken(between: Between, scheme: str) -> bool:
    """Whether a message was begun. The broker of the test never answers: what matters is whether anything was said to it."""
    url = f"{scheme}://aurora:{SECRET.decode()}@127.0.0.1:{between.port}/0"
    app = Celery("test", broker=url, set_as_current=False)
    app.conf.broker_use_ssl = broker_url.tls(url)
    app.conf.broker_transport_options = {"max_retries": 1}  # else it tries until the time to connect is over, which a busy machine needs
    with app.connection_for_write(connect_timeout=30) as connection, pytest.raises(Exception) as failed:
        connection.default_channel.queue_declare("x")
    assert between.asked.wait(60), failed.value
    return any(between.heard)


STRANGER, OF_ANOTHER_NAME, TRUE = (False, "127.0.0.1"), (True, "10.9.9.9"), (True, "127.0.0.1")


@pytest.mark.parametrize("scheme", ["rediss", "amqps"])
@pytest.mark.parametrize("between", [STRANGER, OF_ANOTHER_NAME], indirect=True, ids=["stranger", "another-name"])
def test_who_is_not_the_broker_hears_nothing(between: Between, scheme: str) -> None:
    assert not spoken(between, scheme)


@pytest.mark.parametrize("scheme", ["rediss", "amqps"])
@pytest.mark.parametrize("between", [TRUE], indirect=True, ids=["true"])
def test_the_broker_is_spoken_to(between: Between, scheme: str) -> None:
    assert spoken(between, scheme)


@pytest.mark.parametrize(
    "url", ["rediss://:x@broker.test:6379/0", "amqps://u:x@broker.test/v", "redis://broker.test/0", "redis+socket:///run/v.sock"]
)
def test_the_worker_s_application_goes_by_it(tmp_path: Path, url: str) -> None:
    environ = {
        **os.environ,
        "AURORA_SANDBOX": "1",
        "AURORA_STATE_DIR": str(tmp_path),
        "BROKER_URL": url,
        "DJANGO_SETTINGS_MODULE": "aurora.settings",
    }
    # As `celery -A aurora` begins: by the settings alone; the models come later, and cost a second.
    code = "from aurora.celery import app; print(app.connection_for_write().ssl or None)"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert said.stdout.strip() == str(broker_url.tls(url)), said.stderr
