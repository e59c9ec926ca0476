"""An owner's signature over a package: OpenSSF Model Signing 1.0 with an elliptic-curve key, a Sigstore bundle as JSON.

Runs in a child process (`child`), which alone imports model_signing. The key is the one that two people registered; what the signature says of
its key counts for nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recommender.errors import EvaluatorRefused

LARGEST = 256 * 1024  # bytes


def check(folder: Path, signature: Path, key: Path, files: Mapping[str, str]) -> None:
    """`folder`: the package's files and nothing else; `files`: their SHA-256 in hex by name; `key`: a PEM file.

    Raises `EvaluatorRefused`: signature_unreadable, signature_invalid.
    """
    statement = _statement(signature)
    import model_signing.hashing
    import model_signing.verifying

    hashing = model_signing.hashing.Config().use_file_serialization(hashing_algorithm="sha256", allow_symlinks=False)
    verifying = model_signing.verifying.Config().use_elliptic_key_verifier(public_key=key).set_hashing_config(hashing)
    try:
        verifying.verify(folder, signature)
    except Exception:  # the library raises whatever stopped it; only its silence says that the signature holds
        raise EvaluatorRefused("signature_invalid") from None
    # The library takes the list of files to be left out from the signature itself: whoever signs could leave out a model.
    if _signed(statement) != dict(files):
        raise EvaluatorRefused("signature_invalid", "The signature is not over exactly the package's files.")


def _statement(signature: Path) -> dict[str, Any]:
    """What is signed (in-toto statement), before anything is known of who signed it."""
    try:
        bundle = json.loads(signature.read_bytes())
        statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"], validate=True))
        if not isinstance(statement, dict) or not bundle["dsseEnvelope"]["signatures"] or "publicKey" not in bundle["verificationMaterial"]:
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise EvaluatorRefused("signature_unreadable") from None
    return statement


def _signed(statement: Mapping[str, Any]) -> dict[str, str] | None:
    try:
        resources = statement["predicate"]["resources"]
        signed = {r["name"]: r["digest"] for r in resources if r["algorithm"] == "sha256"}
        return signed if len(signed) == len(resources) else None
    except (KeyError, TypeError):
        return None
