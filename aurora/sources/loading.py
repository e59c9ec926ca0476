"""Loading sources from their documents: what agency, by which connector, where, and as which client. Called by management commands, in a transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from aurora.identity import keys
from aurora.mail_url import LOOPBACK
from aurora.sources import policy, registry
from aurora.sources.connectors import CHECKS, CONNECTORS
from aurora.sources.connectors.declared import SettingsWrong, by_schema
from aurora.sources.models import DataSource
from consent import queries
from consent.models import Agency

_SCHEMA = {
    "type": "object",
    "required": ["agency", "issuer", "client_id"],
    "additionalProperties": False,
    "properties": {
        "agency": {"type": "string"},
        "connector": {"type": "string"},
        "issuer": {"type": "string", "maxLength": 200},
        "client_id": {"type": "string", "minLength": 1, "maxLength": 200},
        "settings": {"type": "object"},
        "active": {"type": "boolean"},
    },
}


# P-384 is for SMART App Launch: servers need not take a signature by a smaller key.
_CURVES = ("P-256", "P-384")


class SourceRefused(ValueError):
    """A document that cannot be loaded; the text says which member and why, and holds no key."""


@dataclass(frozen=True)
class Loaded:
    """`public_jwk`: the public half of a key pair that was made for this source just now, to be given to it. None where there was a key."""

    code: str
    created: bool
    public_jwk: Mapping[str, Any] | None = None


def load(doc: Any) -> Loaded:
    """Make or change one source, as docs/operations/connectors.md tells; loading it again changes nothing. Raises `SourceRefused`."""
    if not isinstance(doc, dict):
        raise SourceRefused("A source is a JSON object.")
    try:
        # Its key is looked at by itself: a sentence of a schema cites what is wrong.
        by_schema(_SCHEMA, {name: value for name, value in doc.items() if name != "private_jwk"}, where="source")
    except SettingsWrong as error:
        raise SourceRefused(str(error)) from None
    code = doc["agency"]
    agency = Agency.objects.filter(code=code).first()
    if agency is None:
        raise SourceRefused(f"source/agency: there is no agency {code}; load it first (manage.py load_agencies)")
    _check(doc, code)
    known = DataSource.objects.filter(agency=agency).first()
    values: dict[str, Any] = {
        "connector": doc.get("connector", "json_oauth"),
        "issuer": doc["issuer"].rstrip("/"),
        "client_id": doc["client_id"],
        "settings": doc.get("settings", {}),
        "active": doc.get("active", True),
    }
    made = None
    if "private_jwk" in doc:
        values["key_sealed"] = _sealed(code, _private(doc["private_jwk"]))
    elif known is None:
        made = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
        values["key_sealed"] = _sealed(code, cast(dict[str, str], made.as_dict(private=True)))
    DataSource.objects.update_or_create(agency=agency, defaults=values)
    return Loaded(code, known is None, made.as_dict(private=False) if made else None)


def _check(doc: Mapping[str, Any], code: str) -> None:
    connector = doc.get("connector", "json_oauth")
    if connector not in CONNECTORS:
        raise SourceRefused(f"source/connector: {connector} is none; there are {', '.join(sorted(CONNECTORS))}")
    if not is_address(doc["issuer"]):
        raise SourceRefused("source/issuer: give an https address without query and fragment")
    declared, categories = doc.get("settings", {}), {version.category_id: version for version in queries.current_categories(source=code)}
    if faults := policy.faults(declared):
        raise SourceRefused(f"source/settings: no sensible value at {', '.join(faults)}")
    try:
        # What is declared of freshness, pace and breaker is no connector's business.
        CHECKS[connector]({name: value for name, value in declared.items() if name not in policy.OURS}, categories)
    except SettingsWrong as error:
        raise SourceRefused(f"source/{error}") from None


def is_address(text: str) -> bool:
    """An https address (http on this machine in the sandbox) that a path can be put behind."""
    try:
        parts = urlsplit(text)
        plain = settings.AURORA_SANDBOX and parts.scheme == "http" and parts.hostname in LOOPBACK
        right = (parts.scheme == "https" or plain) and bool(parts.hostname) and not (parts.query or parts.fragment or parts.username)
        return right and text.isascii() and text.isprintable() and " " not in text and parts.port != 0
    except ValueError:
        return False


def _private(jwk: Any) -> dict[str, str]:
    try:
        key = ECKey.import_key(jwk)
        right = key.is_private and jwk.get("crv") in _CURVES
    except (JoseError, ValueError, TypeError, AttributeError):
        right = False
    if not right:
        raise SourceRefused("source/private_jwk: give a private key on P-256 or P-384 as a JWK, or none to have one made")
    return dict(jwk)


def _sealed(code: str, jwk: Mapping[str, str]) -> bytes:
    return keys.seal_for_platform(json.dumps(jwk).encode(), context=registry.key_context(code))
