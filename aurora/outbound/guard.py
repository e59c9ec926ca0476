"""The egress guard: no request leaves for an address inside our own network, follows a redirect, or reads without bound.

The address is checked after resolution and the connection goes to the very address that was checked, so a name that resolves
differently a moment later (DNS rebinding) gains nothing. OWASP SSRF prevention; RFC 6890 special-purpose addresses.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, wait
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpcore
import httpx
from django.conf import settings

from aurora.mail_url import LOOPBACK
from aurora.telemetry import traces

CONNECT_SECONDS = 3.0
LOOK_UP_SECONDS = 10.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 30.0
MAXIMUM_BYTES = 2_000_000

_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: the last four bytes are an IPv4 address
_UNICAST = ipaddress.ip_network("2000::/3")  # all that IANA gives out of IPv6; the rest is special, or nobody's yet
# `ipaddress` counts these as global, though they lead back inside or nowhere: protocol assignments (with Oracle's metadata), 6to4 relays
# and addresses, Azure's host agent, documentation.
_INSIDE = [ipaddress.ip_network(n) for n in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "2002::/16", "3fff::/20")]


class EgressRefused(httpx.RequestError):
    """The guard did not let the request out, or cut the answer off. `code` says why; no address is in the message."""

    def __init__(self, code: str, request: httpx.Request | None = None) -> None:
        self.code = code
        super().__init__(code, request=request)


def _may_connect(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    if settings.AURORA_SANDBOX and ip.is_loopback:
        return True
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip not in _UNICAST:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _INSIDE)


class _Clock:
    """The time that a request as a whole has left: a peer that sends a byte now and then resets every other timeout."""

    def __init__(self, seconds: float | None = None) -> None:
        self._until = 0.0
        self._seconds = seconds

    def start(self) -> None:
        self._until = time.monotonic() + (TOTAL_SECONDS if self._seconds is None else self._seconds)

    def at_most(self, timeout: float | None) -> float:
        """Seconds for the next step. Raises `EgressRefused` when none are left."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise EgressRefused("timeout")
        return left if timeout is None else min(timeout, left)


class _TimedStream(httpcore.NetworkStream):
    """A connection, each step of which ends with the request's time."""

    def __init__(self, inner: httpcore.NetworkStream, clock: _Clock) -> None:
        self._inner, self._clock = inner, clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._clock.at_most(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._clock.at_most(timeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._inner.start_tls(ssl_context, server_hostname, self._clock.at_most(timeout)), self._clock)

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _addresses(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of a name. `getaddrinfo` knows no timeout: a thread waits for it, and is left behind when time is up."""
    found: Future[list[Any]] = Future()

    def look_up() -> None:
        try:
            found.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:
            found.set_exception(error)

    threading.Thread(target=look_up, name="look-up", daemon=True).start()
    if not wait([found], seconds).done:
        raise httpcore.ConnectTimeout("name does not resolve in time")
    try:
        return [str(info[4][0]) for info in found.result()]
    except (OSError, UnicodeError) as error:  # a name with a label of 64 letters does not encode
        raise httpcore.ConnectError("name does not resolve") from error


class _GuardedBackend(httpcore.NetworkBackend):
    def __init__(self, clock: _Clock) -> None:
        self._inner = httpcore.SyncBackend()
        self._clock = clock

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        allowed = [address for address in _addresses(host, port, self._clock.at_most(LOOK_UP_SECONDS)) if _may_connect(address)]
        if not allowed:
            raise EgressRefused("address_refused")
        failure: Exception | None = None
        for address in allowed:
            try:
                stream = self._inner.connect_tcp(address, port, self._clock.at_most(timeout), local_address, socket_options)
                return _TimedStream(stream, self._clock)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError("no address answered")

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        raise EgressRefused("address_refused")


class _BoundedStream(httpx.SyncByteStream):
    """Cuts an answer off: an endless source costs little."""

    def __init__(self, inner: httpx.SyncByteStream, maximum_bytes: int) -> None:
        self._inner = inner
        self._maximum_bytes = maximum_bytes

    def __iter__(self) -> Iterator[bytes]:
        read = 0
        for chunk in self._inner:
            read += len(chunk)
            if read > self._maximum_bytes:
                raise EgressRefused("too_large")
            yield chunk

    def close(self) -> None:
        self._inner.close()


@cache
def _certificates() -> ssl.SSLContext:
    """The system's authorities, loaded once a process: it takes longer than a request does."""
    return ssl.create_default_context()


class GuardedTransport(httpx.HTTPTransport):
    """An httpx transport behind the guard: https only (http to loopback in the sandbox), no proxies, bounded answers.

    One request at a time: each has `total_seconds` (`TOTAL_SECONDS`) from its first byte to its last, headers included. `tls`: instead of the
    system's authorities; it must verify the peer too (`outbound/mutual.py`).
    """

    def __init__(
        self, *, total_seconds: float | None = None, maximum_bytes: int = MAXIMUM_BYTES, tls: ssl.SSLContext | None = None
    ) -> None:
        tls = tls or _certificates()
        super().__init__(verify=tls)
        self._clock = _Clock(total_seconds)
        self._maximum_bytes = maximum_bytes
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            network_backend=_GuardedBackend(self._clock),
            max_connections=20,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._clock.start()
        return self.again(request)

    def again(self, request: httpx.Request) -> httpx.Response:
        """The request, within the time that began with its first try."""
        with traces.request_out(request.method) as step:
            response = self._answer_to(request)
            step.also(status=response.status_code, failed=response.status_code >= 400)
        return response

    def _answer_to(self, request: httpx.Request) -> httpx.Response:
        _check_url(request)
        # An uncompressed answer: a small body that unpacks into gigabytes would pass a bound on the wire.
        request.headers["Accept-Encoding"] = "identity"
        response = super().handle_request(request)
        if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            response.close()
            raise EgressRefused("encoding_refused", request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _BoundedStream(response.stream, self._maximum_bytes)
        return response

    def is_at_rest(self) -> bool:
        """Whether all that it holds is one connection, on which no request is under way and its peer has said nothing but its answers."""
        if not isinstance(self._pool, httpcore.ConnectionPool) or len(self._pool.connections) != 1:
            return False
        [connection] = self._pool.connections
        # What came with an answer and behind it lies in the parser, which would take it for the next one. It tells nobody but httpcore.
        parser = getattr(getattr(connection, "_connection", None), "_h11_state", None)
        quiet = parser is not None and parser.trailing_data == (b"", False)
        return bool(quiet and connection.is_idle() and not connection.has_expired())


def _check_url(request: httpx.Request) -> None:
    url = request.url
    plain = settings.AURORA_SANDBOX and url.scheme == "http" and url.host in LOOPBACK
    if url.scheme != "https" and not plain:
        raise EgressRefused("scheme_refused", request)
    if url.userinfo:  # httpx would send it as Basic credentials, in place of ours
        raise EgressRefused("address_refused", request)


TIMEOUT = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)


def guarded_client(*, total_seconds: float | None = None, maximum_bytes: int = MAXIMUM_BYTES) -> httpx.Client:
    """A client for one conversation; close it. Redirects are not followed, cookies are kept nowhere, the environment's proxies are ignored.

    `total_seconds` and `maximum_bytes` bound one answer more tightly than the guard does by itself.
    """
    return client_of(GuardedTransport(total_seconds=total_seconds, maximum_bytes=maximum_bytes))


def client_of(transport: GuardedTransport) -> httpx.Client:
    """The same over a transport that is there."""
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    return httpx.Client(transport=transport, timeout=TIMEOUT, follow_redirects=False, trust_env=False, cookies=no_cookies)
