"""Keys, signed notes and checkpoints."""

from __future__ import annotations

import base64
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aurora.keyfiles import KeyFile
from consent.ledger import merkle, verify
from consent.ledger.checkpoint import LedgerKeyError, Signer, ensure_key
from consent.ledger.verify import NotVerified, open_checkpoint, open_note
from tests.support.log_keys import cosignature, make_signer

# The note that the signed-note format's first implementation (Go's sumdb/note) documents itself with.
KNOWN_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
KNOWN_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
KNOWN_NOTE = f"{KNOWN_TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
ROOT = merkle.EMPTY_ROOT


@pytest.fixture
def signer() -> Signer:
    return make_signer("aurora.test/ledger", bytes(range(32)))


def test_a_note_that_others_signed_opens() -> None:
    assert open_note(KNOWN_NOTE, KNOWN_VKEY) == KNOWN_TEXT


def test_a_checkpoint_states_its_tree(signer: Signer) -> None:
    note = signer.checkpoint(70_000, ROOT)
    lines = note.split("\n")
    assert lines[:4] == ["aurora.test/ledger", "70000", base64.b64encode(ROOT).decode(), ""]
    assert [line.rpartition(" ")[0] for line in lines[4:]] == ["— aurora.test/ledger", "— aurora.test/ledger", ""]
    for vkey in signer.vkeys:
        assert open_checkpoint(note, vkey) == verify.Checkpoint("aurora.test/ledger", 70_000, ROOT)


def test_the_checkpoint_format_is_frozen(signer: Signer) -> None:
    """Ed25519 is deterministic: the same key and tree give the same first line for ever."""
    assert signer.vkey == "aurora.test/ledger+6da2c528+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
    assert first_line_only(signer.checkpoint(1, ROOT)) == (
        "aurora.test/ledger\n"
        "1\n"
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
        "\n"
        "— aurora.test/ledger "
        "baLFKIgqh+oKqTbgknY0++34Rh46FkIu/S8SNkoLMHN0eHcwOw5HyPAX3UFCz9pJgZVTokawFahn1OwGC0IvCImdzwY=\n"
    )


def test_signatures_of_witnesses_do_not_disturb(signer: Signer) -> None:
    note = signer.checkpoint(5, ROOT)
    line = cosignature(note, "witness.test/w", bytes(32), at=1_700_000_000)
    text, own = note.split("\n\n")
    for vkey in signer.vkeys:
        assert open_checkpoint(note + line, vkey).size == 5
        assert open_checkpoint(f"{text}\n\n{line}{own}", vkey).size == 5


def first_line_only(note: str) -> str:
    """The note as logs sign it that know Ed25519 only."""
    return note[: note[:-1].rindex("\n") + 1]


def spoiled_notes() -> dict[str, str]:
    signer = make_signer("aurora.test/ledger", bytes(range(32)))
    stranger = make_signer("aurora.test/ledger", bytes(32))
    good = first_line_only(signer.checkpoint(5, ROOT))
    text, signature = good.split("\n\n")
    raw = bytearray(base64.b64decode(signature.split(" ")[2]))
    raw[-1] ^= 1
    flipped = base64.b64encode(bytes(raw)).decode()
    return {
        "another size": good.replace("\n5\n", "\n6\n"),
        "another root": good.replace(base64.b64encode(ROOT).decode(), base64.b64encode(bytes(32)).decode()),
        "another origin": good.replace("aurora.test/ledger\n5", "aurora.test/other\n5"),
        "another key under the same name": first_line_only(stranger.checkpoint(5, ROOT)),
        "a flipped bit": f"{text}\n\n— aurora.test/ledger {flipped}\n",
        "no signature": f"{text}\n\n",
        "no end of line": good[:-1],
        "a carriage return": good.replace("\n5\n", "\n5\r\n"),
        "base64 that is none": f"{text}\n\n— aurora.test/ledger !!!!\n",
        "a hyphen for the dash": good.replace("—", "-"),
        "empty": "",
        "oversized": good + "— x AAAAAAAA\n" * 10_000,
    }


