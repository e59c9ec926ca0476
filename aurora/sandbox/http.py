"""Small HTTP client for what one party asks another: JSON in answers, forms in questions. Standard library only."""

from __future__ import annotations

import http.client
import json
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from aurora.sandbox.errors import PeerError

TIMEOUT = 10.0
LARGEST = 4 * 1024 * 1024
METADATA_KEPT = 60.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


# No proxy: the parties of a sandbox stand on one machine. No redirects: none of these endpoints has any.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
_metadata: dict[str, tuple[float, dict[str, Any]]] = {}


@dataclass(frozen=True)
class Answer:
    """`body` is {} when the answer is not a JSON object; `nonce` is for the next DPoP proof (RFC 9449, 8), "" for none."""

    status: int
    body: dict[str, Any]
    nonce: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


def get(url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
    """PeerError(unreachable, retryable) if there is no answer; an error status is an answer."""
    return _ask(urllib.request.Request(url, headers={"Accept": "application/json", **(headers or {})}))


def post(url: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None) -> Answer:
    """Like `get`, with the form as body."""
    body = urllib.parse.urlencode(form).encode("ascii")
    return _ask(urllib.request.Request(url, data=body, headers={"Accept": "application/json", **(headers or {})}))


def post_json(url: str, body: bytes, *, headers: Mapping[str, str] | None = None) -> Answer:
    """Like `post`, with a JSON body."""
    kind = {"Accept": "application/json", "Content-Type": "application/json"}
    return _ask(urllib.request.Request(url, data=body, headers={**kind, **(headers or {})}))


def post_files(url: str, files: Mapping[str, bytes], *, headers: Mapping[str, str] | None = None, timeout: float = 60.0) -> Answer:
    """Like `post`, with a part of a multipart/form-data body (RFC 7578) for each file."""
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
        f"Content-Type: application/octet-stream\r\n\r\n".encode("ascii")
        + content
        + b"\r\n"
        for name, content in files.items()
    ]
    kind = {"Accept": "application/json", "Content-Type": f"multipart/form-data; boundary={boundary}"}
    body = b"".join([*parts, f"--{boundary}--\r\n".encode("ascii")])
    return _ask(urllib.request.Request(url, data=body, headers={**kind, **(headers or {})}), timeout=timeout)


def metadata(issuer: str, kind: str) -> dict[str, Any]:
    """The issuer's metadata, kept for a minute. `kind`: openid-configuration or oauth-authorization-server.

    The issuer in it must be the one asked (RFC 8414 section 3.3), else PeerError(bad_metadata).
    """
    parts = urlsplit(issuer)
    if kind == "openid-configuration":
        path = f"{parts.path.rstrip('/')}/.well-known/{kind}"
    else:
        path = f"/.well-known/{kind}{parts.path.rstrip('/')}"
    url = urlunsplit(parts._replace(path=path))
    read_at, known = _metadata.get(url, (0.0, {}))
    if not known or time.monotonic() - read_at > METADATA_KEPT:
        answer = get(url)
        if not answer.ok or answer.body.get("issuer") != issuer:
            raise PeerError("bad_metadata", "The other service does not describe itself as it should.", retryable=True)
        known = answer.body
        _metadata[url] = (time.monotonic(), known)
    return known


def _ask(request: urllib.request.Request, *, timeout: float = TIMEOUT) -> Answer:
    if not request.full_url.startswith(("http://", "https://")):
        raise PeerError("bad_metadata", "The other service gave an address that is not one.")
    try:
        with _opener.open(request, timeout=timeout) as response:
            return Answer(response.status, _parse(response.read(LARGEST)), response.headers.get("DPoP-Nonce", ""))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _parse(error.read(LARGEST)), error.headers.get("DPoP-Nonce", ""))
    except (OSError, http.client.HTTPException) as error:
        raise PeerError("unreachable", "The other service does not answer now.", status=502, retryable=True) from error


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
