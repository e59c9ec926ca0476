"""What a DBA does to the log, a test a deed, judged by the citizen's own verifiers: the one-file program and the browser's modules.

Where a bundle alone tells nothing, the test says so, and shows who does: an earlier bundle, everyone's log, or the sequencer. What only a witness
notices is in test_witnessed.py; docs/decisions/ledger.md has the table.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from consent.ids import uuid7
from consent.ledger import leaf
from consent.ledger.events import Event
from consent.ledger.tiles import TreeDamaged
from tests.ledger_deeds.world import Log, digest, forged
from tests.support.log_keys import make_signer

AINOS = "citizen_id = %s AND seq = %s"


def found(log: Log) -> set[tuple[str, int | None]]:
    """What is found in Aino's bundle, which must fail; and that Cecilia, to whom nothing was done, is not alarmed."""
    said = log.judge(log.bundle())
    assert said.verdict == "failed"
    assert log.judge(log.bundle(log.cecilia)).verdict == "verified"
    return said.findings


# The honest twins of all deeds


def test_nobody_does_anything(log: Log) -> None:
    earlier = log.bundle()
    for _ in range(3):
        log.live()
        later = log.bundle()
        said = log.judge(later, older=earlier, keys=[log.signer.vkeys[0]])
        assert (said.verdict, said.findings) == ("verified", set())
        assert log.judge_with_public(later, older=earlier) == set()
        earlier = later
    log.live()


def test_a_dba_who_only_looks_after_the_database(log: Log) -> None:
    earlier = log.bundle()
    for deed in ("VACUUM FULL ledger_tile", "REINDEX TABLE ledger_leaf", "ANALYZE", "CLUSTER ledger_leaf USING ledger_leaf_pkey"):
        log.dba(deed)
    log.databases.keep("moved")
    log.databases.put_back("moved")
    log.live()
    assert log.judge(log.bundle(), older=earlier).verdict == "verified"


# One citizen's entries


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'tax-administration'",
        "event = 'agency:twin:refused'",
        "decision = 'no_consent'",
        "purpose = 'surgery-risk'",
        "categories = '{}'",
        "at = at + interval '1 microsecond'",
        "source = 'hospital'",
        "consent_ids = ARRAY[gen_random_uuid()]",
    ],
)
def test_edit_an_entrys_columns(log: Log, change: str) -> None:
    log.changes(f"UPDATE ledger_ledgerentry SET {change} WHERE {AINOS}", log.aino, 4)
    assert found(log) == {("shown_differs", 4)}


def test_edit_the_sealed_part(log: Log) -> None:
    log.changes(f"UPDATE ledger_ledgerentry SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) WHERE {AINOS}", log.aino, 4)
    assert found(log) == {("unreadable", 4)}


def test_swap_the_sealed_parts_of_two_entries(log: Log) -> None:
    swap = "UPDATE ledger_ledgerentry e SET sealed = o.sealed FROM ledger_ledgerentry o WHERE e.citizen_id = %s AND o.citizen_id = e.citizen_id AND e.seq + o.seq = 9 AND e.seq IN (4, 5)"
    log.changes(swap, log.aino)
    assert found(log) == {("unreadable", 4), ("unreadable", 5)}


def test_edit_the_content_with_the_vaults_key(log: Log) -> None:
    """Who can seal for the citizen still cannot make the commitment fit: it is in the tree, and the next entry is linked to it."""
    entry = log.chain(log.aino)[3]
    access = entry["access"] | {"actor": "tax-administration"}
    sealed = log.reseal(log.aino, entry["id"], bytes.fromhex(entry["salt"]), access)
    log.changes(f"UPDATE ledger_ledgerentry SET sealed = %s, actor = 'tax-administration' WHERE {AINOS}", sealed, log.aino, 4)
    assert found(log) == {("content_changed", 4)}