@pytest.mark.parametrize("note", spoiled_notes().values(), ids=spoiled_notes().keys())
def test_a_spoiled_checkpoint_does_not_open(note: str, signer: Signer) -> None:
    with pytest.raises(NotVerified):
        open_checkpoint(note, signer.vkey)


@pytest.mark.parametrize(
    "body",
    [
        "aurora.test/ledger\n05\n{root}\n",
        "aurora.test/ledger\n-1\n{root}\n",
        "aurora.test/ledger\n5\n{root}=\n",
        "aurora.test/ledger\n5\n",
        "other/log\n5\n{root}\n",
        "aurora.test/ledger\n٥\n{root}\n",
    ],
)
def test_a_well_signed_note_that_is_no_checkpoint_of_ours_does_not_open(body: str, signer: Signer) -> None:
    text = body.format(root=base64.b64encode(ROOT).decode())
    public = signer.key.public_key().public_bytes_raw()
    raw = verify.key_id(signer.origin, public) + signer.key.sign(text.encode())
    note = f"{text}\n— {signer.origin} {base64.b64encode(raw).decode()}\n"
    assert open_note(note, signer.vkey) == text
    with pytest.raises(NotVerified):
        open_checkpoint(note, signer.vkey)


@pytest.mark.parametrize(
    "vkey",
    ["", "name", "name+00000000+AA==", KNOWN_VKEY.replace("c74f20a3", "c74f20a4"), KNOWN_VKEY.replace("+ARp", "+AhP")],
)
def test_a_malformed_verifier_key_opens_nothing(vkey: str) -> None:
    with pytest.raises(NotVerified):
        open_note(KNOWN_NOTE, vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b"])
def test_a_log_needs_a_usable_name(name: str) -> None:
    with pytest.raises(LedgerKeyError):
        make_signer(name, bytes(32))


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ledger-ed25519"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: ensure_key(path).private_bytes_raw(), range(24)))
    assert len(keys) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["ledger-ed25519"]


def test_the_key_file_is_the_one_that_the_rest_of_aurora_knows(tmp_path: Path) -> None:
    path = tmp_path / "ledger-ed25519"
    theirs = KeyFile(path, "ed25519", create=True).raw()
    assert ensure_key(path).private_bytes_raw() == theirs
    ours = tmp_path / "other"
    assert KeyFile(ours, "ed25519", create=False).path == ours
    seed = ensure_key(ours).private_bytes_raw()
    assert KeyFile(ours, "ed25519", create=False).raw() == seed


def test_a_key_file_open_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    ensure_key(path)
    path.chmod(0o644)
    with pytest.raises(LedgerKeyError, match="chmod 600"):
        ensure_key(path)


@pytest.mark.parametrize("content", [b"", b"short", b"A" * 44, "\u00e5\u00e5".encode(), b"!" * 43])
def test_a_malformed_key_file_is_refused_without_quoting_it(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(LedgerKeyError) as refusal:
        ensure_key(path)
    assert content == b"" or content.decode() not in str(refusal.value)


def test_the_key_is_in_no_repr(signer: Signer) -> None:
    assert repr(signer) == "Signer(origin='aurora.test/ledger')"


def test_former_keys_sign_last(signer: Signer) -> None:
    first, second = (make_signer(signer.origin, seed * 32) for seed in (b"\x01", b"\x02"))
    note = Signer(signer.origin, signer.key, signer.mldsa, (first.key, second.key)).checkpoint(7, ROOT, at=1)
    assert note.startswith(signer.checkpoint(7, ROOT)[:100])
    lines = note.split("\n\n")[1].splitlines(keepends=True)
    for line, vkey in zip(lines, (*signer.vkeys, first.vkey, second.vkey), strict=True):
        assert open_checkpoint(note.split("\n\n")[0] + "\n\n" + line, vkey).size == open_checkpoint(note, vkey).size == 7


def test_a_former_key_is_another_one(signer: Signer) -> None:
    former = make_signer(signer.origin, b"\x01" * 32).key
    for keys in ((signer.key,), (former, former)):
        with pytest.raises(LedgerKeyError, match="former"):
            Signer(signer.origin, signer.key, signer.mldsa, keys)
