"""JSON over X-Road: the question goes to our own security server, which carries it to the source's (X-Road: Message Protocol for REST, PR-REST 1.0).

`GET {security server}/r1/{instance}/{class}/{member}/{subsystem}/{service}{path}`. Security servers prove to each other who asks and who answers, and
log it; the citizen's token goes through unmodified (4.7). What a source says is in our own form, or in a form of its own that is mapped.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid4

import httpx

from aurora.outbound.mutual import NAME, ClientTls, TlsUnusable
from aurora.outbound.peer import PeerFailed
from aurora.sources.connectors import exchange, mapped_json, own_form, signed
from aurora.sources.connectors.answer import Answer, Asked, Unchanged
from aurora.sources.connectors.declared import SettingsWrong, by_schema
from consent.models import DataCategoryVersion

# 4.8 of the protocol: what an identifier may not hold.
_PART = r"(?!\.{1,2}(?:/|$))[^/\\:;%\x00-\x1f\x7f\u200b\ufeff]{1,100}"
_HASH_BYTES = 64  # SHA-512
_ERROR = re.compile(r"[A-Za-z0-9_.]{1,200}")
# Nothing in these mends itself while we wait: somebody must let us in, or declare us rightly. Since version 7.8 their names are written with
# underscores, before in capitals; here without either.
_OURS_TO_MEND = ("accessdenied", "unknownmember", "unknownservice", "invalid", "missing", "duplicate", "malformed", "badrequest")
_SCHEMA = {
    "type": "object",
    "required": ["xroad"],
    "additionalProperties": False,
    "properties": {
        "signature": signed.SCHEMA,
        "mapping": {"type": "object"},
        "xroad": {
            "type": "object",
            "required": ["security_server", "client", "service"],
            "additionalProperties": False,
            "properties": {
                "security_server": {"type": "string", "maxLength": 200, "pattern": r"^https?://[^/?#@\s]+$"},
                "client": {"type": "string", "pattern": f"^{_PART}(?:/{_PART}){{2,3}}$"},
                "service": {"type": "string", "pattern": f"^{_PART}(?:/{_PART}){{3,4}}$"},
                "tls": {
                    "type": "object",
                    "required": ["certificate", "key"],
                    "additionalProperties": False,
                    "properties": {name: {"type": "string", "pattern": f"^{NAME.pattern}$"} for name in ("certificate", "key", "ca")},
                },
                "server": {"type": "string", "pattern": f"^{_PART}(?:/{_PART}){{3}}$"},
                "path": {"type": "string", "pattern": r"^(?:/(?!\.{1,2}(?:/|$))(?:[A-Za-z0-9._~-]+|\{category\}))*$", "maxLength": 500},
                "user_id": {"type": "string", "pattern": "^[A-Z]{2}[A-Za-z0-9-]{1,60}$"},
                "represented_party": {"type": "string", "pattern": f"^(?:{_PART}/)?{_PART}$"},
                "issue": {"type": "string", "pattern": "^[!-~]{1,100}$"},
            },
        },
    },
}


def fetch(asked: Asked) -> Answer | Unchanged:
    """One category. Raises `PeerFailed`; what a security server says of an error becomes one of our codes, and nothing else of it is kept."""
    declared = asked.settings["xroad"]
    if "mapping" in asked.settings:
        form, name = mapped_json.form(asked), mapped_json.name_of(asked)
    else:
        form, name = own_form.page, asked.category.category_id
    way = SecurityServer(declared, declared.get("path", "/data/{category}").replace("{category}", quote(name, safe="")))
    return exchange.take(asked, way=way, form=form, cursors="mapping" not in asked.settings)


def check(settings: Mapping[str, Any], categories: Mapping[str, DataCategoryVersion]) -> None:
    """Raises `SettingsWrong`."""
    by_schema(_SCHEMA, settings)
    signed.check(settings.get("signature"))
    _check_tls(settings["xroad"])
    if "mapping" in settings:
        mapped_json.check_mapping(settings["mapping"], categories)


def _check_tls(declared: Mapping[str, Any]) -> None:
    """Raises `SettingsWrong`: whoever loads a source hears now what every fetch would fail of."""
    if (tls := tls_of(declared)) is None:
        return
    if not declared["security_server"].startswith("https://"):
        raise SettingsWrong("settings/xroad/security_server: a certificate is shown over https:// only")
    try:
        tls.context()
    except TlsUnusable as error:
        raise SettingsWrong(f"settings/xroad/tls: {error}") from None


def tls_of(declared: Mapping[str, Any]) -> ClientTls | None:
    """By which certificate Aurora shows itself to the security server; `declared` is the member `xroad` of a source's settings."""
    return ClientTls(**declared["tls"]) if "tls" in declared else None


