"""What several tests of this folder look at."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import ECKey

from aurora.outbound.oauth import PeerFailed, Registration


def failure(call: Any) -> PeerFailed:
    with pytest.raises(PeerFailed) as failed:
        call()
    return failed.value


def check_assertion(form: dict[str, str], registration: Registration) -> None:
    """RFC 7523 with FAPI 2.0's audience: the issuer, as one string."""
    key = ECKey.import_key(dict(registration.key))
    claims = jwt.decode(form["client_assertion"], key, algorithms=["ES256"]).claims
    assert claims["iss"] == claims["sub"] == registration.client_id and claims["aud"] == registration.issuer
    assert 0 < claims["exp"] - claims["iat"] <= 60 and len(claims["jti"]) >= 16
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert "client_secret" not in form and registration.key["d"] not in str(form)


def self_signed(folder: Path) -> Path:
    """A server's key and certificate for 127.0.0.1 that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    built = built.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1)).add_extension(names, False)
    pem = built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(private + pem)
    return path
