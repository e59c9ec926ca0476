"""Whom we believe to be the broker, over TLS: a certificate that an authority of the system vouches for, of the very name in `BROKER_URL`.

Left to itself Celery asks for no certificate at all at `rediss://`, and at `amqps://` for one of any name: whoever stands between would be given the password.
"""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# What verifies is not for an address to say: `?ssl_cert_reqs=none`, or a word that redis-py does not know, would switch it off.
_VERIFIES = {"ssl_cert_reqs": {"required", "cert_required"}, "ssl_check_hostname": {"true", "1"}}


def is_unverified(url: str | None) -> bool:
    """Whether the address asks for no certificate, or for one of any name."""
    asked = parse_qsl(urlsplit(url or "").query, keep_blank_values=True)
    return any(name.lower() in _VERIFIES and value.lower() not in _VERIFIES[name.lower()] for name, value in asked)


def tls(url: str | None) -> dict[str, Any] | None:
    """Celery's `broker_use_ssl`, in the words of each transport; None without TLS. What the address itself says (`?ssl_ca_certs=`) goes before it."""
    parts = urlsplit(url or "")
    if parts.scheme == "rediss":
        return {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    if parts.scheme == "amqps":
        return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": parts.hostname}
    return None
