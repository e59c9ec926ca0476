"""Reading a model's package: two files of a form (RFC 7578), bounded in bytes, in time and in how many arrive at once.

A body of twenty megabytes is three hundred times what any other address takes, and it is read by a thread that could serve pages meanwhile. So
it is read for who has shown a token only, one at a time in a web process, and who has not sent it all within a minute is cut off.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler
from django.http import QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from aurora.api.parsers import TooLarge
from consent.errors import InvalidInput

SECONDS = 60.0
LARGEST = {"package": 20 * 1024 * 1024, "signature": 256 * 1024}
PIECE = 64 * 1024
RETRY_SECONDS = 10
_turn = threading.Lock()


class PackageTooLarge(TooLarge):
    default_detail = "A package has at most 20 MiB, its signature at most 256 KiB."


class TooSlow(APIException):
    """RFC 9110, 15.5.9."""

    status_code = 408
    default_code = "upload_too_slow"
    default_detail = f"The body was not here within {SECONDS:.0f} seconds."


class Busy(APIException):
    """Another package is being taken at this moment."""

    status_code = 503
    default_code = "unavailable"
    default_detail = "Another package is being taken at this moment. Send yours again."
    wait = RETRY_SECONDS


@dataclass(frozen=True)
class Upload:
    """The two files. Models are no personal data, but they are their owner's: not in `repr`."""

    package: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@contextmanager
def turn() -> Iterator[None]:
    """One package at a time in a process, from its first byte to its registration. Raises `Busy` at once: waiting would hold the thread."""
    if not _turn.acquire(blocking=False):
        raise Busy()
    try:
        yield
    finally:
        _turn.release()


class PackageForm(BaseParser):
    """`multipart/form-data` with exactly two files, `package` and `signature`. Gives an `Upload`.

    Raises `PackageTooLarge`, `TooSlow`, `InvalidInput`, `ParseError`.
    """

    media_type = "multipart/form-data"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        request = (parser_context or {})["request"]._request
        meta = {**request.META, "CONTENT_TYPE": media_type}
        kept = _Kept()
        with _Arriving(stream, request.META.get("gunicorn.socket")) as arriving:
            try:
                fields, _ = MultiPartParser(meta, arriving, [kept], "utf-8").parse()  # type: ignore[arg-type]
            except (MultiPartParserError, SuspiciousOperation, ValueError, LookupError):
                arriving.check()
                raise ParseError("The body is no form with two files.") from None
            arriving.check()
        return _upload(kept.files, fields)


def _upload(files: Mapping[str, list[bytes]], fields: QueryDict) -> Upload:
    wrong = {name: "one_file" for name in LARGEST if len(files.get(name, ())) != 1 or not files[name][0]}
    if wrong or set(files) - set(LARGEST) or fields:
        raise InvalidInput(wrong, "Send two files, package and signature, each once and with a file name, and nothing else.")
    return Upload(files["package"][0], files["signature"][0])


class _Kept(FileUploadHandler):
    """Keeps the files in memory, where they are needed whole, and no more of them than may come."""

    chunk_size = PIECE

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, list[bytes]] = {}
        self._parts: list[bytes] = []
        self._left = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._parts, self._left = [], LARGEST.get(str(self.field_name), PIECE)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._left -= len(raw_data)
        if self._left < 0:
            raise PackageTooLarge()
        self._parts.append(raw_data)

    def file_complete(self, file_size: int) -> None:
        self.files.setdefault(str(self.field_name), []).append(b"".join(self._parts))
        self._parts = []


class _Arriving:
    """The body, read until a moment that is fixed when reading begins. A sender that drips is cut off as one that stops is.

    Between two pieces the time is looked at; in the middle of one the thread waits in the server's `recv`, so a timer closes the receiving side of the
    connection then (gunicorn names it in the environment; the answer still goes out). Where another server names none, its own limit holds.
    """

    def __init__(self, stream: IO[Any], connection: socket.socket | None) -> None:
        self._stream, self._end = stream, time.monotonic() + SECONDS
        self._timer = threading.Timer(SECONDS, _hang_up, [connection]) if connection is not None else None

    def __enter__(self) -> _Arriving:
        if self._timer:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer:
            self._timer.cancel()

    def read(self, size: int = PIECE) -> bytes:
        self.check()
        try:
            return bytes(self._stream.read(min(size, PIECE)))
        except UnreadablePostError:
            raise ParseError("The body broke off.") from None

    def check(self) -> None:
        """Raises `TooSlow` when the time is over."""
        if time.monotonic() >= self._end:
            raise TooSlow()


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RD)
    except OSError:
        pass  # it is closed already
