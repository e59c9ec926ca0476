"""An owner's signature over a package: OpenSSF Model Signing 1.0 with an elliptic-curve key or a certificate, a Sigstore bundle as JSON.

Runs in a child process (`child`), which alone imports model_signing. The key, or the anchor and the identity of whoever may sign, are what two
people registered; what the signature says of its key counts for nothing, and its certificates count for what they are found to be.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from recommender.errors import EvaluatorRefused

LARGEST = 256 * 1024  # bytes
# The members of a bundle that are read, by the place of their object; `model_signing` would take each by a second name too (`dsse_envelope`),
# and it would then judge by another member than we do.
_MEMBERS: Mapping[str, frozenset[str]] = {
    "": frozenset({"mediaType", "verificationMaterial", "dsseEnvelope"}),
    "verificationMaterial": frozenset({"publicKey", "x509CertificateChain", "tlogEntries"}),
    "publicKey": frozenset({"hint", "rawBytes", "keyDetails"}),
    "x509CertificateChain": frozenset({"certificates"}),
    "certificates": frozenset({"rawBytes"}),
    "dsseEnvelope": frozenset({"payload", "payloadType", "signatures"}),
    "signatures": frozenset({"sig", "keyid"}),
}
_KEY, _CHAIN = "publicKey", "x509CertificateChain"


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signature holds. By a key: `key`, PEM. By certificates: `anchor`, PEM, and `identity` (`certificates.identity`), valid at `at`."""

    key: str = field(default="", repr=False)
    anchor: str = field(default="", repr=False)
    identity: str = ""
    at: datetime | None = None

    @property
    def pem(self) -> str:
        return self.anchor or self.key

    def plain(self) -> dict[str, str]:
        """As JSON, for the child."""
        return {"key": self.key, "anchor": self.anchor, "identity": self.identity, "at": self.at.isoformat() if self.at else ""}

    @classmethod
    def told(cls, plain: Mapping[str, str]) -> Self:
        at = datetime.fromisoformat(plain["at"]) if plain["at"] else None
        return cls(plain["key"], plain["anchor"], plain["identity"], at)


def check(folder: Path, signature: Path, trusted: Path, trust: Trust, files: Mapping[str, str]) -> None:
    """`folder`: the package's files and nothing else; `files`: their SHA-256 in hex by name; `trusted`: a file with `trust.pem`.

    Raises `EvaluatorRefused`: signature_unreadable, signature_kind, signature_invalid, and for certificates as `certificates.check`.
    """
    bundle = _bundle(signature)
    statement, chain = _statement(bundle), _certificates(bundle)
    if bool(chain) is not bool(trust.anchor):
        raise EvaluatorRefused("signature_kind")
    import model_signing.hashing
    import model_signing.verifying

    hashing = model_signing.hashing.Config().use_file_serialization(hashing_algorithm="sha256", allow_symlinks=False)
    verifying = model_signing.verifying.Config().set_hashing_config(hashing)
    if chain:
        _check_certificates(chain, trust)
        verifying.use_certificate_verifier(certificate_chain=[trusted])
    else:
        verifying.use_elliptic_key_verifier(public_key=trusted)
    try:
        verifying.verify(folder, signature)
    except Exception:  # the library raises whatever stopped it; only its silence says that the signature holds
        raise EvaluatorRefused("signature_invalid") from None
    # The library takes the list of files to be left out from the signature itself: whoever signs could leave out a model.
    if _signed(statement) != dict(files):
        raise EvaluatorRefused("signature_invalid", "The signature is not over exactly the package's files.")


def _check_certificates(chain: list[bytes], trust: Trust) -> None:
    """The library alone would take any leaf of the anchor's, whoever's, for whatever, and long expired: it looks at the day of its issue."""
    from recommender.evaluators import certificates

    if trust.at is None:
        raise ValueError("certificates are valid at a time")
    certificates.check(chain, anchor=trust.anchor, identity=trust.identity, at=trust.at)


def _bundle(signature: Path) -> dict[str, Any]:
    """Read in one way only: no member twice, none under another name, one signature."""
    try:
        bundle = json.loads(signature.read_bytes().decode("utf-8"), object_pairs_hook=_once)
        _only_known("", bundle)
        material = bundle["verificationMaterial"]
        if len(bundle["dsseEnvelope"]["signatures"]) != 1 or (_KEY in material) is (_CHAIN in material):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise EvaluatorRefused("signature_unreadable") from None
    found: dict[str, Any] = bundle
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _only_known(place: str, part: Any) -> None:
    if not isinstance(part, dict) or part.keys() - _MEMBERS[place]:
        raise ValueError
    for name, value in part.items():
        if name in _MEMBERS:
            for one in value if name in ("certificates", "signatures") else [value]:
                _only_known(name, one)


def _statement(bundle: Mapping[str, Any]) -> dict[str, Any]:
    """What is signed (in-toto statement), before anything is known of who signed it."""
    try:
        statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"], validate=True), object_pairs_hook=_once)
        if not isinstance(statement, dict):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise EvaluatorRefused("signature_unreadable") from None
    return statement


def _certificates(bundle: Mapping[str, Any]) -> list[bytes]:
    """DER, the leaf first; none for a signature by a key."""
    if _CHAIN not in bundle["verificationMaterial"]:
        return []
    try:
        found = [base64.b64decode(one["rawBytes"], validate=True) for one in bundle["verificationMaterial"][_CHAIN]["certificates"]]
    except (ValueError, KeyError, TypeError):
        found = []
    if not found:
        raise EvaluatorRefused("signature_unreadable")
    return found


def _signed(statement: Mapping[str, Any]) -> dict[str, str] | None:
    try:
        resources = statement["predicate"]["resources"]
        signed = {r["name"]: r["digest"] for r in resources if r["algorithm"] == "sha256"}
        return signed if len(signed) == len(resources) else None
    except (KeyError, TypeError):
        return None
