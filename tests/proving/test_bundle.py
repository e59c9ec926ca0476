"""The bundle of a real log: both verifiers find it whole, waiting entries are named as that, and each deed of a superuser shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import psycopg
import pytest
from django.utils import timezone

from aurora.journeys import prove
from consent.errors import NotFound
from consent.ledger import queries as ledger
from consent.ledger.events import Event
from tests.support.cast import Cast, services

Seal = Callable[[], None]
CHECK = Callable[[str, list[Any]], list[Any]]


TABLES = ("ledger_ledgerentry", "ledger_head", "ledger_pending", "ledger_leaf", "ledger_tile", "ledger_checkpoint", "ledger_key")


@contextmanager
def deed(*statements: str) -> Iterator[None]:
    """A superuser's change, past triggers and privileges; afterwards all of the log is as it was."""
    with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        for table in TABLES:
            admin.execute(f"CREATE TEMP TABLE kept_{table} AS SELECT * FROM {table}")  # type: ignore[arg-type]
        for statement in statements:
            admin.execute(statement)  # type: ignore[arg-type]
        try:
            yield
        finally:
            for table in TABLES:
                admin.execute(f"DELETE FROM {table}")  # type: ignore[arg-type]
                admin.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")  # type: ignore[arg-type]


def _bundle(cast: Cast) -> dict[str, Any]:
    return prove.bundle(citizen_id=cast.aino.id, now=timezone.now())


def _findings(said: dict[str, Any]) -> list[tuple[str, int | None]]:
    return [(finding["code"], finding.get("seq")) for finding in said["findings"]]


def test_both_verifiers_find_it_whole(cast: Cast, seal: Seal, program: ModuleType, in_node: CHECK) -> None:
    seal()
    bundle = _bundle(cast)
    said = program.check_bundle(bundle)
    assert said["verdict"] == "verified" and in_node("check", [(bundle, {})]) == [said]
    codes = [entry["code"] for entry in said["entries"]]
    # All is sealed but the entry of this very download, which is the last.
    assert len(codes) > 5 and codes == ["proved"] * (len(codes) - 1) + ["pending"]
    last = bundle["entries"][-1]["access"]
    head = ledger.newest_checkpoint()
    assert head and last["event"] == Event.OWN_DATA_EXPORTED and last["id"] == str(cast.aino.entries()[-1].id)
    assert last["details"] == {"what": "log", "tree_root": bytes(head.root).hex(), "tree_size": head.size}


def test_before_the_sequencer_ever_ran_all_waits(cast: Cast, program: ModuleType, in_node: CHECK) -> None:
    with deed("TRUNCATE ledger_leaf, ledger_tile, ledger_checkpoint, ledger_key"):
        bundle = _bundle(cast)
    said = program.check_bundle(bundle)
    assert bundle["checkpoint"] is None and {entry["code"] for entry in said["entries"]} <= {"pending", "overdue"}
    # Whoever has downloaded before has a chain that knows of a tree: that there is none any more is found.
    noted = any((entry["access"]["details"].get("tree_size") or 0) > 0 for entry in bundle["entries"])
    assert {finding["code"] for finding in said["findings"]} - {"overdue"} == ({"tree_shrunk"} if noted else set())
    assert in_node("check", [(bundle, {})]) == [said]


def test_a_later_one_shows_that_it_extends_the_earlier(cast: Cast, seal: Seal, program: ModuleType, in_node: CHECK) -> None:
    seal()
    earlier = _bundle(cast)
    seal()
    later = _bundle(cast)
    said = program.check_bundle(later, older=earlier)
    assert said["verdict"] == "verified" and in_node("check", [(later, {"older": earlier})]) == [said]
    assert _findings(program.check_bundle(earlier, older=later))[0][0] == "chain_shrunk"
    # Without the proof that the bundle carries, it is said not to be checked rather than found good.
    alone = _findings(program.check_bundle({**later, "earlier": []}, older=earlier))
    assert alone[-1] == ("extension_unproven", None)
    # And the chain itself tells that there was a download of another state: without an earlier bundle too nothing is hidden by leaving it out.
    noted = earlier["entries"][-1]["seq"]
    assert ("extension_unproven", noted) in _findings(program.check_bundle({**later, "earlier": []}))