def test_edit_the_content_and_make_the_commitment_fit(log: Log) -> None:
    entry, prev = log.chain(log.aino)[3], log.dba(f"SELECT prev FROM ledger_ledgerentry WHERE {AINOS}", log.aino, 4)[0][0]
    access, salt = entry["access"] | {"actor": "tax-administration"}, bytes.fromhex(entry["salt"])
    made = leaf.commitment(salt=salt, access=access, prev=bytes(prev), seq=4)
    sealed = log.reseal(log.aino, entry["id"], salt, access)
    log.changes(
        f"UPDATE ledger_ledgerentry SET sealed = %s, commitment = %s, actor = 'tax-administration' WHERE {AINOS}", sealed, made, log.aino, 4
    )
    assert found(log) == {("not_included", 4), ("unlinked", 5)}


def test_re_salt_an_entry(log: Log) -> None:
    entry = log.chain(log.aino)[3]
    log.changes(
        f"UPDATE ledger_ledgerentry SET sealed = %s WHERE {AINOS}",
        log.reseal(log.aino, entry["id"], digest("another salt"), entry["access"]),
        log.aino,
        4,
    )
    assert found(log) == {("content_changed", 4)}


def test_delete_one(log: Log) -> None:
    log.changes(f"DELETE FROM ledger_ledgerentry WHERE {AINOS}", log.aino, 4)
    assert found(log) == {("missing_before", 5)}


def test_delete_one_and_close_the_gap(log: Log) -> None:
    log.changes(f"DELETE FROM ledger_ledgerentry WHERE {AINOS}", log.aino, 4)
    log.changes("UPDATE ledger_ledgerentry SET seq = seq - 1 WHERE citizen_id = %s AND seq > 4", log.aino)
    log.changes("UPDATE ledger_head SET seq = seq - 1 WHERE citizen_id = %s", log.aino)
    codes = found(log)
    assert {("content_changed", seq) for seq in range(4, 9)} | {("unlinked", 4)} == codes


def test_delete_the_first(log: Log) -> None:
    log.changes(f"DELETE FROM ledger_ledgerentry WHERE {AINOS}", log.aino, 1)
    assert found(log) == {("missing_before", 2)}


def test_delete_the_newest(log: Log) -> None:
    """The head stays, and the next entry of the citizen's goes on from it."""
    log.changes("DELETE FROM ledger_ledgerentry WHERE citizen_id = %s AND seq > 7", log.aino)
    assert found(log) == {("missing_before", 10)}
    bundle = log.bundle(after=lambda: log.changes("DELETE FROM ledger_ledgerentry WHERE citizen_id = %s AND seq > 7", log.aino))
    assert log.judge(bundle).findings == {("missing_at_end", 11)}


def test_delete_the_newest_and_set_the_head_back(log: Log) -> None:
    """A chain without its end looks whole: only who has seen the end misses it. That is what an earlier bundle is for."""
    earlier = log.bundle()
    log.changes("DELETE FROM ledger_ledgerentry WHERE citizen_id = %s AND seq > 7", log.aino)
    last = "FROM ledger_ledgerentry e WHERE e.citizen_id = h.citizen_id AND e.seq = 7"
    log.changes(f"UPDATE ledger_head h SET seq = e.seq, prev = e.prev, commitment = e.commitment {last} AND h.citizen_id = %s", log.aino)
    alone = log.bundle()
    assert log.judge(alone).verdict == "verified", "nobody who looks at this alone can know"
    assert log.judge(alone, older=earlier).findings == {("chain_forked", 8), ("chain_shrunk", 10)}
    for _ in range(4):  # and having grown past it does not help
        log.live()
    assert log.judge(log.bundle(), older=earlier).findings == {("chain_forked", 8)}


def test_set_the_head_back_alone(log: Log) -> None:
    """The bundle shows it, and nothing of the citizen's can be read any more: each access must be appended first."""
    bundle = log.bundle(after=lambda: log.changes("UPDATE ledger_head SET seq = 7 WHERE citizen_id = %s", log.aino))
    assert log.judge(bundle).findings == {("head_differs", None)}
    with pytest.raises(IntegrityError):
        log.access(log.aino)


