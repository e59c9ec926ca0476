"""kill -9 of readers, of the sequencer, and of PostgreSQL, under load: no read that was answered is missing, none stands twice, no head was untrue."""

from __future__ import annotations

from collections import Counter

import pytest

from consent.ledger import merkle, tiles, verify
from tests.support.ledger_faults import ORIGIN, LogUnderLoad
from tests.support.tree_again import roots

WHAT = ("reader", "sequencer", "backend", "postmaster")
# One reader's clock is a month behind, so that its entries and their ids lie in another month; one's is a minute ahead.
CLOCKS = (0, 0, 0, 0, -31 * 86_400, 60)


def kill_all(log: LogUnderLoad, *, each: int) -> None:
    """In a drawn order, each after some reads; mostly once the sequencer is at work again, and then amid a round of its own."""
    order = [what for what in WHAT for _ in range(each)]
    log.dice.shuffle(order)
    for what in order:
        log.wait_for_reads(log.dice.randint(1, 25))
        if log.dice.random() < 0.8:
            log.wait_for_heads(log.dice.randint(1, 3))
            if what != "reader":
                log.wait_for_a_round()
        log.assert_at_work()
        log.kill(what)
    log.wait_for_heads(1)
    assert log.kills == dict.fromkeys(WHAT, each)


def check(log: LogUnderLoad) -> None:
    entries = log.ask(
        "SELECT id::text, citizen_id::text, seq, prev, commitment, permit_id FROM ledger_ledgerentry ORDER BY citizen_id, seq"
    )
    leaves = log.ask("SELECT index, entry_id::text, commitment FROM ledger_leaf ORDER BY index")
    by_id = {entry: citizen for entry, citizen, *_ in entries}

    # Answered, and in the log, with its citizen: none is missing.
    told = log.client.told
    assert {entry: by_id.get(entry) for entry in told} == told
    # None twice: neither answered, nor in a chain, nor for one permit, nor in the tree. And each that was committed is in the tree.
    assert log.client.twice == []
    assert len(by_id) == len(entries)
    permits = Counter(permit for *_, permit in entries if permit)
    assert set(permits.values()) == {1}
    assert [index for index, _, _ in leaves] == list(range(len(leaves)))
    trail = log.ask("SELECT id::text, commitment FROM audit_operatordeed")
    assert sorted((e, bytes(c)) for _, e, c in leaves) == sorted(
        [*((e, bytes(c)) for e, _, _, _, c, _ in entries), *((e, bytes(c)) for e, c in trail)]
    )
    # What was committed and never told is at most what was under way at a kill.
    assert len(entries) - len(told) <= len(CLOCKS) * (sum(log.kills.values()) + 1)
    _check_chains(log, entries)
    _check_heads(log, [bytes(commitment) for _, _, commitment in leaves])


def _check_chains(log: LogUnderLoad, entries: list[tuple]) -> None:  # type: ignore[type-arg]
    chains: dict[str, list[verify.Link]] = {}
    for _, citizen, seq, prev, commitment, _ in entries:
        chains.setdefault(citizen, []).append(verify.Link(seq, bytes(prev), bytes(commitment)))
    assert [verify.check_sequence(chain) for chain in chains.values()] == [[]] * len(chains)
    heads = {
        citizen: (seq, bytes(commitment))
        for citizen, seq, commitment in log.ask("SELECT citizen_id::text, seq, commitment FROM ledger_head")
    }
    assert heads == {citizen: (chain[-1].seq, chain[-1].commitment) for citizen, chain in chains.items()}


def _check_heads(log: LogUnderLoad, commitments: list[bytes]) -> None:
    """Every head that was ever seen: signed, one a size, a prefix of the last tree by proof, and what the leaves come to."""
    vkeys = [vkey for (vkey,) in log.ask("SELECT vkey FROM ledger_key")]
    assert vkeys and all(vkey.startswith(f"{ORIGIN}+") for vkey in vkeys)
    seen = {size: {verify.open_checkpoint(note, vkey) for note in notes for vkey in vkeys} for size, notes in log.poller.heads.items()}
    assert all(len(heads) == 1 and {head.size for head in heads} == {size} for size, heads in seen.items())
    heads = [next(iter(seen[size])) for size in sorted(seen)]
    last = heads[-1]
    assert last.size == len(commitments)
    again = roots(commitments, seen)
    assert {head.size: head.root for head in heads} == again
    stored = {(level, index): bytes(hashes) for level, index, hashes in log.ask("SELECT level, index, hashes FROM ledger_tile")}
    node = tiles.node_reader(stored)
    for head in heads:
        proof = merkle.consistency_proof(head.size, last.size, node) if head.size else []
        verify.check_extension(old=head, new=last, proof=proof)
    kept = {size: bytes(root) for size, root in log.ask("SELECT size, root FROM ledger_checkpoint")}
    assert kept == roots(commitments, kept)


def test_twelve_kills_under_load() -> None:
    with LogUnderLoad(citizens=8, clocks=CLOCKS, seed=12) as log:
        kill_all(log, each=3)
        log.settle()
        check(log)


@pytest.mark.long
def test_three_hundred_kills_under_load() -> None:
    with LogUnderLoad(citizens=40, clocks=CLOCKS, seed=300) as log:
        kill_all(log, each=75)
        log.settle()
        check(log)
