"""A model's package on its way in: two files and nothing else, bounded in bytes and in time, one at once. Sockets and threads are real."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import RequestFactory
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from aurora.api import uploads
from aurora.api.uploads import Busy, PackageForm, TooLarge, TooSlow, Upload, turn
from consent.errors import AuroraError

BOUNDARY = "b0undary"
KIND = f"multipart/form-data; boundary={BOUNDARY}"
MIB = 1024 * 1024


def part(name: str, content: bytes, *, file: str | None = "f", more: str = "") -> bytes:
    named = f'; filename="{file}"' if file is not None else ""
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n{more}\r\n'.encode() + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def parsed(body: bytes, kind: str = KIND, *, stream: Any = None, **environ: Any) -> Upload:
    made = RequestFactory().post("/api/v1/evaluators", body, content_type=kind, **environ)
    request = Request(made, parsers=[PackageForm()])
    if stream is None:
        return request.data  # type: ignore[no-any-return]
    return PackageForm().parse(stream, kind, {"request": request})


def code_of(error: Exception) -> str:
    return str(error.get_codes() if isinstance(error, APIException) else error.code)  # type: ignore[attr-defined]


def test_the_two_files_arrive_byte_for_byte_whatever_is_in_them() -> None:
    package = bytes(range(256)) * 1000 + b"\r\n--b0undar\r\n--\r\n"
    sent = parsed(form(part("signature", b"{}"), part("package", package, more="Content-Type: application/zip\r\n")))
    assert (sent.package, sent.signature) == (package, b"{}")
    assert "\\x00" not in repr(sent) and "{}" not in repr(sent)


def test_what_is_just_large_enough_is_taken() -> None:
    sent = parsed(form(part("package", b"p" * 20 * MIB), part("signature", b"s" * 256 * 1024)))
    assert len(sent.package) == 20 * MIB and len(sent.signature) == 256 * 1024


@pytest.mark.parametrize(("name", "size"), [("package", 20 * MIB + 1), ("signature", 256 * 1024 + 1), ("other", 64 * 1024 + 1)])
def test_a_byte_more_is_too_large(name: str, size: int) -> None:
    with pytest.raises(TooLarge):
        parsed(form(part(name, b"x" * size)))


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [part("package", b"p")],
        [part("signature", b"s")],
        [part("package", b"p"), part("signature", b"")],
        [part("package", b"p"), part("signature", b"s"), part("signature", b"t")],
        [part("package", b"p"), part("signature", b"s"), part("more", b"m")],
        [part("package", b"p"), part("signature", b"s"), part("more", b"m", file=None)],
        [part("package", b"p", file=None), part("signature", b"s", file=None)],
        [part("package", b"p"), part("signature", b"s", file="")],
        [part("package", b"p"), part("signature", b"s", more="Content-Transfer-Encoding: base64\r\n")],
        [part("package", b"p")] + [part(f"f{i}", b"x") for i in range(200)],
        [part("package", b"p")] + [part(f"f{i}", b"x", file=None) for i in range(200)],
        [part("package", b"p"), part("signature", b"s"), part("more", b"m" * 70_000, file=None)],
    ],
)
def test_anything_but_two_files_is_refused(parts: list[bytes]) -> None:
    with pytest.raises((APIException, AuroraError)) as refused:
        parsed(form(*parts))
    assert code_of(refused.value) in ("invalid_input", "parse_error")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"no form", KIND),
        (form(part("package", b"p"), part("signature", b"s"))[:-60], KIND),
        (form(part("package", b"p")), "multipart/form-data"),
        (form(part("package", b"p")), "multipart/form-data; boundary=" + "x" * 300),
        (form(part("package", b"p")), "multipart/form-data; boundary=\x00"),
        (b"{}", "application/json"),
        (b"package=p&signature=s", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_such_form_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises((APIException, AuroraError)) as refused:
        parsed(body, kind)
    assert code_of(refused.value) in ("invalid_input", "parse_error", "unsupported_media_type")


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A connection with a sender at the other end, and a minute that is a quarter of a second."""
    monkeypatch.setattr(uploads, "SECONDS", 0.25)
    ours, theirs = socket.socketpair()
    ours.settimeout(60)  # where nobody hangs up, the test fails with this and does not wait for ever
    yield ours, theirs
    ours.close()
    theirs.close()


def test_a_sender_that_stops_is_cut_off_and_still_gets_an_answer(wire: Any) -> None:
    ours, theirs = wire
    theirs.sendall(part("package", b"the beginning"))
    with pytest.raises(TooSlow):
        parsed(b"", stream=ours.makefile("rb"), CONTENT_LENGTH="1000", **{"gunicorn.socket": ours})
    ours.sendall(b"408")
    assert theirs.recv(3) == b"408"


def test_a_sender_that_drips_is_cut_off_too(wire: Any) -> None:
    ours, theirs = wire
    done = threading.Event()

    def drip() -> None:
        theirs.sendall(part("package", b"the beginning")[:-2])
        for _ in range(300):
            if done.wait(0.01):
                return
            theirs.sendall(b"x")

    with ThreadPoolExecutor(1) as other:
        other.submit(drip)
        try:
            with pytest.raises(TooSlow):
                parsed(b"", stream=ours.makefile("rb"), CONTENT_LENGTH="1000000", **{"gunicorn.socket": ours})
        finally:
            done.set()


def test_one_package_at_a_time() -> None:
    with turn(), pytest.raises(Busy), turn():
        pass
    with pytest.raises(RuntimeError), turn():
        raise RuntimeError
    with turn():
        pass  # what failed has given its turn back