def test_reorder_two(log: Log) -> None:
    log.changes("UPDATE ledger_ledgerentry SET seq = seq + 1000 WHERE citizen_id = %s AND seq IN (4, 5)", log.aino)
    log.changes("UPDATE ledger_ledgerentry SET seq = 1009 - seq WHERE citizen_id = %s AND seq > 1000", log.aino)
    assert found(log) == {("content_changed", 4), ("content_changed", 5), ("unlinked", 4), ("unlinked", 5), ("unlinked", 6)}


def test_reorder_two_and_link_them_anew(log: Log) -> None:
    """With the vault's key all numbers, links and commitments are made to fit: the tree has others."""
    entries = log.chain(log.aino)
    entries[3], entries[4] = entries[4], entries[3]
    log.rewrite_chain(log.aino, entries)
    assert found(log) == {("not_included", seq) for seq in range(4, 10)}


def test_insert_a_forged_one_into_the_chain(log: Log) -> None:
    at = timezone.now() - timedelta(days=5)
    log.changes("UPDATE ledger_ledgerentry SET seq = seq + 1001 WHERE citizen_id = %s AND seq > 4", log.aino)
    log.changes("UPDATE ledger_ledgerentry SET seq = seq - 1000 WHERE citizen_id = %s AND seq > 1000", log.aino)
    log.changes("UPDATE ledger_head SET seq = seq + 1 WHERE citizen_id = %s", log.aino)
    log.changes(
        "INSERT INTO ledger_ledgerentry SELECT %s, citizen_id, 5, commitment, sha256('x'), %s, event, actor, purpose, categories, consent_ids, "
        f"decision, NULL, source, sealed FROM ledger_ledgerentry WHERE {AINOS}",
        uuid7(at),
        at,
        log.aino,
        4,
    )
    codes = found(log)
    assert {("unreadable", 5), ("left_out", 5), ("unlinked", 6)} | {("content_changed", seq) for seq in range(6, 11)} == codes


def test_insert_a_forged_one_and_make_the_rest_fit(log: Log) -> None:
    entries, at = log.chain(log.aino), timezone.now() - timedelta(days=5)
    log.rewrite_chain(log.aino, [*entries[:4], forged(log.aino, uuid7(at), at), *entries[4:]])
    assert found(log) == {("left_out", 5)} | {("not_included", seq) for seq in range(6, 11)}


def test_insert_a_second_one_with_the_same_number(log: Log) -> None:
    """A number is unique within a month only: the forged one lies in another, to come, as months past may share one partition."""
    at = timezone.now() + timedelta(days=70)
    one = forged(log.aino, uuid7(at), at)
    sealed = log.reseal(log.aino, one["id"], bytes.fromhex(one["salt"]), one["access"])
    log.changes(
        "INSERT INTO ledger_ledgerentry SELECT %s, citizen_id, seq, prev, commitment, %s, event, %s, purpose, categories, consent_ids, "
        f"decision, NULL, source, %s FROM ledger_ledgerentry WHERE {AINOS}",
        one["id"],
        at,
        "tax-administration",
        sealed,
        log.aino,
        4,
    )
    assert ("repeated", 4) in found(log) and ("content_changed", 4) in found(log)


def test_show_one_citizens_entry_to_another(log: Log) -> None:
    """The deed is done to Cecilia, in whose place Aino's entry is put; with the vault's key it opens for her."""
    entry = log.chain(log.aino)[3]
    place = log.dba(f"SELECT id FROM ledger_ledgerentry WHERE {AINOS}", log.cecilia, 4)[0][0]
    sealed = log.reseal(log.cecilia, place, bytes.fromhex(entry["salt"]), entry["access"])
    log.changes(f"UPDATE ledger_ledgerentry SET sealed = %s WHERE {AINOS}", sealed, log.cecilia, 4)
    said = log.judge(log.bundle(log.cecilia))
    assert said.verdict == "failed" and {("content_changed", 4), ("shown_differs", 4)} & said.findings
    assert log.judge(log.bundle()).verdict == "verified"


