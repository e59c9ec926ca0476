"""Certificates that an owner signs with: a trust anchor that two people let in, and the one identity that whoever signs must bear.

The leaf may change from one version to the next; anchor and identity may not. Chains are built by `cryptography` (RFC 5280), without the
network, so nothing is asked of revocation lists: what was stolen is revoked here, as a key is. Sources: RFC 5280 4.2 and 6, RFC 4514, CA/Browser
Forum's code signing requirements 7.1.2.3 (key usage and extended key usage of a leaf).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.verification import Criticality, ExtensionPolicy, Policy, PolicyBuilder, Store, VerificationError

from recommender.errors import EvaluatorRefused

LARGEST_PEM = 8192  # characters
LONGEST_IDENTITY = 300  # characters
MOST_CERTIFICATES = 4  # leaf, two between, and the anchor itself, which many tools put in
MOST_BETWEEN = 2
CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
FEWEST_RSA_BITS = 2048
HASHES = frozenset({"sha256", "sha384", "sha512"})
SIGNING = x509.ExtendedKeyUsageOID.CODE_SIGNING

# What parsing foreign DER raises beside its own errors.
_BROKEN = (
    ValueError,
    TypeError,
    KeyError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    x509.InvalidVersion,
)
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+")
_MAIL = re.compile(r"[!-~]{1,64}@[!-~]{1,253}")
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[!-~]+")
_ANY = Criticality.AGNOSTIC


@dataclass(frozen=True, slots=True)
class Anchor:
    """A trust anchor. `pem`: the certificate in one form; `key_pem`: its public key; `key_sha256`: of that key's DER, in hex."""

    pem: str = field(repr=False)
    key_pem: str = field(repr=False)
    key_sha256: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate as people compare it. `sha256`: of its DER, in hex, which its issuer publishes."""

    subject: str
    sha256: str
    not_before: datetime
    not_after: datetime


def is_one(pem: str) -> bool:
    """Whether this means to be a certificate, and not a key."""
    return "-----BEGIN CERTIFICATE-----" in pem or "-----BEGIN TRUSTED CERTIFICATE-----" in pem


def anchor(pem: str, now: datetime) -> Anchor:
    """One certificate of an authority, valid now. Raises `EvaluatorRefused` anchor_unreadable, anchor_unfit."""
    try:
        found = x509.load_pem_x509_certificate(_one(pem))
        key = found.public_key()
        basic = found.extensions.get_extension_for_class(x509.BasicConstraints)
        usage = found.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        raise EvaluatorRefused("anchor_unfit", "The certificate is not one of a certificate authority.") from None
    except _BROKEN:
        raise EvaluatorRefused("anchor_unreadable") from None
    if not basic.value.ca or not basic.critical or not usage.key_cert_sign:
        raise EvaluatorRefused("anchor_unfit", "The certificate is not one of a certificate authority.")
    if not _is_strong(found):
        raise EvaluatorRefused("anchor_unfit", "The certificate's key or hash is too weak, or of a kind that is not taken.")
    if not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
        raise EvaluatorRefused("anchor_unfit", "The certificate is not valid now.")
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    key_pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return Anchor(found.public_bytes(Encoding.PEM).decode(), key_pem, hashlib.sha256(der).hexdigest())


def shown(pem: str) -> Shown:
    """Of an anchor that was taken."""
    found = x509.load_pem_x509_certificate(pem.encode())
    digest = hashlib.sha256(found.public_bytes(Encoding.DER)).hexdigest()
    return Shown(found.subject.rfc4514_string(), digest, found.not_valid_before_utc, found.not_valid_after_utc)


def identity(text: str) -> str:
    """The identity in one form: `subject:` and a whole name (RFC 4514), or `dns:`, `email:`, `uri:` and a name of the certificate's own.

    Raises `EvaluatorRefused` identity_unreadable.
    """
    kind, _, value = text.strip().partition(":")
    kind, value = kind.strip().lower(), value.strip()
    try:
        if len(text) > LONGEST_IDENTITY or not text.strip().isprintable():
            raise ValueError
        if kind == "subject":
            name = x509.Name.from_rfc4514_string(value)
            if not list(name):
                raise ValueError
            return _within(f"subject:{name.rfc4514_string()}")
        value = value.lower() if kind == "dns" else value
        form = {"dns": _HOST, "email": _MAIL, "uri": _URI}[kind]
        if not form.fullmatch(value):
            raise ValueError
    except (ValueError, KeyError):
        raise EvaluatorRefused("identity_unreadable") from None
    return f"{kind}:{value}"


def _within(named: str) -> str:
    """What was written with escapes is seen when it is written out."""
    if len(named) > LONGEST_IDENTITY or not named.isprintable():
        raise ValueError
    return named


def check(chain: Sequence[bytes], *, anchor: str, identity: str, at: datetime) -> None:
    """`chain`: DER, the leaf first; `anchor`: PEM; `at`: when it must be valid.

    Raises `EvaluatorRefused`: signature_unreadable, certificate_chain (too long), _time, _unfit, _foreign, _identity.
    """
    if len(chain) > MOST_CERTIFICATES:
        raise EvaluatorRefused("certificate_chain")
    try:
        leaf, *others = [x509.load_der_x509_certificate(der) for der in chain]
        for one in (leaf, *others):
            _fits(one, at)
        _leaf_fits(leaf)
    except _BROKEN:
        raise EvaluatorRefused("signature_unreadable") from None
    _leads_to(x509.load_pem_x509_certificate(anchor.encode()), leaf, others, at)
    if not _bears(leaf, identity):
        raise EvaluatorRefused("certificate_identity")


def _one(pem: str) -> bytes:
    """Exactly one, and nothing secret beside it."""
    if len(pem) > LARGEST_PEM or pem.count("-----BEGIN ") != 1:
        raise ValueError
    return pem.encode("ascii")


def _fits(found: x509.Certificate, at: datetime) -> None:
    if at < found.not_valid_before_utc:
        raise EvaluatorRefused("certificate_time", "A certificate of the signature is not valid yet.")
    if at > found.not_valid_after_utc:
        raise EvaluatorRefused("certificate_time", "A certificate of the signature has expired.")
    if not _is_strong(found):
        raise EvaluatorRefused("certificate_unfit", "A certificate's key or hash is too weak, or of a kind that is not taken.")


def _is_strong(found: x509.Certificate) -> bool:
    """The verifier looks at the keys of issuers alone; a leaf on any curve would pass it."""
    key, used = found.public_key(), found.signature_hash_algorithm
    curve = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, CURVES)
    return (curve or (isinstance(key, rsa.RSAPublicKey) and key.key_size >= FEWEST_RSA_BITS)) and used is not None and used.name in HASHES


def _leaf_fits(leaf: x509.Certificate) -> None:
    if not isinstance(leaf.public_key(), ec.EllipticCurvePublicKey):
        raise EvaluatorRefused("certificate_unfit", "The signing certificate's key is not on an elliptic curve.")
    found: dict[type[x509.ExtensionType], x509.ExtensionType] = {type(e.value): e.value for e in leaf.extensions}
    basic, usage, purposes = (found.get(kind) for kind in (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage))
    if isinstance(basic, x509.BasicConstraints) and basic.ca:
        raise EvaluatorRefused("certificate_unfit", "The signing certificate is one of a certificate authority.")
    if not isinstance(usage, x509.KeyUsage) or not usage.digital_signature or usage.key_cert_sign:
        raise EvaluatorRefused("certificate_unfit", "The signing certificate's key usage is not digitalSignature.")
    # A server's certificate from the same authority bears the same name.
    if not isinstance(purposes, x509.ExtendedKeyUsage) or SIGNING not in purposes:
        raise EvaluatorRefused("certificate_unfit", "The signing certificate's extended key usage is not codeSigning.")


def _leads_to(root: x509.Certificate, leaf: x509.Certificate, others: Sequence[x509.Certificate], at: datetime) -> None:
    ours = ExtensionPolicy.webpki_defaults_ca().may_be_present(x509.ExtendedKeyUsage, _ANY, _may_issue)
    theirs = ExtensionPolicy.permit_all()  # `_leaf_fits` has looked; critical ones that nobody knows are refused all the same
    building = PolicyBuilder().store(Store([root])).time(at).max_chain_depth(MOST_BETWEEN)
    verifier = building.extension_policies(ca_policy=ours, ee_policy=theirs).build_client_verifier()
    try:
        verifier.verify(leaf, list(others))
    except (VerificationError, *_BROKEN):
        raise EvaluatorRefused("certificate_foreign") from None


def _may_issue(policy: Policy, certificate: x509.Certificate, purposes: x509.ExtendedKeyUsage | None) -> None:
    if purposes is not None and SIGNING not in purposes and x509.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE not in purposes:
        raise ValueError("it may not issue certificates for signing")


def _bears(leaf: x509.Certificate, wanted: str) -> bool:
    kind, _, value = wanted.partition(":")
    if kind == "subject":
        return leaf.subject == x509.Name.from_rfc4514_string(value)
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    if kind == "dns":
        return value in {name.lower() for name in names.get_values_for_type(x509.DNSName)}
    if kind == "email":
        return value in names.get_values_for_type(x509.RFC822Name)
    return value in names.get_values_for_type(x509.UniformResourceIdentifier)
