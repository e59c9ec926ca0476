"""Connections that a process keeps open from one conversation with a source to the next: to open one costs as much as all else of a request.

What the guard does for a request it does for each: address of the URL, time, size, encoding, no redirect. Where a connection leads was checked when
it was made, and it leads nowhere else as long as it lasts: a minute at most, so that a name that moves is followed, and some seconds without work.
No cookie is kept, a token is a header of one request, and a connection on which its peer said more than its answers is not used again: that
would be read as the answer to another citizen's question. A process that forks leaves its connections behind.
"""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from aurora.outbound import guard

IDLE_SECONDS = 4.0  # less than servers usually wait for the next request
LONGEST_SECONDS = 60.0
_HUNG_UP = "Server disconnected without sending a response."  # in httpcore's words; others say that what came was no answer
# Where to, and the certificates by which.
Origin = tuple[str, str, ssl.SSLContext | None]
MOST_EACH, MOST = 4, 64  # of one source, and of all: who asks for more has none kept


class _Transport(guard.GuardedTransport):
    """A peer may hang up just when it is asked again. A question that changes nothing is then asked anew, once (RFC 9110, 9.2.2), within its time."""

    used = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        used, self.used = self.used, True
        try:
            return super().handle_request(request)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
            hung_up = not isinstance(error, httpx.RemoteProtocolError) or str(error) == _HUNG_UP
            if not (hung_up and used and request.method == "GET"):
                raise
        return self.again(request)


@dataclass(eq=False)
class _Kept:
    origin: Origin
    transport: _Transport
    client: httpx.Client
    made: float = field(default_factory=time.monotonic)
    idle_since: float = 0.0

    def is_good(self, now: float) -> bool:
        return now - self.idle_since < IDLE_SECONDS and now - self.made < LONGEST_SECONDS


class _Shelf:
    """Those that nobody uses, the one that was used last at the end. Whoever takes one has it alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Kept] = []
        self._sweeping = False

    def take(self, origin: Origin) -> _Kept | None:
        now = time.monotonic()
        with self._lock:
            for kept in reversed(self._idle):
                if kept.origin == origin and kept.is_good(now):
                    self._idle.remove(kept)
                    return kept
        return None

    def put(self, kept: _Kept) -> bool:
        now = kept.idle_since = time.monotonic()
        with self._lock:
            same = sum(one.origin == kept.origin for one in self._idle)
            if not kept.is_good(now) or same >= MOST_EACH or len(self._idle) >= MOST:
                return False
            self._idle.append(kept)
            begin, self._sweeping = not self._sweeping, True
        if begin:
            self._sweep_later()
        return True

    def sweep(self) -> None:
        """Close what has waited too long; come again while anything is left."""
        now = time.monotonic()
        with self._lock:
            old = [kept for kept in self._idle if not kept.is_good(now)]
            self._idle = [kept for kept in self._idle if kept not in old]
            self._sweeping = bool(self._idle)
            again = self._sweeping
        for kept in old:
            kept.client.close()
        if again:
            self._sweep_later()

    def _sweep_later(self) -> None:
        timer = threading.Timer(IDLE_SECONDS, self.sweep)
        timer.daemon = True
        timer.start()


_shelf = _Shelf()


def forget() -> None:
    """Begin anew, with no connection: in a process that was forked, whose parent goes on using those that there are."""
    global _shelf
    _shelf = _Shelf()


os.register_at_fork(after_in_child=forget)


@contextmanager
def kept_client(address: str, *, tls: ssl.SSLContext | None = None) -> Iterator[httpx.Client]:
    """For one conversation with the origin of `address`, by one thread: as `guarded_client`, over a connection that may be open already.

    `tls`: by which certificates (`outbound/mutual.py`). What was opened by one nobody uses by another.
    """
    parts = urlsplit(address)
    origin = (parts.scheme, parts.netloc, tls)
    kept = _shelf.take(origin)
    if kept is None:
        transport = _Transport(tls=tls)
        kept = _Kept(origin, transport, guard.client_of(transport))
    kept.client.timeout = guard.TIMEOUT
    fine = False
    try:
        yield kept.client
        fine = kept.transport.is_at_rest()
    finally:
        if not (fine and _shelf.put(kept)):
            kept.client.close()