def test_insert_a_forged_one_for_another_citizen(log: Log) -> None:
    """Aino's newest entry, commitment, leaf and all, at the end of Cecilia's chain."""
    entry = log.chain(log.aino)[8]
    new_id = uuid7(timezone.now())
    sealed = log.reseal(log.cecilia, new_id, bytes.fromhex(entry["salt"]), entry["access"])
    log.changes(
        "INSERT INTO ledger_ledgerentry SELECT %s, %s, 10, prev, commitment, now(), event, actor, purpose, categories, consent_ids, decision, NULL, "
        f"source, %s FROM ledger_ledgerentry WHERE {AINOS}",
        new_id,
        log.cecilia,
        sealed,
        log.aino,
        9,
    )
    log.changes(
        "UPDATE ledger_head h SET seq = 10, prev = e.prev, commitment = e.commitment FROM ledger_ledgerentry e WHERE e.id = %s AND h.citizen_id = e.citizen_id",
        new_id,
    )
    said = log.judge(log.bundle(log.cecilia))
    assert {("content_changed", 10), ("unlinked", 10)} <= said.findings


def test_hand_an_entry_over_to_another_citizen(log: Log) -> None:
    """The row is moved: it is missing in one chain and foreign in the other."""
    log.changes(f"UPDATE ledger_ledgerentry SET citizen_id = %s, seq = 99 WHERE {AINOS}", log.cecilia, log.aino, 4)
    assert log.judge(log.bundle()).findings == {("missing_before", 5)}
    assert {("unreadable", 99), ("missing_before", 99)} <= log.judge(log.bundle(log.cecilia)).findings


def test_keep_an_entry_out_of_the_tree(log: Log) -> None:
    """Its row in the queue is deleted: it stays unsealed, and once a later one is sealed that is no waiting any more."""
    log.access(log.aino)
    log.changes("DELETE FROM ledger_pending WHERE entry_id IN (SELECT id FROM ledger_ledgerentry WHERE citizen_id = %s)", log.aino)
    log.live()
    assert found(log) == {("left_out", 10)}


def test_keep_all_of_the_newest_out_of_the_tree(log: Log) -> None:
    """Then nothing later is sealed, but ten minutes are too long: what cannot be proved is not called proved."""
    log.access(log.aino, at=timezone.now() - timedelta(minutes=11))
    log.changes("DELETE FROM ledger_pending")
    log.seal()
    said = log.judge(log.bundle())
    assert (said.verdict, said.findings) == ("incomplete", {("overdue", 10)})


def test_put_another_commitment_into_the_queue(log: Log) -> None:
    log.access(log.aino)
    log.changes("UPDATE ledger_pending SET commitment = sha256('x')")
    log.seal()
    assert found(log) == {("not_included", 10)}


# The tree


def test_remove_a_tile(log: Log) -> None:
    """The first tile is full: the sequencer never reads it again. Every entry under it loses its proof."""
    log.changes("DELETE FROM ledger_tile WHERE level = 0 AND index = 0")
    log.seal()
    said = log.judge(log.bundle())
    assert said.verdict == "failed" and said.codes == {"not_included"}


def test_change_a_hash_in_a_full_tile(log: Log) -> None:
    """Every proof under that tile uses it, but that of the leaf itself."""
    index = log.dba(f"SELECT l.index FROM ledger_leaf l JOIN ledger_ledgerentry e ON e.id = l.entry_id WHERE {AINOS}", log.aino, 2)[0][0]
    log.changes("UPDATE ledger_tile SET hashes = overlay(hashes placing sha256('x') from %s) WHERE level = 0 AND index = 0", 32 * index + 1)
    said = log.judge(log.bundle())
    assert said.verdict == "failed" and ("not_included", 1) in said.findings and ("not_included", 2) not in said.findings


