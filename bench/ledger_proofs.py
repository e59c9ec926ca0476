"""The access log's tree: how fast the sequencer drains a queue, and what a proof costs in trees of 10^5 to 10^8 leaves.

A proof is measured as the citizen's page and `tlog-proof` ask for it (`queries.proof_for`: by the entry's id, under the newest head), and as the
bundle does (`Proofs`: fifty at once). Leaves are drawn at random, and each tree's first proofs are verified. The peer is pymerkle, whose tree lies
in memory; it is built leaf by leaf in Python, 0.1 ms each, so that it is there for 10^5 leaves, and in a large run for 10^6.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from typing import Any

import psycopg
from django.conf import settings

from bench import tree
from bench.harness import Lap, Scale, column, interleave, percentile
from bench.place import Place
from bench.results import ROOT, Results
from consent.ledger import queries, verify
from consent.ledger.checkpoint import Signer, ensure_key, ensure_mldsa_key
from consent.ledger.models import LedgerEntry
from consent.ledger.proofs import Proofs

ORIGIN = "bench.test/ledger"
A_BUNDLE = 50
_QUEUE = """
INSERT INTO ledger_pending (entry_id, commitment)
SELECT gen_random_uuid(), sha256(('drain' || %(turn)s || ' ' || n)::bytea) FROM generate_series(1, %(count)s) n
"""


def measure(results: Results, place: Place, scale: Scale) -> None:
    """The drain first, on the tree as it is: the sequencer takes no other one once it has signed. Afterwards there is none."""
    with place.admin() as admin:
        _drain(results, place, scale, admin)
        powers = (5, 6, 7, 8) if scale.large else (5, 6)
        for power in scale.pick(powers, (3,)):
            _proofs(results, place, scale, admin, power)
        tree.empty(admin)
    # The sequencer would sign no other tree while it is told of this one's head.
    settings.AURORA_LEDGER_HEAD_FILE.unlink(missing_ok=True)


def _drain(results: Results, place: Place, scale: Scale, admin: psycopg.Connection[Any]) -> None:
    """From the first batch's head to the last one's, by the command as it runs; its start is not counted."""
    count = scale.pick(200_000 if scale.large else 50_000, 25_000)
    seconds = []
    for turn in range(scale.pick(3, 1)):
        admin.execute(_QUEUE, {"turn": turn, "count": count})
        begun = _size(admin)
        with place.log("sequencer").open("ab") as log:
            command = [sys.executable, str(ROOT / "manage.py"), "sequencer"]
            process = subprocess.Popen(command, env={**place.ours, "AURORA_DB_ROLE": "owner"}, cwd=ROOT, stdout=log, stderr=log)
            try:
                first = _when_beyond(admin, begun, process)
                taken = _size(admin) - begun
                last = _when_beyond(admin, begun + count - 1, process)
            finally:
                process.terminate()
                process.wait(20)
        seconds.append((last - first) * count / (count - taken))
    results.number(f"ledger_drain_s_{count // 1000}k", seconds, "s")
    results.number("ledger_drain_rate", [count / one for one in seconds], "entries/s")


def _size(admin: psycopg.Connection[Any]) -> int:
    ((size,),) = admin.execute("SELECT coalesce(max(size), 0) FROM ledger_checkpoint").fetchall()
    return int(size)


def _when_beyond(admin: psycopg.Connection[Any], size: int, process: subprocess.Popen[bytes]) -> float:
    deadline = time.monotonic() + 300
    while _size(admin) <= size:
        if time.monotonic() > deadline or process.poll() is not None:
            raise RuntimeError("the sequencer does not keep up, or does not run")
        time.sleep(0.002)
    return time.monotonic()


def _proofs(results: Results, place: Place, scale: Scale, admin: psycopg.Connection[Any], power: int) -> None:
    size, name = 10**power, f"1e{power}"
    signer = Signer(ORIGIN, ensure_key(place.state / "bench-ed25519"), ensure_mldsa_key(place.state / "bench-mldsa"))
    begun = time.monotonic()
    tree.make(admin, size, sign=lambda size, root: signer.checkpoint(size, root, at=time.time()))
    print(f"ledger_proofs: a tree of {name} leaves made in {time.monotonic() - begun:.0f} s", flush=True)
    draw = random.Random(power)
    _verified(admin, [0, size - 1, *(draw.randrange(size) for _ in range(20))], signer.vkeys[0])

    calls = scale.pick(400, 10)
    laps = [_ours(draw, size, calls) for _ in range(scale.pick(6, 2))][1:]
    results.number(f"ledger_proof_p50_ms_{name}", column(laps, "p50"), "ms")
    results.number(f"ledger_proof_p99_ms_{name}", column(laps, "p99"), "ms")
    bundles = [_bundle(draw, size) for _ in range(scale.pick(21, 3))][1:]
    results.number(f"ledger_bundle_{A_BUNDLE}_ms_{name}", bundles, "ms")
    _against_peer(results, scale, power)


def _verified(admin: psycopg.Connection[Any], indices: list[int], vkey: str) -> None:
    """A wrong proof is no proof, however quick it comes."""
    commitments = tree.commitments_of(admin, indices)
    for index in indices:
        proof = queries.proof_for(LedgerEntry(id=tree.entry_id(index)))
        assert proof is not None and proof.index == index
        verify.check_inclusion(commitment=commitments[index], proof=proof, vkey=vkey)


def _ours(draw: random.Random, size: int, calls: int) -> Lap:
    waits = []
    for _ in range(calls):
        entry = LedgerEntry(id=tree.entry_id(draw.randrange(size)))
        begun = time.perf_counter()
        queries.proof_for(entry)
        waits.append(1000 * (time.perf_counter() - begun))
    return {"p50": percentile(waits, 0.5), "p99": percentile(waits, 0.99)}


def _bundle(draw: random.Random, size: int) -> float:
    """The proofs of a citizen with fifty entries, whose leaves lie anywhere."""
    indices = sorted(draw.sample(range(size), A_BUNDLE))
    begun = time.perf_counter()
    Proofs(size).inclusions(indices)
    return 1000 * (time.perf_counter() - begun)


def _against_peer(results: Results, scale: Scale, power: int) -> None:
    name = f"ledger_proof_vs_pymerkle_ratio_1e{power}"
    if power > (6 if scale.large else 5):
        minutes = 10**power * 1e-4 / 60
        results.absent(
            [name],
            f"pymerkle's tree of 10^{power} leaves takes {minutes:.0f} minutes to build" + (" and its nodes the memory" * (power > 7)),
        )
        return
    from pymerkle import InmemoryTree

    size = 10**power
    peer = InmemoryTree(algorithm="sha256")
    for index in range(size):
        peer.append_entry(index.to_bytes(32, "big"))
    draws, calls = {who: random.Random(1) for who in ("ours", "other")}, scale.pick(200, 5)

    def theirs() -> Lap:
        waits = []
        for _ in range(calls):
            index = draws["other"].randrange(size)
            begun = time.perf_counter()
            peer.prove_inclusion(index + 1, size)
            waits.append(1000 * (time.perf_counter() - begun))
        return {"p50": percentile(waits, 0.5)}

    laps = interleave({"ours": lambda: _ours(draws["ours"], size, calls), "other": theirs}, rounds=scale.pick(5, 2))
    results.ratio(name, column(laps["ours"], "p50"), column(laps["other"], "p50"), "ms")
