"""An owner signs by certificates: what its authority gave it for that, in time, and nothing that looks like it."""

from __future__ import annotations

import json
import tempfile
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from recommender.errors import EvaluatorRefused
from recommender.evaluators import certificates, signature
from recommender.evaluators.package import read
from tests.support import authority as ca
from tests.support import evaluators as owner

Refused = Callable[[str], "pytest.RaisesExc[EvaluatorRefused]"]
DAY = timedelta(days=1)
ROOT = ca.root()
BETWEEN = ca.between(ROOT)
LEAF = ca.leaf(BETWEEN)


@pytest.fixture(scope="module")
def good() -> bytes:
    return owner.package()


def verify(
    content: bytes, signed: bytes, *, anchor: ca.Made = ROOT, identity: str = ca.IDENTITY, at: timedelta = 0 * DAY, key: str = ""
) -> None:
    """In this process; with `key`, as for an owner that has one."""
    found = read(content)
    trust = signature.Trust(key=key) if key else signature.Trust(anchor=anchor.pem, identity=identity, at=owner.NOW + at)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, data in found.contents.items():
            (folder / "package" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "package" / name).write_bytes(data)
        (folder / "signature").write_bytes(signed)
        (folder / "trusted.pem").write_text(trust.pem)
        signature.check(folder / "package", folder / "signature", folder / "trusted.pem", trust, found.files)


def of(*chain: ca.Made, **changes: object) -> None:
    """The chain alone, without a package."""
    given = {"anchor": ROOT.pem, "identity": ca.IDENTITY, "at": owner.NOW} | changes
    certificates.check([one.certificate.public_bytes(ca.s.Encoding.DER) for one in chain], **given)  # type: ignore[arg-type]


def test_what_the_authority_certified_holds(good: bytes) -> None:
    """With the authority between, with the root too in the bundle, straight from the root, on a larger curve, and from a root with RSA."""
    verify(good, ca.sign(good, LEAF, [BETWEEN]))
    verify(good, ca.sign(good, LEAF, [BETWEEN, ROOT]))
    straight = ca.leaf(ROOT, key=ec.generate_private_key(ec.SECP384R1()))
    verify(good, ca.sign(good, straight, [ROOT]))
    old = ca.root(key=rsa.generate_private_key(65537, 2048))
    verify(good, ca.sign(good, ca.leaf(old), [old]), anchor=old)


def test_every_kind_of_identity() -> None:
    names = [
        x509.DNSName("MODELS.hospital.example"),
        x509.RFC822Name("models@hospital.example"),
        x509.UniformResourceIdentifier("urn:oid:1.2.246"),
    ]
    leaf = ca.leaf(ROOT, san=names)
    for named in ("dns:Models.Hospital.example", "email:models@hospital.example", "uri:urn:oid:1.2.246", " Subject: CN=Models,O=Hospital "):
        of(leaf, identity=certificates.identity(named))


@pytest.mark.parametrize(
    "named",
    [
        "dns:hospital.example",
        "dns:other.models.hospital.example",
        "email:models@hospital.example",
        "uri:https://models.hospital.example",
        "subject:CN=Models",
        "subject:O=Hospital,CN=Models",  # the other way round
        "subject:CN=Models,O=Hospital,C=FI",
    ],
)
def test_another_identity_of_the_same_authority_is_refused(named: str, refused: Refused) -> None:
    with refused("certificate_identity"):
        of(LEAF, BETWEEN, identity=certificates.identity(named))


def test_a_wildcard_is_no_name_of_ours(refused: Refused) -> None:
    with refused("certificate_identity"):
        of(ca.leaf(ROOT, san=[x509.DNSName("*.hospital.example")]))


@pytest.mark.parametrize("named", ["", "CN=Models", "dns:", "dns:*.hospital.example", "dns:hospital", "dns:a b.c", "email:models", "uri:models",
    "subject:", "subject:Models", "ip:10.0.0.1", "dns:models.hospital.example\u202e", "subject:CN=Mod\\0aels", "dns:" + "a." * 200 + "b"])  # fmt: skip
def test_an_identity_that_says_nobody_is_refused(named: str, refused: Refused) -> None:
    with refused("identity_unreadable"):
        certificates.identity(named)


@pytest.mark.parametrize("at", [-2, 31], ids=["not yet", "expired"])
def test_in_time_only(at: int, refused: Refused) -> None:
    """model_signing itself takes it for valid on the day of its issue, and would never find it expired."""
    of(LEAF, BETWEEN)
    with refused("certificate_time"):
        of(LEAF, BETWEEN, at=owner.NOW + at * DAY)


def test_an_expired_authority_does_not_hold(refused: Refused) -> None:
    gone = ca.between(ROOT, days=(-9, -1))
    with refused("certificate_time"):
        of(ca.leaf(gone), gone)
    old = ca.root(days=(-9, -1))
    with refused("certificate_foreign"):
        of(ca.leaf(old), anchor=old.pem)


