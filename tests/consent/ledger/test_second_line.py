"""The log's ML-DSA-44 line and witnesses' cosignatures: the specification's bytes, and what is spoiled."""

from __future__ import annotations

import base64
import hashlib
import struct
from pathlib import Path

import pytest

from aurora.keyfiles import KeyFile
from consent.ledger import merkle, verify
from consent.ledger.checkpoint import LedgerKeyError, Signer, ensure_mldsa_key
from consent.ledger.note import COSIGNATURE, Vkey
from consent.ledger.verify import NotVerified, open_checkpoint, open_cosigned
from tests.support.log_keys import cosignature, make_signer, witness_vkey

NAME = "aurora.test/ledger"
ROOT = merkle.EMPTY_ROOT
AT = 1_700_000_000


@pytest.fixture(scope="module")
def signer() -> Signer:
    return make_signer(NAME, bytes(range(32)))


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def test_the_second_line_is_what_the_specification_says(signer: Signer) -> None:
    """C2SP tlog-cosignature: a time of eight bytes, then ML-DSA-44 over `cosigned_message`; written out here once more, field by field."""
    line = signer.checkpoint(70_000, ROOT, at=AT + 0.9).split("\n")[-2]
    raw = base64.b64decode(line.split(" ")[2])
    public = signer.mldsa.public_key().public_bytes_raw()
    name = NAME.encode()
    assert raw[:4] == hashlib.sha256(name + b"\n\x06" + public).digest()[:4]
    assert struct.unpack(">Q", raw[4:12]) == (AT,)
    message = b"subtree/v1\n\0" + bytes([18]) + name + raw[4:12] + bytes([18]) + name + struct.pack(">QQ", 0, 70_000) + ROOT
    signer.mldsa.public_key().verify(raw[12:], message)
    assert signer.vkeys == (signer.vkey, f"{NAME}+{raw[:4].hex()}+{b64(bytes([6]) + public)}")


@pytest.mark.parametrize("clock", [-5e9, 0.0, 1e30])
def test_a_clock_that_is_wrong_beyond_all_bounds_still_signs(clock: float, signer: Signer) -> None:
    note = signer.checkpoint(5, ROOT, at=clock)
    for vkey in signer.vkeys:
        assert open_checkpoint(note, vkey).size == 5


def test_kinds_of_keys_are_not_mistaken_for_one_another(signer: Signer) -> None:
    """One key pair, two types: what it signed as a log is no cosignature, and the other way round."""
    note = signer.checkpoint(5, ROOT)
    as_witness = Vkey(NAME, COSIGNATURE, signer.key.public_key().public_bytes_raw())
    with pytest.raises(NotVerified):
        open_cosigned(note, str(as_witness))
    with pytest.raises(NotVerified, match="no time"):
        open_cosigned(note, signer.vkey)
    cosigned = note + cosignature(note, NAME, bytes(range(32)), at=AT)
    assert open_cosigned(cosigned, str(as_witness)).time == AT
    with pytest.raises(NotVerified, match="witness"):
        open_checkpoint(cosigned, str(as_witness))


def test_a_witness_vouches_for_one_head_at_one_time(signer: Signer) -> None:
    note = signer.checkpoint(5, ROOT)
    vkey, line = str(witness_vkey("witness.test/w", bytes(32))), cosignature(note, "witness.test/w", bytes(32), at=AT)
    assert open_cosigned(note + line, vkey) == verify.Cosigned(verify.Checkpoint(NAME, 5, ROOT), AT)
    others = cosignature(signer.checkpoint(6, ROOT), "witness.test/w", bytes(32), at=AT)
    raw = bytearray(base64.b64decode(line.split(" ")[2]))
    raw[11] ^= 1
    for spoiled in (
        note,
        note + others,
        note + line + others,
        note + cosignature(note, "witness.test/w", bytes(32), at=0),
        note + cosignature(note, "witness.test/w", bytes(31) + b"\x01", at=AT),
        note + f"— witness.test/w {b64(bytes(raw))}\n",
    ):
        with pytest.raises(NotVerified):
            open_cosigned(spoiled, vkey)


def spoiled() -> dict[str, str]:
    good = make_signer(NAME, bytes(range(32))).checkpoint(5, ROOT, at=AT)
    text, raw = good[: good[:-1].rindex("\n") + 1], base64.b64decode(good[:-1].rpartition(" ")[2])

    def line(changed: bytes) -> str:
        return f"— {NAME} {b64(changed)}\n"

    def flipped(place: int) -> str:
        return line(raw[:place] + bytes([raw[place] ^ 0x80]) + raw[place + 1 :])

    return {
        "a flipped bit": text + flipped(len(raw) - 1),
        "another time": text + flipped(11),
        "a time beyond the format": text + flipped(4),
        "cut short": text + line(raw[:-1]),
        "too long": text + line(raw + bytes(1)),
        "no time": text + line(raw[:4] + raw[12:]),
        "another size": good.replace("\n5\n", "\n6\n"),
        "another root": good.replace(b64(ROOT), b64(bytes(32))),
        "of another key under the same name": make_signer(NAME, bytes(range(32)), mldsa=bytes(32)).checkpoint(5, ROOT),
        "left out": text,
        "a good one and a bad one": good + flipped(len(raw) - 1),
    }


@pytest.mark.parametrize("note", spoiled().values(), ids=spoiled().keys())
def test_a_spoiled_second_line_does_not_open(note: str, signer: Signer) -> None:
    with pytest.raises(NotVerified):
        open_checkpoint(note, signer.vkeys[1])


def test_who_knows_the_first_line_only_passes_the_second_over(signer: Signer) -> None:
    for deed in ("a flipped bit", "cut short", "left out"):
        assert open_checkpoint(spoiled()[deed], signer.vkey).size == 5


@pytest.mark.parametrize("spoil", ["kind", "length", "id"])
def test_a_malformed_second_key_opens_nothing(spoil: str, signer: Signer) -> None:
    name, key_id, encoded = signer.vkeys[1].split("+", 2)
    raw = base64.b64decode(encoded)
    changed = {"kind": b"\x07" + raw[1:], "length": raw[:-1], "id": raw}[spoil]
    stated = hashlib.sha256(name.encode() + b"\n" + changed).digest()[:4].hex() if spoil != "id" else f"{int(key_id, 16) ^ 1:08x}"
    with pytest.raises(NotVerified):
        open_checkpoint(signer.checkpoint(5, ROOT), f"{name}+{stated}+{b64(changed)}")


def test_its_key_file_is_like_all_others(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ledger-mldsa44"
    key = ensure_mldsa_key(path)
    assert ensure_mldsa_key(path).private_bytes_raw() == key.private_bytes_raw()
    assert path.stat().st_mode & 0o777 == 0o600
    assert KeyFile(path, "mldsa44", create=False).raw() == key.private_bytes_raw()
    path.chmod(0o644)
    with pytest.raises(LedgerKeyError, match="chmod 600"):
        ensure_mldsa_key(path)
    path.chmod(0o600)
    path.write_text("short\n")
    with pytest.raises(LedgerKeyError, match="ML-DSA-44"):
        ensure_mldsa_key(path)
