"""Zips that are no packages, and signatures that are none."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tempfile
import zipfile
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.errors import EvaluatorRefused
from recommender.evaluators import examine, signature
from recommender.evaluators.package import LARGEST_MODEL, LARGEST_ZIP, read
from tests.support import evaluators as owner

Refused = Callable[[str], pytest.RaisesExc[EvaluatorRefused]]


@pytest.fixture(scope="module")
def good() -> bytes:
    return owner.package()


def test_a_package_is_its_files_and_their_hashes(good: bytes) -> None:
    found = read(good)
    assert list(found.files) == ["contract.json", "models/infection.onnx", "vectors.json"]
    assert found.files["models/infection.onnx"] == hashlib.sha256(owner.model()).hexdigest()
    assert json.loads(found.contract) == owner.document()
    assert found.sha256 == hashlib.sha256(good).hexdigest()
    assert "contract" not in repr(found)


def zipped(*entries: tuple[zipfile.ZipInfo | str, bytes], base: bool = True, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    with io.BytesIO(owner.package() if base else b"") as out:
        with zipfile.ZipFile(out, "a" if base else "w", method) as archive:
            for name, content in entries:
                archive.writestr(name, content, method)
        return out.getvalue()


def special(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


@pytest.mark.parametrize(
    "name",
    [
        "README",
        "models/infection.data",
        "models/other.onnx.txt",
        "models/a/b.onnx",
        "models/../x.onnx",
        "../contract.json",
        "/contract.json",
        "./contract.json",
        "Contract.json",
        "models\\a.onnx",
        "models/A.onnx",
        "models/a.onnx\n",
        "models/.onnx",
        "signature",
        ".gitignore",
        "other/",
    ],
)
def test_any_other_file_is_refused(name: str, refused: Refused) -> None:
    with refused("package_layout"):
        read(zipped((name, b"")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_twice_is_refused(refused: Refused) -> None:
    with refused("package_layout"):
        read(zipped(("contract.json", b"{}")))


@pytest.mark.parametrize("mode", [0o120777, 0o010644, 0o020644], ids=["symlink", "pipe", "device"])
def test_what_is_no_plain_file_is_refused(mode: int, refused: Refused) -> None:
    with refused("package_layout"):
        read(zipped((special("models/other.onnx", mode), b"/etc/passwd")))


def test_a_name_cut_by_a_nul_is_refused(refused: Refused) -> None:
    content = zipped(("models/xyz.onnx?evil", b"a")).replace(b"models/xyz.onnx?evil", b"models/xyz.onnx\x00evil")
    with refused("package_layout"):
        read(content)


@pytest.mark.parametrize("without", ["contract.json", "vectors.json", "models/infection.onnx"])
def test_a_part_missing_is_refused(without: str, good: bytes, refused: Refused) -> None:
    rest = [(n, c) for n, c in read(good).contents.items() if n != without]
    with refused("package_layout"):
        read(zipped(*rest, base=False))


def test_too_many_files_are_refused(refused: Refused) -> None:
    with refused("package_layout"):
        read(zipped(*((f"models/m{i}.onnx", b"") for i in range(14))))


def test_a_bomb_is_refused_before_it_is_all_read(refused: Refused) -> None:
    bomb = zipped(("models/bomb.onnx", bytes(LARGEST_MODEL + 1)))
    assert len(bomb) < 100_000
    with refused("package_too_large"):
        read(bomb)
    with refused("package_too_large"):  # each within its limit, not all together
        read(zipped(*((f"models/m{i}.onnx", bytes(9 << 20)) for i in range(4))))


def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    content = bytearray(zipped(("models/bomb.onnx", bytes(1 << 20)), base=False))
    for at in (content.find(b"PK\x03\x04") + 22, content.find(b"PK\x01\x02") + 24):
        assert struct.unpack_from("<I", content, at) == (1 << 20,)
        struct.pack_into("<I", content, at, 10)
    with pytest.raises(EvaluatorRefused) as caught:
        read(bytes(content))
    assert caught.value.code in ("package_unreadable", "package_layout")


def test_a_large_zip_is_refused(refused: Refused) -> None:
    with refused("package_too_large"):
        read(bytes(LARGEST_ZIP + 1))


def test_a_directory_of_many_entries_is_refused_unread(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    with io.BytesIO() as out:
        with zipfile.ZipFile(out, "w") as archive:
            for i in range(2000):
                archive.writestr(f"{i}", b"")
        content = out.getvalue()
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with refused("package_layout"):
        read(content)
    lying = bytearray(content)
    struct.pack_into("<HH", lying, len(lying) - 14, 3, 3)  # the count lies, the size must tell
    with refused("package_layout"):
        read(bytes(lying))


@pytest.mark.parametrize(
    "change",
    [
        lambda z: b"",
        lambda z: b"PK\x05\x06" + bytes(18),
        lambda z: z[:-30],
        lambda z: z + b"comment",
        lambda z: b"\x89PNG" * 100,
        lambda z: z.replace(b'"format"', b'"farmat"') if b'"format"' in z else z[:60] + bytes([z[60] ^ 255]) + z[61:],
    ],
    ids=["nothing", "empty", "cut", "comment", "picture", "damaged"],
)
def test_what_is_no_zip_is_refused(change: Callable[[bytes], bytes], good: bytes) -> None:
    with pytest.raises(EvaluatorRefused) as caught:
        read(change(good))
    assert caught.value.code in ("package_unreadable", "package_layout")


def test_other_compression_and_encryption_are_refused(good: bytes, refused: Refused) -> None:
    with refused("package_unreadable"):
        read(zipped(("models/other.onnx", b"a"), method=zipfile.ZIP_BZIP2))
    locked = bytearray(good)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.find(mark) + at] |= 1
    with refused("package_unreadable"):
        read(bytes(locked))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 5000), st.binary(min_size=1, max_size=4))
def test_a_zip_changed_anywhere_is_read_or_refused(at: int, change: bytes) -> None:
    content = bytearray(_GOOD)
    content[at % len(content) : at % len(content) + len(change)] = change
    try:
        read(bytes(content))
    except EvaluatorRefused:
        pass


_GOOD = owner.package()


def verify(content: bytes, signed: bytes, *, public: str | None = None) -> None:
    """In this process: what the child does, without the second it takes to start."""
    found = read(content)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, data in found.contents.items():
            (folder / "package" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "package" / name).write_bytes(data)
        (folder / "signature").write_bytes(signed)
        (folder / "trusted.pem").write_text(public or owner.key()[1])
        signature.check(
            folder / "package", folder / "signature", folder / "trusted.pem", signature.Trust(key=public or owner.key()[1]), found.files
        )


@pytest.fixture(scope="module")
def signed(good: bytes) -> bytes:
    return owner.sign(good)


def test_the_owners_signature_holds(good: bytes, signed: bytes) -> None:
    verify(good, signed)
    found = read(good)
    examine.verify(found.contents, found.files, signed, signature.Trust(key=owner.key()[1]))  # in a child


def test_another_key_is_refused(good: bytes, signed: bytes, refused: Refused) -> None:
    with refused("signature_invalid"):
        verify(good, signed, public=owner.key(1)[1])
    foreign = owner.sign(good, owner.key(1)[0])
    with refused("signature_invalid"):
        verify(good, foreign)
    # One that says it was made with the owner's key.
    bundle = json.loads(foreign)
    bundle["verificationMaterial"] = json.loads(signed)["verificationMaterial"]
    with refused("signature_invalid"):
        verify(good, json.dumps(bundle).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"contract": owner.document(version=9)},
        {"models": {"models/infection.onnx": owner.model(bias=-3)}},
        {"tests": owner.vectors(11)},
        {"extra": {"models/other.onnx": b"a"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_file_changed_or_added_after_signing_is_refused(change: Mapping[str, object], signed: bytes, refused: Refused) -> None:
    with refused("signature_invalid"):
        verify(owner.package(**change), signed)  # type: ignore[arg-type]


def test_a_file_removed_after_signing_is_refused(good: bytes, refused: Refused) -> None:
    both = owner.package(extra={"models/other.onnx": b"a"})
    with refused("signature_invalid"):
        verify(good, owner.sign(both))


def test_a_signature_that_leaves_out_a_model_is_refused(good: bytes, refused: Refused) -> None:
    """model_signing takes what to leave out from the signature: then the model could be exchanged at will."""
    partial = owner.sign(good, leave_out=["models/infection.onnx"])
    with refused("signature_invalid"):
        verify(good, partial)
    with refused("signature_invalid"):
        verify(owner.package(models={"models/infection.onnx": owner.model(bias=3)}), partial)


def payload(bundle: dict, change: Callable[[dict], None]) -> bytes:
    statement = json.loads(b64decode(bundle["dsseEnvelope"]["payload"]))
    change(statement)
    bundle["dsseEnvelope"]["payload"] = b64encode(json.dumps(statement).encode()).decode()
    return json.dumps(bundle).encode()


def test_a_statement_changed_after_signing_is_refused(good: bytes, signed: bytes, refused: Refused) -> None:
    with refused("signature_invalid"):
        verify(good, payload(json.loads(signed), lambda s: s["predicate"].update(resources=[])))


@pytest.mark.parametrize(
    "content",
    [
        b"none",
        b"[]",
        b"{}",
        b"null",
        b"[" * 50_000,
        b"\xff",
        b'{"dsseEnvelope": {"payload": "a b", "signatures": [1]}, "verificationMaterial": {"publicKey": {}}}',
    ],
    ids=["text", "list", "empty", "null", "deep", "bytes", "not base64"],
)
def test_what_is_no_signature_is_refused(content: bytes, good: bytes, refused: Refused) -> None:
    with refused("signature_unreadable"):
        verify(good, content)


def test_without_signature_or_with_a_huge_one(good: bytes, refused: Refused) -> None:
    found = read(good)
    with refused("signature_missing"):
        examine.verify(found.contents, found.files, b"", signature.Trust(key=owner.key()[1]))
    with refused("signature_unreadable"):
        examine.verify(found.contents, found.files, b" " * (signature.LARGEST + 1), signature.Trust(key=owner.key()[1]))