@dataclass(frozen=True, repr=False)
class SecurityServer:
    """One fetch's way through it. `_requests`: the ids of the answers so far: one that comes again was not made for this question."""

    declared: Mapping[str, Any]
    path: str
    _requests: set[str] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"{self.declared['security_server']}/r1/{_encoded(self.declared['service'])}{self.path}"

    @property
    def tls(self) -> ClientTls | None:
        """Our certificate, where the security server lets in no information system without one."""
        return tls_of(self.declared)

    def headers(self) -> dict[str, str]:
        """Who asks (4.3), and a name for this very message. Never the citizen: security servers keep headers for years, and the token says it."""
        said = {"X-Road-Client": _encoded(self.declared["client"]), "X-Road-Id": str(uuid4())}
        for name, header in (("server", "X-Road-Security-Server"), ("represented_party", "X-Road-Represented-Party")):
            if name in self.declared:
                said[header] = _encoded(self.declared[name])
        for name, header in (("user_id", "X-Road-UserId"), ("issue", "X-Road-Issue")):
            if name in self.declared:
                said[header] = self.declared[name]
        return said

    def check(self, sent: Mapping[str, str], response: httpx.Response) -> None:
        """An error of X-Road itself, or an answer that is not to this message. Whether the hash is the request's, our security server checks (4.3)."""
        if "X-Road-Error" in response.headers:
            raise _failed(response)
        if response.status_code == 429 or response.status_code >= 500:
            return  # whoever says so, a proxy before it too: the answer holds nothing, and time can mend it
        said = response.headers
        asked = {
            "X-Road-Client": sent["X-Road-Client"],
            "X-Road-Service": _encoded(self.declared["service"]),
            "X-Road-Id": sent["X-Road-Id"],
        }
        if any(said.get(name) != value for name, value in asked.items()) or not _is_hash(said.get("X-Road-Request-Hash", "")):
            raise _invalid()
        request = said.get("X-Road-Request-Id", "")
        if not _is_uuid(request) or request in self._requests:
            raise _invalid()
        self._requests.add(request)

    def may_follow(self, address: str) -> bool:
        """The same address with another query: another path would be another service, or another organisation's, with the citizen's token."""
        return urlsplit(address).path == urlsplit(self.address).path


def _failed(response: httpx.Response) -> PeerFailed:
    """4.6: the header has the error's type. Who is not let in, or asks wrongly, is `oauth_error`; what may pass is `source_down`."""
    kind = response.headers["X-Road-Error"].strip()
    if not _ERROR.fullmatch(kind):
        return _invalid()
    parts = kind.lower().replace("_", "").split(".")
    mended_by_us = parts[0] == "client" or any(part.startswith(_OURS_TO_MEND) for part in parts[1:] if part)
    # What the source itself answered amiss, its security server tells as ServiceFailed, with the reason behind it.
    if mended_by_us and "servicefailed" not in parts:
        return PeerFailed("oauth_error", retryable=False)
    return PeerFailed("source_down")


def _encoded(identifier: str) -> str:
    """Each part by itself (4.2)."""
    return "/".join(quote(part, safe="") for part in identifier.split("/"))


def _is_hash(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == _HASH_BYTES
    except ValueError:
        return False


def _is_uuid(text: str) -> bool:
    try:
        return len(text) == 36 and bool(UUID(text))
    except ValueError:
        return False


def _invalid() -> PeerFailed:
    return PeerFailed("invalid_answer", retryable=False)