def test_an_expired_signature_is_refused_with_the_whole_of_model_signing(good: bytes, refused: Refused) -> None:
    signed = ca.sign(good, LEAF, [BETWEEN])
    with refused("certificate_time"):
        verify(good, signed, at=31 * DAY)


def test_a_foreign_authority_is_refused(good: bytes, refused: Refused) -> None:
    """Under the same name; with our root put in; and by a leaf that acts as an authority."""
    other = ca.root()
    for chain in ([], [other], [ROOT], [BETWEEN, ROOT]):
        with refused("certificate_foreign"):
            of(ca.leaf(other), *chain)
    with refused("certificate_foreign"):
        of(ca.leaf(LEAF), LEAF, BETWEEN)
    with refused("certificate_foreign"):
        of(LEAF)  # what lies between is missing
    with refused("certificate_foreign"):
        verify(good, ca.sign(good, ca.leaf(other), [other]))


def test_an_authority_does_not_sign_models(refused: Refused) -> None:
    for one in (ROOT, ca.leaf(ROOT, authority=True)):
        with refused("certificate_unfit"):
            of(one)


@pytest.mark.parametrize(
    "change",
    [
        {"purposes": ()},
        {"purposes": (ExtendedKeyUsageOID.SERVER_AUTH,)},
        {"purposes": (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)},
        {"signs": False},
        {"key": ec.generate_private_key(ec.SECP256K1())},
        {"key": ec.generate_private_key(ec.SECP224R1())},
        {"key": rsa.generate_private_key(65537, 2048)},
    ],
    ids=["no purpose", "server", "anything", "no signature", "secp256k1", "short curve", "rsa"],
)
def test_what_was_not_given_for_signing_is_refused(change: dict[str, object], refused: Refused) -> None:
    with refused("certificate_unfit"):
        of(ca.leaf(ROOT, **change))


def test_weak_authorities_and_hashes_are_refused(refused: Refused) -> None:
    weak = ca.between(ROOT, key=rsa.generate_private_key(65537, 1024))
    with refused("certificate_unfit"):
        of(ca.leaf(weak), weak)
    with refused("certificate_unfit"):
        of(ca.leaf(ROOT, hashed=hashes.SHA224()))


def test_an_authority_that_may_not_is_refused(refused: Refused) -> None:
    """By its path length, its purposes, its permitted names, or an extension that must be understood."""
    narrow = ca.root(room=0)
    low = ca.between(narrow)
    with refused("certificate_foreign"):
        of(ca.leaf(low), low, anchor=narrow.pem)
    servers = ca.between(ROOT, purposes=(ExtendedKeyUsageOID.SERVER_AUTH,))
    with refused("certificate_foreign"):
        of(ca.leaf(servers), servers)
    elsewhere = ca.between(ROOT, more=[(x509.NameConstraints([x509.DNSName("other.example")], None), True)])
    with refused("certificate_foreign"):
        of(ca.leaf(elsewhere), elsewhere)
    with refused("certificate_foreign"):
        of(ca.leaf(ROOT, more=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]))


def test_permitted_names_that_only_openssl_looks_at(good: bytes, refused: Refused) -> None:
    elsewhere = ca.between(ROOT, more=[(x509.NameConstraints([x509.UniformResourceIdentifier("other.example")], None), True)])
    leaf = ca.leaf(elsewhere, san=[x509.UniformResourceIdentifier("https://models.hospital.example/")])
    with pytest.raises(EvaluatorRefused) as error:
        verify(good, ca.sign(good, leaf, [elsewhere]), identity="uri:https://models.hospital.example/")
    assert error.value.code in ("signature_invalid", "certificate_foreign")


def test_a_chain_is_short(refused: Refused) -> None:
    two = ca.between(BETWEEN, "Two")
    of(ca.leaf(two), two, BETWEEN)
    three = ca.between(two, "Three")
    with refused("certificate_foreign"):
        of(ca.leaf(three), three, two, BETWEEN)
    with refused("certificate_chain"):
        of(ca.leaf(three), three, two, BETWEEN, ROOT)


def test_another_key_under_the_same_certificate_is_refused(good: bytes, refused: Refused) -> None:
    bundle, other = json.loads(ca.sign(good, LEAF, [BETWEEN])), json.loads(ca.sign(good, ca.leaf(BETWEEN), [BETWEEN]))
    bundle["dsseEnvelope"] = other["dsseEnvelope"]
    with refused("signature_invalid"):
        verify(good, json.dumps(bundle).encode())
    with refused("signature_invalid"):
        verify(owner.package(tests=owner.vectors(11)), ca.sign(good, LEAF, [BETWEEN]))