@pytest.mark.parametrize(
    "deed", ["DELETE FROM ledger_tile WHERE level = 0 AND index = 1", "UPDATE ledger_tile SET hashes = sha256('x') WHERE level = 1"]
)
def test_remove_or_change_a_tile_of_the_edge(log: Log, deed: str) -> None:
    log.changes(deed)
    log.access(log.aino)
    with pytest.raises(TreeDamaged):
        log.seal()
    assert log.judge(log.bundle()).codes == {"not_included"}


def test_swap_two_leaves(log: Log) -> None:
    """The tree is as it was, but entries are told the wrong places in it."""
    four, five = (
        log.dba(
            f"SELECT l.index, l.entry_id FROM ledger_leaf l JOIN ledger_ledgerentry e ON e.id = l.entry_id WHERE {AINOS}", log.aino, seq
        )[0]
        for seq in (4, 5)
    )
    log.changes("UPDATE ledger_leaf SET entry_id = gen_random_uuid() WHERE index = %s", four[0])
    log.changes("UPDATE ledger_leaf SET entry_id = %s WHERE index = %s", four[1], five[0])
    log.changes("UPDATE ledger_leaf SET entry_id = %s WHERE index = %s", five[1], four[0])
    assert found(log) == {("not_included", 4), ("not_included", 5)}


def test_replay_an_old_checkpoint(log: Log) -> None:
    """The newest heads are deleted, so that everyone is shown an old one: the sequencer stops, and who has seen a newer one knows."""
    log.live()
    newer = log.bundle()
    log.changes("DELETE FROM ledger_checkpoint WHERE size > (SELECT min(size) FROM ledger_checkpoint WHERE size > 100)")
    with pytest.raises(TreeDamaged):
        log.seal()
    assert "tree_shrunk" in log.judge(log.bundle(), older=newer).codes


def test_serve_an_old_bundle_again(log: Log) -> None:
    old = log.bundle()
    log.live()
    newer = log.bundle()
    assert log.judge(old, older=newer).codes == {"tree_shrunk", "chain_shrunk"}


def test_sign_with_another_key(log: Log) -> None:
    """A key rotation that nobody announced: who noted the key asks."""
    earlier = log.bundle()
    other = make_signer(log.signer.origin, b"\x09" * 32)
    log.seal(other)
    bundle = log.bundle()
    assert log.judge(bundle, older=earlier).codes == {"key_changed"}
    assert log.judge(bundle, keys=[log.signer.vkeys[0]]).codes == {"wrong_key"}


# The bundle


def test_suppress_the_newest_entries_from_the_bundle(log: Log) -> None:
    """Whoever serves the bundle leaves out its end."""
    earlier, bundle = log.bundle(), log.bundle()
    short = bundle | {"entries": bundle["entries"][:-3]}
    assert log.judge(short).findings == {("missing_at_end", 11)}
    last = short["entries"][-1]
    adjusted = short | {"head": {"seq": last["seq"], "commitment": last["commitment"]}}
    assert log.judge(adjusted).verdict == "verified", "nobody who looks at this alone can know"
    assert log.judge(adjusted, older=earlier).codes == {"chain_shrunk"}


def test_serve_an_empty_bundle(log: Log) -> None:
    earlier = log.bundle()
    empty = earlier | {"entries": []}
    assert log.judge(empty).findings == {("missing_at_end", 10)}
    said = log.judge(empty | {"head": None})
    assert said.notes >= {"empty"}, "it says at least that there is nothing"
    assert log.judge(empty | {"head": None}, older=earlier).codes == {"chain_shrunk"}


def test_serve_another_citizens_bundle(log: Log) -> None:
    earlier = log.bundle()
    cecilias = log.bundle(log.cecilia)
    assert "citizen_differs" in log.judge(cecilias, older=earlier).codes
    renamed = cecilias | {"citizen": str(log.aino)}
    assert "other_citizen" in log.judge(renamed).codes


