"""The certificate of an erasure: what was deleted where, when, by the destruction of which key; what stays, and why; what agencies may still hold.

A compact JWS (RFC 7515, 7519; `typ` `erasure-certificate+jwt`) that anybody can check offline with the keys at `/oauth/jwks`; its claim `certificate` is a
JSON-LD document, with its texts in the citizen's language. It names nobody. It is made once.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.utils import translation

from aurora.erasures.models import Erasure
from aurora.ui import erasure_words as words
from consent import signing

TYP = "erasure-certificate+jwt"
CONTEXT: dict[str, Any] = {
    "aurora": "urn:aurora:",
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dct:issued": {"@type": "xsd:dateTime"},
}
_STAYS = {
    True: ("commitments", "certificate", "models", "backups", "pages"),
    False: ("entries", "other_consents", "models", "backups", "freed"),
}


def sign(row: Erasure) -> str:
    """The certificate of a row that is done."""
    assert row.finished_at is not None
    issued = row.finished_at
    claims = {"iss": settings.AURORA_BASE_URL, "iat": int(issued.timestamp()), "jti": str(row.pk), "certificate": document(row)}
    return signing.sign(claims, typ=TYP)


def read(row: Erasure) -> dict[str, Any]:
    """The document of a certificate that was signed here. Raises ValueError for anything else."""
    found: dict[str, Any] = signing.verify(row.certificate, typ=TYP)["certificate"]
    return found


def digest(row: Erasure) -> str:
    """SHA-256 of the signed certificate."""
    return hashlib.sha256(row.certificate.encode("ascii")).hexdigest()


def document(row: Erasure) -> dict[str, Any]:
    """What the certificate says, as JSON-LD."""
    assert row.finished_at is not None
    everything = row.scope == Erasure.Scope.EVERYTHING
    with translation.override(row.language):
        made: dict[str, Any] = {
            "@context": CONTEXT,
            "@id": f"urn:uuid:{row.pk}",
            "@type": ["aurora:ErasureCertificate", "dpv:Erase"],
            "dct:language": row.language,
            "dct:title": words.title(row.scope),
            "dct:issued": row.finished_at.isoformat(),
            "dpv:hasRight": "eu-gdpr:A17",
            "aurora:asked": row.asked_at.isoformat(),
            "aurora:scope": {"aurora:kind": row.scope, **({"aurora:code": row.code} if row.code else {})},
            "aurora:deleted": [_deleted(name, number) for name, number in row.counts.items() if number and name not in words.DEEDS],
            "aurora:done": [_deleted(name, number) for name, number in row.counts.items() if number and name in words.DEEDS],
            "aurora:stays": [_stays(code) for code in (*_STAYS[everything], *_number_of(row))],
            "aurora:agencies": [_agency(one) for one in row.held],
        }
    if row.key is not None:
        made["aurora:keyDestroyed"] = {
            "aurora:at": row.key["destroyed_at"],
            "aurora:keys": [
                {"aurora:version": k["version"], "aurora:wrappedBy": k["wrapped_by"], "aurora:madeAt": k["made_at"]}
                for k in row.key["keys"]
            ],
            "aurora:filesWrittenAnew": row.key["scrubbed_at"],
        }
    return made


def _deleted(name: str, number: int) -> dict[str, Any]:
    return {"aurora:part": name, "dct:title": words.part(name), "aurora:number": number}


def _number_of(row: Erasure) -> tuple[str, ...]:
    """Whether others' records name the citizen by a number that stays: then the account's row lost all else, and was not counted as deleted."""
    return ("number",) if row.counts.get("account") == 0 else ()


def _stays(code: str) -> dict[str, Any]:
    what, why = words.stays(code, days=settings.AURORA_BACKUPS_KEPT.days)
    return {"aurora:code": code, "dct:title": what, "aurora:because": why}


def _agency(held: dict[str, Any]) -> dict[str, Any]:
    told = {
        "aurora:told": held["told_at"], "aurora:confirmBy": held["confirm_by"], "aurora:confirmed": held["confirmed_at"],
        "aurora:keeps": held["kept"] or None,
    }  # fmt: skip
    return {
        "aurora:agency": held["agency"], "aurora:categories": list(held["categories"]), "aurora:lastRead": held["last_read_at"],
        "aurora:state": held["state"], "aurora:says": words.held(held["state"]), **{k: v for k, v in told.items() if v is not None},
    }  # fmt: skip