def test_a_key_where_certificates_are_agreed_and_the_other_way_round(good: bytes, refused: Refused) -> None:
    with refused("signature_kind"):
        verify(good, owner.sign(good))
    with refused("signature_kind"):
        verify(good, ca.sign(good, LEAF, [BETWEEN]), key=owner.key()[1])


@pytest.mark.parametrize("by", ["key", "certificate"])
@pytest.mark.parametrize("place", [("dsse_envelope", "dsseEnvelope"), ("verification_material", "verificationMaterial")])
def test_no_member_under_a_second_name(place: tuple[str, str], by: str, good: bytes, refused: Refused) -> None:
    """The library's parser takes either; which of the two it would judge by is its own affair."""
    signed = json.loads(owner.sign(good) if by == "key" else ca.sign(good, LEAF, [BETWEEN]))
    for bundle in ({place[0]: signed[place[1]], **signed}, {**signed, place[0]: signed[place[1]]}):
        with refused("signature_unreadable"):
            verify(good, json.dumps(bundle).encode(), key=owner.key()[1] if by == "key" else "")


def test_certificates_under_a_second_name(good: bytes, refused: Refused) -> None:
    """A thief's own certificate of the same authority signs, the owner's is shown."""
    thief = json.loads(ca.sign(good, ca.leaf(BETWEEN, san=[x509.DNSName("thief.example")]), [BETWEEN]))
    shown = json.loads(ca.sign(good, LEAF, [BETWEEN]))["verificationMaterial"]["x509CertificateChain"]
    material = {"tlogEntries": [], "x509CertificateChain": shown}
    for name in ("x509_certificate_chain", "certificate"):
        bundle = {**thief, "verificationMaterial": {**material, name: thief["verificationMaterial"]["x509CertificateChain"]}}
        with refused("signature_unreadable"):
            verify(good, json.dumps(bundle).encode())
    twice = json.dumps({**thief, "verificationMaterial": material}).replace(
        '"x509CertificateChain"',
        f'"x509CertificateChain": {json.dumps(thief["verificationMaterial"]["x509CertificateChain"])}, "x509CertificateChain"',
    )
    with refused("signature_unreadable"):
        verify(good, twice.encode())


@pytest.mark.parametrize(
    "found",
    [
        None,
        [],
        {},
        "x",
        [None],
        [{}],
        [{"rawBytes": 1}],
        [{"rawBytes": "a b"}],
        [{"rawBytes": ""}],
        [{"rawBytes": b64encode(b"none").decode()}],
    ],
    ids=repr,
)
def test_garbage_for_certificates_is_refused(found: object, good: bytes, refused: Refused) -> None:
    bundle = json.loads(ca.sign(good, LEAF, [BETWEEN]))
    bundle["verificationMaterial"]["x509CertificateChain"] = {"certificates": found}
    with refused("signature_unreadable"):
        verify(good, json.dumps(bundle).encode())


def test_a_byte_of_a_certificate_changed_is_refused() -> None:
    der = LEAF.certificate.public_bytes(ca.s.Encoding.DER)
    rest = [BETWEEN.certificate.public_bytes(ca.s.Encoding.DER)]
    for at in range(0, len(der), 7):
        with pytest.raises(EvaluatorRefused):
            certificates.check(
                [der[:at] + bytes([der[at] ^ 0x41]) + der[at + 1 :], *rest], anchor=ROOT.pem, identity=ca.IDENTITY, at=owner.NOW
            )


@pytest.mark.parametrize(
    ("pem", "code"),
    [
        ("", "anchor_unreadable"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "anchor_unreadable"),
        (ROOT.pem + BETWEEN.pem, "anchor_unreadable"),
        (ROOT.pem + owner.key()[0], "anchor_unreadable"),
        (ROOT.pem + "x" * 9000, "anchor_unreadable"),
        (owner.key()[1], "anchor_unreadable"),
        (LEAF.pem, "anchor_unfit"),
        (ca.root(days=(-9, -1)).pem, "anchor_unfit"),
        (ca.root(days=(1, 9)).pem, "anchor_unfit"),
        (ca.root(key=rsa.generate_private_key(65537, 1024)).pem, "anchor_unfit"),
        (ca.root(key=ec.generate_private_key(ec.SECP256K1())).pem, "anchor_unfit"),
    ],
    ids=["empty", "damaged", "two", "with a private key", "long", "key", "leaf", "expired", "not yet", "weak", "curve"],
)
def test_an_anchor_that_is_none_is_refused(pem: str, code: str, refused: Refused) -> None:
    with refused(code):
        certificates.anchor(pem, owner.NOW)


def test_an_anchor_in_another_writing_is_the_same() -> None:
    assert certificates.anchor("Our root:\n" + ROOT.pem, owner.NOW) == certificates.anchor(ROOT.pem, owner.NOW)
