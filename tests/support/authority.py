"""Certificate authorities and signing certificates for tests, good and bad: real X.509, and real signing by model_signing."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.support.evaluators import NOW

SIGNING = (ExtendedKeyUsageOID.CODE_SIGNING,)
HOST = "models.hospital.example"
IDENTITY = f"dns:{HOST}"


@dataclass(frozen=True)
class Made:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(s.Encoding.PEM).decode()


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Hospital"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


def make(
    common: str,
    by: Made | None = None,
    *,
    key: Any = None,
    authority: bool = False,
    room: int | None = None,
    san: Sequence[x509.GeneralName] = (),
    purposes: Sequence[x509.ObjectIdentifier] = (),
    signs: bool = True,
    days: tuple[int, int] = (-1, 30),
    hashed: Any = None,
    more: Sequence[tuple[Any, bool]] = (),
) -> Made:
    """`days`: from when and until when, counted from NOW; `room`: the path length of an authority; `more`: extensions and whether they are critical."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    issuer = by or Made(None, key)  # type: ignore[arg-type]
    builder = x509.CertificateBuilder(
        issuer_name=by.certificate.subject if by else name(common),
        subject_name=name(common),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=NOW + timedelta(days=days[0]),
        not_valid_after=NOW + timedelta(days=days[1]),
    )
    extensions: list[tuple[Any, bool]] = [
        (x509.BasicConstraints(authority, room if authority else None), True),
        (x509.KeyUsage(signs and not authority, False, False, False, False, authority, authority, False, False), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), False),
    ]
    if san:
        extensions.append((x509.SubjectAlternativeName(san), False))
    if purposes:
        extensions.append((x509.ExtendedKeyUsage(purposes), False))
    for value, critical in (*extensions, *more):
        builder = builder.add_extension(value, critical)
    return Made(builder.sign(issuer.key, hashed or hashes.SHA256()), key)


def root(common: str = "Root", **changes: Any) -> Made:
    return make(common, **{"authority": True, **changes})


def between(by: Made, common: str = "Between", **changes: Any) -> Made:
    return make(common, by, **{"authority": True, **changes})


def leaf(by: Made, **changes: Any) -> Made:
    """As the hospital's authority would give one for signing."""
    return make("Models", by, **{"san": [x509.DNSName(HOST)], "purposes": SIGNING, **changes})


def sign(content: bytes, signer: Made, chain: Sequence[Made] = ()) -> bytes:
    """The signature over the files of a zip, by model_signing as an owner would call it."""
    import model_signing.signing

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(folder / "package")
        (folder / "key.pem").write_bytes(signer.key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()))
        for number, one in enumerate((signer, *chain)):
            (folder / f"{number}.pem").write_text(one.pem)
        model_signing.signing.Config().use_certificate_signer(
            private_key=folder / "key.pem",
            signing_certificate=folder / "0.pem",
            certificate_chain=[folder / f"{n + 1}.pem" for n in range(len(chain))],
        ).sign(folder / "package", folder / "signature")
        return (folder / "signature").read_bytes()


def allowed(anchor: Made, identity: str = IDENTITY, agency: str = "hospital", at: datetime = NOW) -> Any:
    """The authority on the allow list, asked for and approved by two."""
    from recommender.evaluators import registry
    from tests.support.evaluators import APPROVER, ASKER

    asked = registry.ask_authority(agency=agency, anchor=anchor.pem, identity=identity, by=ASKER, now=at)
    return registry.approve_owner(owner_id=asked.pk, by=APPROVER, now=at)
