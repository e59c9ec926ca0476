"""The encryption of a copy: whoever has the passphrase opens it, by each of the three ways; whoever changed, moved or cut anything does not."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from aurora.exports import seal
from aurora.ui import export_page

PROGRAM = export_page.FOLDER / export_page.PROGRAM
Sealed = tuple[list[bytes], bytes, bytes, UUID]


def _program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("aurora_open", PROGRAM)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


program = _program()


def sealed(plain: bytes, *, by: int = 100_000) -> Sealed:
    out, key, salt, export_id = io.BytesIO(), seal.new_key(), secrets.token_bytes(32), uuid4()
    writer = seal.Writer(out, key=key, salt=salt, export_id=export_id)
    for place in range(0, len(plain), by):
        writer.write(plain[place : place + by])
    writer.close()
    out.seek(0)
    return list(seal.pieces(out)), key, salt, export_id


def opened(pieces: list[bytes], key: bytes, salt: bytes, export_id: UUID) -> bytes:
    return b"".join(seal.opened(iter(pieces), key=key, salt=salt, export_id=export_id))


@pytest.mark.parametrize("size", [0, 1, seal.PIECE - 1, seal.PIECE, seal.PIECE + 1, 3 * seal.PIECE], ids=str)
def test_what_was_sealed_opens_whole(size: int) -> None:
    plain = secrets.token_bytes(size)
    pieces, *rest = sealed(plain)
    assert opened(pieces, *rest) == plain
    assert len(pieces) == max(1, -(-size // seal.PIECE)) and all(len(p) <= seal.PIECE + seal.TAG_BYTES for p in pieces)


def test_no_plaintext_leaves_the_writer() -> None:
    pieces, *_ = sealed(b"43800 crowns " * 100_000)
    assert b"43800" not in b"".join(pieces)


SPOILS: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "two pieces change places": (lambda p: [p[1], p[0], *p[2:]], "damaged"),
    "a piece is there twice": (lambda p: [p[0], p[0], *p[1:]], "damaged"),
    "a piece in the middle is missing": (lambda p: [p[0], *p[2:]], "damaged"),
    "the first piece is missing": (lambda p: p[1:], "damaged"),
    "the last piece is missing": (lambda p: p[:-1], "cut_short"),
    "all is missing": (lambda p: [], "cut_short"),
    "half of the last piece is missing": (lambda p: [*p[:-1], p[-1][:-20]], "damaged"),
    "something follows the last piece": (lambda p: [*p, p[-1]], "damaged"),
    "a bit is another": (lambda p: [p[0], bytes([p[1][0] ^ 1]) + p[1][1:], *p[2:]], "damaged"),
    "a tag is another": (lambda p: [p[0], p[1][:-1] + bytes([p[1][-1] ^ 1]), *p[2:]], "damaged"),
}


@pytest.mark.parametrize("name", SPOILS)
def test_whatever_is_done_to_the_pieces_is_seen(name: str) -> None:
    pieces, *rest = sealed(secrets.token_bytes(3 * seal.PIECE + 5))
    spoil, code = SPOILS[name]
    with pytest.raises(seal.NotOpened) as caught:
        opened(spoil(pieces), *rest)
    assert caught.value.code == code


def test_a_piece_of_another_file_or_attempt_does_not_fit() -> None:
    plain = secrets.token_bytes(2 * seal.PIECE)
    pieces, key, salt, export_id = sealed(plain)
    for other in ((seal.new_key(), salt, export_id), (key, secrets.token_bytes(32), export_id), (key, salt, uuid4())):
        with pytest.raises(seal.NotOpened):
            opened(pieces, *other)


# The passphrase


def test_a_passphrase_has_128_random_bits_and_opens_its_lock_alone() -> None:
    key, export_id = seal.new_key(), uuid4()
    one, two = (seal.locked(key=key, export_id=export_id) for _ in range(2))
    assert one.passphrase != two.passphrase and [len(group) for group in one.passphrase.split("-")] == [4] * 7
    assert seal.unlocked(lock=one.lock, passphrase=one.passphrase, export_id=export_id) == key
    with pytest.raises(seal.NotOpened, match="wrong"):
        seal.unlocked(lock=one.lock, passphrase=two.passphrase, export_id=export_id)
    assert one.lock["iterations"] >= 600_000 and one.passphrase not in repr(one) and key.hex() not in json.dumps(one.lock)
    assert repr(one) == "Secret()"


def test_it_may_be_typed_as_people_type() -> None:
    passphrase = seal.locked(key=seal.new_key(), export_id=uuid4()).passphrase
    digits = seal.typed(passphrase)
    for written in (
        passphrase.lower(),
        passphrase.replace("-", " "),
        passphrase.replace("-", ""),
        f"  {passphrase}\n",
        passphrase.replace("0", "O").replace("1", "l"),
    ):
        assert seal.typed(written) == digits == program.digits_of(written)


@given(st.integers(0, 27), st.sampled_from(seal.ALPHABET))
def test_a_slip_of_the_finger_is_told_as_one(place: int, wrong: str) -> None:
    digits = "0123456789ABCDEFGHJKMNPQRS"
    whole = digits + seal._check(digits)
    written = whole[:place] + wrong + whole[place + 1 :]
    if written == whole:
        assert seal.typed(written) == digits
        return
    try:  # one in 1024 slips may go unseen: then the key does not open
        assert seal.typed(written) != digits
    except seal.NotOpened as error:
        assert error.code == "mistyped"


@pytest.mark.parametrize("name", ["kdf", "iterations", "salt", "key"])
def test_a_lock_that_was_changed_does_not_open(name: str) -> None:
    key, export_id = seal.new_key(), uuid4()
    secret = seal.locked(key=key, export_id=export_id)
    other = {
        "kdf": "PBKDF2-SHA1",
        "iterations": 1,
        "salt": base64.b64encode(bytes(32)).decode(),
        "key": base64.b64encode(bytes(60)).decode(),
    }
    with pytest.raises(seal.NotOpened, match="wrong"):
        seal.unlocked(lock={**secret.lock, name: other[name]}, passphrase=secret.passphrase, export_id=export_id)
    with pytest.raises(seal.NotOpened, match="wrong"):
        seal.unlocked(lock=secret.lock, passphrase=secret.passphrase, export_id=uuid4())


# The program without dependencies


@pytest.fixture(scope="module")
def download() -> tuple[bytes, str, bytes]:
    """A download, its passphrase, and what is in it."""
    plain = b"PK" + secrets.token_bytes(seal.PIECE + 100_000)
    pieces, key, salt, export_id = sealed(plain)
    secret = seal.locked(key=key, export_id=export_id)
    head = seal.head(export_id=export_id, lock=secret.lock, salt=salt)
    return b"".join(export_page.opener(head=head, pieces=pieces, language="fi")), secret.passphrase, plain


@pytest.mark.parametrize("by", ["Quick", "Plain"])
def test_the_program_opens_a_download(download: tuple[bytes, str, bytes], by: str) -> None:
    page, passphrase, plain = download
    assert b"".join(program.opened(io.BytesIO(page), passphrase, getattr(program, by))) == plain


def test_its_own_aes_is_that_of_the_library() -> None:
    for size in (0, 1, 15, 16, 17, 1000):
        key, nonce, plain, bound = (
            secrets.token_bytes(32),
            secrets.token_bytes(12),
            secrets.token_bytes(size),
            secrets.token_bytes(size % 40),
        )
        ours = AESGCM(key).encrypt(nonce, plain, bound)
        assert program.Plain(key).opened(nonce, ours, bound) == plain
        assert program.Plain(key).opened(nonce, ours[:-1] + bytes([ours[-1] ^ 1]), bound) is None


def test_it_runs_by_itself_and_writes_nothing_of_a_bad_file(download: tuple[bytes, str, bytes], tmp_path: Path) -> None:
    page, passphrase, plain = download
    path, cut = tmp_path / "aurora.html", tmp_path / "cut.html"
    path.write_bytes(page)
    cut.write_bytes(page[: page.rindex(b'<script type="text/plain"')])

    def run(file: Path, typed: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", "-S", str(PROGRAM), str(file)], input=typed, capture_output=True, text=True, check=False
        )

    for file, typed, code in (
        (cut, passphrase, "cut_short"),
        (path, passphrase[:-1] + ("0" if passphrase[-1] != "0" else "1"), "mistyped"),
    ):
        failed = run(file, typed)
        assert failed.returncode == 1 and code in failed.stderr
        assert not (tmp_path / "aurora.zip").exists() and not (tmp_path / "aurora.zip.part").exists()
    assert run(path, passphrase).returncode == 0, "without any package (-S)"
    assert (tmp_path / "aurora.zip").read_bytes() == plain
    assert (tmp_path / "aurora.zip").stat().st_mode & 0o777 == 0o600