def test_two_downloads_at_once_do_not_alarm(cast: Cast, seal: Seal, program: ModuleType, in_node: CHECK) -> None:
    """The second notes a newer state of the log before the first has been read: the first must reach as far."""
    seal()
    begun = prove.begin(citizen_id=cast.aino.id, now=timezone.now())
    seal()
    other = prove.begin(citizen_id=cast.aino.id, now=timezone.now())
    assert other.size > begun.size
    for one in (begun, other):
        bundle = json.loads(b"".join(prove.written(one)))
        said = program.check_bundle(bundle)
        assert said["verdict"] == "verified" and in_node("check", [(bundle, {})]) == [said]


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["UPDATE ledger_ledgerentry SET actor = 'nobody' WHERE citizen_id = '{of}' AND seq = 2"], [("shown_differs", 2)]),
        (["UPDATE ledger_ledgerentry SET sealed = sealed || 'x'::bytea WHERE citizen_id = '{of}' AND seq = 2"], [("unreadable", 2)]),
        (["DELETE FROM ledger_ledgerentry WHERE citizen_id = '{of}' AND seq = 2"], [("missing_before", 3)]),
        (["UPDATE ledger_ledgerentry SET commitment = sha256('x') WHERE citizen_id = '{of}' AND seq = 2"],
         [("content_changed", 2), ("not_included", 2), ("unlinked", 3)]),
        (["UPDATE ledger_ledgerentry SET seq = 1000 + seq WHERE citizen_id = '{of}' AND seq IN (2, 3)",
          "UPDATE ledger_ledgerentry SET seq = 1005 - seq WHERE citizen_id = '{of}' AND seq > 1000"],
         [("content_changed", 2), ("unlinked", 2), ("content_changed", 3), ("unlinked", 3), ("unlinked", 4)]),
        (["UPDATE ledger_head SET seq = 3 WHERE citizen_id = '{of}'"], []),
        (["UPDATE ledger_tile SET hashes = substr(hashes, 1, 32)"], None),
    ],
)  # fmt: skip
def test_what_a_superuser_does_shows(
    cast: Cast, seal: Seal, program: ModuleType, in_node: CHECK, statements: list[str], found: list[tuple[str, int]] | None
) -> None:
    seal()
    begun = prove.begin(citizen_id=cast.aino.id, now=timezone.now())
    with deed(*(statement.replace("{of}", str(cast.aino.id)) for statement in statements)):
        bundle = json.loads(b"".join(prove.written(begun)))
    said = program.check_bundle(bundle)
    assert said["verdict"] == "failed" and in_node("check", [(bundle, {})]) == [said]
    if found:
        assert _findings(said) == found
    elif found is None:  # the stored tree is damaged: nothing of it proves anything, and that is no error of the page
        assert {code for code, _ in _findings(said)} >= {"not_included"}
    else:
        assert _findings(said) == [("head_differs", None)]


def test_it_is_the_citizens_alone(cast: Cast, seal: Seal) -> None:
    seal()
    mine = cast.aino.entries()[0].id
    with pytest.raises(NotFound):
        prove.tlog_proof(citizen_id=cast.cecilia.id, entry_id=mine)
    theirs = prove.bundle(citizen_id=cast.cecilia.id, now=timezone.now())
    assert {entry["access"]["citizen"] for entry in theirs["entries"]} == {str(cast.cecilia.id)}


def test_one_entry_as_a_tlog_proof(cast: Cast, seal: Seal, program: ModuleType, in_node: CHECK) -> None:
    begun = prove.begin(citizen_id=cast.aino.id, now=timezone.now())
    assert prove.tlog_proof(citizen_id=cast.aino.id, entry_id=begun.entry_id) is None
    seal()
    proof = prove.tlog_proof(citizen_id=cast.aino.id, entry_id=begun.entry_id)
    keys = [ledger.verifier_keys()[0]]
    assert proof and program.check_proof(proof, keys)["code"] == "proved"
    assert json.loads(program.check_proof(proof, keys)["entry"])["access"]["id"] == str(begun.entry_id)
    assert in_node("proof", [(proof, keys)])[0]["code"] == "proved"


def test_long_logs_come_in_pieces(cast: Cast, seal: Seal, program: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    seal()
    monkeypatch.setattr(prove, "CHUNK", 2)
    begun = prove.begin(citizen_id=cast.aino.id, now=timezone.now())
    pieces = list(prove.written(begun))
    assert len(pieces) > 4 and program.check_bundle(json.loads(b"".join(pieces)))["verdict"] == "verified"
