"""An authority whose certificates a running stack trusts, and servers behind certificates of it that are good, or not any more."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.hostile_peer import Peer, Server, handler

PEM = serialization.Encoding.PEM


class Authority:
    """`file` is its certificate, for SSL_CERT_FILE."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key, self._name = folder, ec.generate_private_key(ec.SECP256R1()), _named("Aurora's tests")
        now = datetime.now(UTC)
        made = _certificate(self._name, self._name, self._key, now - timedelta(days=30), now + timedelta(days=30))
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(PEM))

    @contextmanager
    def serving(self, *, days: tuple[int, int]) -> Iterator[Peer]:
        """A peer at 127.0.0.1 behind a certificate that is good from so many days to so many days from now."""
        server = Server(("127.0.0.1", 0), handler(peer := Peer()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._chain(*days))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        peer.url = f"https://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield peer
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _chain(self, since: int, until: int) -> Path:
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        made = _certificate(_named("source"), self._name, key, now + timedelta(days=since), now + timedelta(days=until))
        made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        plain = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file = self._folder / "source.pem"
        file.write_bytes(plain + made.sign(self._key, hashes.SHA256()).public_bytes(PEM))
        return file


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), since, until)
