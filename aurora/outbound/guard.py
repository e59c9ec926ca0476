"""The egress guard: no request leaves for an address inside our own network, follows a redirect, or reads without bound.

The address is checked after resolution and the connection goes to the very address that was checked, so a name that resolves
differently a moment later (DNS rebinding) gains nothing. OWASP SSRF prevention; RFC 6890 special-purpose addresses.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx
from django.conf import settings

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 30.0
MAXIMUM_BYTES = 2_000_000


class EgressRefused(httpx.RequestError):
    """The guard did not let the request out, or cut the answer off. `code` says why; no address is in the message."""

    def __init__(self, code: str, request: httpx.Request | None = None) -> None:
        self.code = code
        super().__init__(code, request=request)


def _may_connect(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    if settings.AURORA_SANDBOX and ip.is_loopback:
        return True
    return ip.is_global and not ip.is_multicast


class _GuardedBackend(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError("name does not resolve") from error
        allowed = [str(info[4][0]) for info in found if _may_connect(str(info[4][0]))]
        if not allowed:
            raise EgressRefused("address_refused")
        failure: Exception | None = None
        for address in allowed:
            try:
                return self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError("no address answered")

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        raise EgressRefused("address_refused")


class _BoundedStream(httpx.SyncByteStream):
    """Cuts an answer off at `MAXIMUM_BYTES` or `TOTAL_SECONDS`, whichever comes first: a slow or endless source costs little."""

    def __init__(self, inner: httpx.SyncByteStream, deadline: float) -> None:
        self._inner, self._deadline = inner, deadline

    def __iter__(self) -> Iterator[bytes]:
        read = 0
        for chunk in self._inner:
            read += len(chunk)
            if read > MAXIMUM_BYTES:
                raise EgressRefused("too_large")
            if time.monotonic() > self._deadline:
                raise EgressRefused("timeout")
            yield chunk

    def close(self) -> None:
        self._inner.close()


class GuardedTransport(httpx.HTTPTransport):
    """An httpx transport behind the guard: https only (http on loopback in the sandbox), no proxies, bounded answers."""

    def __init__(self) -> None:
        super().__init__()
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(),
            network_backend=_GuardedBackend(),
            max_connections=20,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme != "https" and not (settings.AURORA_SANDBOX and request.url.scheme == "http"):
            raise EgressRefused("scheme_refused", request)
        # An uncompressed answer: a small body that unpacks into gigabytes would pass a bound on the wire.
        request.headers["Accept-Encoding"] = "identity"
        response = super().handle_request(request)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise EgressRefused("encoding_refused", request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _BoundedStream(response.stream, time.monotonic() + TOTAL_SECONDS)
        return response


TIMEOUT = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)


def guarded_client() -> httpx.Client:
    """A client for one conversation; close it. Redirects are not followed, cookies are kept nowhere, the environment's proxies are ignored."""
    return httpx.Client(transport=GuardedTransport(), timeout=TIMEOUT, follow_redirects=False, trust_env=False)