# Everything at once: the DBA has the database, the vault's key and the log's


def test_rewrite_chain_and_tree_and_sign_anew(log: Log) -> None:
    """All of it fits again. Who kept a bundle sees it; so do the sequencer, by its head file, and the witness."""
    earlier = log.bundle()
    log.seal()
    entries = log.chain(log.aino)
    log.rewrite_chain(log.aino, [one for one in entries if one["seq"] != 4])
    log.rewrite_tree()
    alone = log.bundle()
    said = log.judge(alone)
    assert said.verdict == "failed" and said.codes == {"earlier_forked", "extension_unproven"}, (
        "her own chain says which tree she was shown"
    )
    codes = log.judge(alone, older=earlier).codes
    assert "chain_forked" in codes and codes & {"tree_forked", "tree_shrunk"}
    with pytest.raises(TreeDamaged):
        log.seal()


def test_rewind_the_database_and_go_on(log: Log) -> None:
    log.databases.keep("earlier")
    for _ in range(2):
        log.live()
    kept = log.bundle()
    log.rewind("earlier")
    log.access(log.aino)
    with pytest.raises(TreeDamaged, match="set back"):
        log.seal()
    said = log.judge(log.bundle(), older=kept)
    assert {"tree_shrunk", "chain_forked"} <= said.codes


def test_rewind_the_database_and_the_head_file(log: Log) -> None:
    """With the sequencer's machine too, it goes on; grown past what was, it is another tree."""
    log.databases.keep("earlier")
    for _ in range(2):
        log.live()
    kept = log.bundle()
    log.rewind("earlier", head_file=True)
    for _ in range(4):
        log.live()
    assert log.judge(log.bundle()).verdict == "verified", "nobody who looks at this alone can know"
    bundle = log.bundle()
    assert log.judge(bundle, older=kept).codes == {"chain_forked", "extension_unproven"}
    assert "tree_forked" in log.judge_with_public(bundle, older=kept), "with everyone's tiles it is not only unproven"


def test_fork_the_tree_for_one_citizen(log: Log) -> None:
    """Aino is shown a tree of her own, signed by the log's key, in which one of her entries never was. Everyone else sees the true one."""
    log.live()
    earlier = log.bundle()
    log.databases.keep("true_tree")
    log.rewrite_chain(log.aino, [one for one in log.chain(log.aino) if one["seq"] != 4])
    log.rewrite_tree(head_file=True)
    hers = log.bundle()
    log.rewind("true_tree", head_file=True)
    said = log.judge(hers)
    assert said.verdict == "failed" and said.codes == {"earlier_forked", "extension_unproven"}, (
        "her own chain says which tree she was shown"
    )
    assert "public_unproven" in log.judge_with_public(hers), "so long as her tree is the larger one"
    log.live()
    assert "public_forked" in log.judge_with_public(hers)
    assert "chain_forked" in log.judge(hers, older=earlier).codes
    mine = log.bundle()
    assert log.judge_with_public(mine, older=earlier) == set()


def test_an_access_that_never_was_appended(log: Log) -> None:
    """Nobody can see it: that is what the page about the log says. (An agency's own report of its use can: tests of reconciliation.)"""
    earlier = log.bundle()
    log.dba("SELECT * FROM twin_fact WHERE citizen_id = %s", log.aino)
    assert log.judge(log.bundle(), older=earlier).verdict == "verified"


def test_a_lie_that_was_appended_is_in_the_log_for_good(log: Log) -> None:
    """A taken-over web process can append what did not happen. It cannot take it back."""
    log.access(log.aino, event=Event.AGENCY_READ, actor="tax-administration")
    log.live()
    assert log.judge(log.bundle()).verdict == "verified"
    log.changes("DELETE FROM ledger_ledgerentry WHERE citizen_id = %s AND actor = 'tax-administration'", log.aino)
    assert found(log) == {("missing_before", 11)}
