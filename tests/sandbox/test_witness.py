"""The witness, attacked over HTTP: it cosigns growth and nothing else. Trees and notes come from Aurora's own code, the judgement does not."""

from __future__ import annotations

import base64
import hashlib
import http.client
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from aurora.sandbox import launch
from aurora.sandbox.config import PROCESSES, WITNESS
from aurora.sandbox.launch import Running
from aurora.sandbox.provision import load_or_make, provision, write_configs
from aurora.sandbox.witness import trees
from aurora.sandbox.witness.keys import log_key
from aurora.sandbox.witness.memory import Memory, Seen
from consent.ledger import leaf, merkle, tiles, verify, witness
from tests.support.log_keys import make_signer

ORIGIN = "aurora.test/ledger"
SEED = bytes(range(32))


@dataclass
class Tree:
    """A log that the test holds: its leaves, and what it would sign of them."""

    origin: str = ORIGIN
    leaves: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.signer = make_signer(self.origin, SEED)

    def grow(self, count: int, salt: str = "") -> Tree:
        self.leaves += [hashlib.sha256(f"{salt}{len(self.leaves) + n}".encode()).digest() for n in range(count)]
        return self

    def node(self) -> merkle.Node:
        return tiles.node_reader(tiles.grow(0, [leaf.leaf_hash(one) for one in self.leaves], {}))

    def note(self, size: int | None = None) -> str:
        size = len(self.leaves) if size is None else size
        return self.signer.checkpoint(size, merkle.root(size, self.node()))

    def proof(self, old: int, new: int | None = None) -> list[bytes]:
        return merkle.consistency_proof(old, len(self.leaves) if new is None else new, self.node()) if old else []

    def body(self, old: int, *, note: str | None = None) -> bytes:
        return witness.request(old=old, proof=self.proof(old), note=note or self.note())


class Watched:
    """The running witness; each test has logs of its own, told apart by their origins."""

    def __init__(self, folder: Path, origins: list[str]) -> None:
        vkeys = [vkey for origin in origins for vkey in make_signer(origin, SEED).vkeys]
        made = provision(urls=launch.free_urls(["aurora", *PROCESSES]), logs=vkeys)
        self.config = write_configs(made, folder / "config")[WITNESS]
        self.state, self.vkey = folder / "state", made.aurora["witnesses"][0]["vkey"]
        self.port = int(made.aurora["witnesses"][0]["url"].rsplit(":", 1)[1])
        self.start()

    def start(self) -> None:
        self.running = Running(WITNESS, config=self.config, state=self.state, port=self.port)
        self.http = httpx.Client(base_url=self.running.base_url, trust_env=False, timeout=60)

    def show(self, body: bytes) -> httpx.Response:
        return self.http.post("/add-checkpoint", content=body)

    def cosigns(self, tree: Tree, old: int) -> int:
        """The time that it states, once Aurora's own code has verified the cosignature."""
        note = tree.note()
        answer = self.show(tree.body(old, note=note))
        assert answer.status_code == 200, answer.text
        told = witness.read(200, answer.headers["Content-Type"], answer.content, note=note, vkey=self.vkey)
        assert told.said is witness.Said.COSIGNED
        head = verify.open_cosigned(note + told.line, self.vkey)
        assert (head.checkpoint.origin, head.checkpoint.size) == (tree.origin, len(tree.leaves))
        return head.time


ORIGINS = [f"{ORIGIN}/{n}" for n in range(40)]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    one = Watched(tmp_path_factory.mktemp("witness"), ORIGINS)
    yield one
    one.running.stop()


@pytest.fixture
def tree(request: pytest.FixtureRequest) -> Tree:
    return Tree(_origins.pop())


_origins = list(ORIGINS)


def test_it_cosigns_a_tree_that_grows_and_the_same_again(watched: Watched, tree: Tree) -> None:
    began = int(time.time())
    old = 0
    for size in (1, 2, 7, 8, 300):
        tree.grow(size - old)
        assert began <= watched.cosigns(tree, old) <= time.time()
        old = size
    watched.cosigns(tree, old)


def test_a_tree_that_forks_shrinks_or_is_changed_is_not_cosigned(watched: Watched, tree: Tree) -> None:
    watched.cosigns(tree.grow(200), 0)
    fork = Tree(tree.origin, tree.leaves[:150]).grow(100, salt="fork")
    assert watched.show(fork.body(200)).status_code == 422
    changed = Tree(tree.origin, [bytes(32), *tree.leaves[1:]])
    assert watched.show(changed.body(200)).status_code == 422, "the same size, another root"
    assert watched.show(changed.grow(1).body(200)).status_code == 422
    shrunk = Tree(tree.origin, tree.leaves[:150])
    assert watched.show(shrunk.body(150)).status_code == 409
    assert watched.show(witness.request(old=200, proof=[], note=shrunk.note())).status_code == 400
    assert watched.show(shrunk.body(0)).status_code == 409, "from the start, as if it had never been seen"
    assert watched.cosigns(tree.grow(1), 200)


def test_a_conflict_tells_the_size_in_the_protocol_s_words(watched: Watched, tree: Tree) -> None:
    watched.cosigns(tree.grow(5), 0)
    answer = watched.show(tree.grow(2).body(3))
    assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (409, "5\n", "text/x.tlog.size")
    told = witness.read(answer.status_code, answer.headers["Content-Type"], answer.content, note=tree.note(), vkey=watched.vkey)
    assert told == witness.Answer(witness.Said.CONFLICT, size=5)


def test_a_proof_must_be_the_proof(watched: Watched, tree: Tree) -> None:
    watched.cosigns(tree.grow(6), 0)
    tree.grow(7)
    proof, note = tree.proof(6), tree.note()
    for spoiled in ([], proof[:-1], [*proof, bytes(32)], proof[::-1], [bytes(32), *proof[1:]]):
        assert watched.show(witness.request(old=6, proof=spoiled, note=note)).status_code == 422
    assert watched.show(witness.request(old=6, proof=proof, note=note)).status_code == 200
    fresh = Tree(_origins.pop()).grow(3)
    body = b"old 0\n" + base64.b64encode(bytes(32)) + b"\n\n" + fresh.note().encode()
    assert watched.show(body).status_code == 422, "from nothing there is no proof"
    empty = Tree(_origins.pop())
    lie = empty.signer.checkpoint(0, bytes(32))
    assert watched.show(witness.request(old=0, proof=[], note=lie)).status_code == 422
    assert watched.show(witness.request(old=0, proof=[], note=empty.note())).status_code == 200


def test_only_the_logs_own_signature_counts(watched: Watched, tree: Tree) -> None:
    tree.grow(3)
    note, size, root = tree.note(), 3, merkle.root(3, tree.node())
    ask = lambda changed: watched.show(witness.request(old=0, proof=[], note=changed)).status_code  # noqa: E731
    assert ask(Tree("aurora.test/unknown").grow(3).note()) == 404
    assert ask(make_signer(tree.origin, bytes(32)).checkpoint(size, root)) == 403, "another key under its name"
    text, _, lines = note.rpartition("\n\n")
    first, second = lines.splitlines()
    for line in (first, second):
        raw = bytearray(base64.b64decode(line.split(" ")[2]))
        raw[-1] ^= 1
        bad = f"— {tree.origin} {base64.b64encode(bytes(raw)).decode()}"
        other = second if line == first else first
        assert ask(f"{text}\n\n{bad}\n{other}\n") == 403, "one of its two signatures is wrong"
        assert ask(f"{text}\n\n{bad}\n") == 403
    later = bytearray(base64.b64decode(second.split(" ")[2]))
    later[11] ^= 1
    assert ask(f"{text}\n\n{first}\n— {tree.origin} {base64.b64encode(bytes(later)).decode()}\n") == 403
    assert ask(f"{text}\n\n— stranger.test/x {first.split(' ')[2]}\n") == 403
    assert ask(note.replace("\n3\n", "\n4\n")) == 403
    assert ask(f"{text}\n\n{second}\n") == 403, "ML-DSA-44 alone covers size and root, not the text"
    assert ask(f"{text}\na stranger's line\n\n{second}\n") == 403
    assert ask(f"{text}\na stranger's line\n\n{first}\n{second}\n") == 403
    assert ask(f"{text}\n\n{first}\n") == 200, "the line that covers all of the text is enough"


MALFORMED = {
    "nothing": lambda good: b"",
    "no old size": lambda good: good.split(b"\n", 1)[1],
    "a leading zero": lambda good: good.replace(b"old 0", b"old 00"),
    "a sign": lambda good: good.replace(b"old 0", b"old -0"),
    "another digit": lambda good: good.replace(b"old 0", "old \u0663".encode()),
    "a size beyond bounds": lambda good: good.replace(b"old 0", b"old 99999999999999999999"),
    "a carriage return": lambda good: good.replace(b"old 0\n", b"old 0\r\n"),
    "a null": lambda good: good.replace(b"old 0", b"old 0\x00"),
    "not UTF-8": lambda good: good + b"\xff\n",
    "no end": lambda good: good[:-1],
    "no signatures": lambda good: good.rpartition(b"\n\n")[0] + b"\n\n",
    "a short hash in the proof": lambda good: good.replace(b"old 0\n", b"old 0\nAAAA\n"),
    "too long a proof": lambda good: good.replace(b"old 0\n", b"old 0\n" + (base64.b64encode(bytes(32)) + b"\n") * 64),
    "no root": lambda good: b"old 0\n\naurora.test/x\n3\n\n" + good.rpartition(b"\n\n")[2],
    "JSON": lambda good: b'{"old": 0}',
}


@pytest.mark.parametrize("deed", MALFORMED)
def test_a_malformed_request_is_told_so(watched: Watched, deed: str) -> None:
    good = Tree(ORIGINS[0]).grow(3).body(0)
    assert watched.show(MALFORMED[deed](good)).status_code == 400


def test_too_large_and_endless_bodies_are_not_read(watched: Watched) -> None:
    assert watched.show(b"old 0\n\n" + b"x" * 70_000).status_code == 413
    with socket.create_connection(("127.0.0.1", watched.port), timeout=60) as endless:
        endless.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        answer = http.client.HTTPResponse(endless)
        answer.begin()
        assert answer.status == 411
    assert watched.http.get("/add-checkpoint").status_code == 405
    assert watched.http.get("/healthz").status_code == 200


def test_what_it_cosigned_is_published_and_survives_a_kill(watched: Watched, tree: Tree) -> None:
    place = f"/{hashlib.sha256(tree.origin.encode()).hexdigest()}/checkpoint"
    assert watched.http.get(place).status_code == 404
    watched.cosigns(tree.grow(9), 0)
    published = watched.http.get(place).text
    watched.running.popen.kill()
    watched.running.stop()
    watched.start()
    assert watched.http.get(place).text == published
    assert verify.open_cosigned(published, watched.vkey).checkpoint.size == 9
    assert all(verify.open_checkpoint(published, vkey).size == 9 for vkey in tree.signer.vkeys)
    fork = Tree(tree.origin).grow(12, salt="fork")
    assert watched.show(fork.body(0)).status_code == 409 and watched.show(fork.body(9)).status_code == 422
    for odd in ("/x/checkpoint", "/../state/checkpoint", f"/{'a' * 63}/checkpoint", f"{place}/", f"/{'A' * 64}/checkpoint"):
        assert watched.http.get(odd).status_code == 404


def test_of_many_at_once_one_tree_wins(watched: Watched, tree: Tree) -> None:
    """Checking and keeping are one step: of ten trees that fork at 4, one is cosigned."""
    watched.cosigns(tree.grow(4), 0)
    forks = [Tree(tree.origin, list(tree.leaves)).grow(3, salt=f"fork {n}").body(4) for n in range(10)]
    with ThreadPoolExecutor(10) as pool:
        statuses = list(
            pool.map(
                lambda body: (
                    httpx.post(f"{watched.running.base_url}/add-checkpoint", content=body, trust_env=False, timeout=60).status_code
                ),
                forks,
            )
        )
    assert sorted(statuses) == [200, *[409] * 9]


def test_what_two_memories_of_one_folder_remember_is_one(tmp_path: Path) -> None:
    """Two first requests at once may each make one, and a witness that is started again may meet the one before it: both would cosign another tree."""
    first, second = Memory(tmp_path), Memory(tmp_path)
    looks, has_looked = threading.Event(), threading.Event()

    def look() -> int:
        looks.set()
        with second.of(ORIGIN) as last:
            has_looked.set()
            return last.size

    with ThreadPoolExecutor(1) as pool:
        with first.of(ORIGIN) as nothing:
            assert nothing.size == 0
            seen = pool.submit(look)
            assert looks.wait(60)
            assert not has_looked.wait(0.5), "while one looks and keeps, nobody else does"
            first.keep(ORIGIN, Seen(5, "", 1, "the note"))
        assert seen.result(60) == 5


def test_a_memory_that_cannot_be_read_is_not_an_empty_one(watched: Watched, tree: Tree) -> None:
    watched.cosigns(tree.grow(4), 0)
    file = watched.state / "seen" / f"{hashlib.sha256(tree.origin.encode()).hexdigest()}.json"
    file.write_text("{")
    assert watched.show(Tree(tree.origin).grow(9, salt="fork").body(0)).status_code == 500
    assert os.stat(watched.config).st_mode & 0o077 == 0, "its key lies there"


def test_its_clock_set_back_does_not_make_it_state_an_earlier_time(watched: Watched, tree: Tree) -> None:
    """What it remembers stands for a clock that was an hour ahead when it cosigned."""
    first = watched.cosigns(tree.grow(4), 0)
    file = watched.state / "seen" / f"{hashlib.sha256(tree.origin.encode()).hexdigest()}.json"
    file.write_text(file.read_text().replace(f'"time": {first}', f'"time": {first + 3600}'))
    assert watched.cosigns(tree.grow(1), 4) == first + 3600


def test_its_reading_of_consistency_and_ours_agree_on_every_small_tree() -> None:
    """Two programs that share no line: each accepts all that is right, and neither what is spoiled."""
    tree = Tree().grow(18)
    node = tree.node()
    roots = [merkle.root(size, node) for size in range(19)]
    for new in range(1, 19):
        for old in range(1, new + 1):
            proof = merkle.consistency_proof(old, new, node)
            told = {"old": old, "old_root": roots[old], "new": new, "new_root": roots[new]}
            assert trees.extends(**told, proof=proof)  # type: ignore[arg-type]
            for other in range(1, 19):
                for spoiled in ({**told, "old": other}, {**told, "new": other}, {**told, "old_root": roots[other]}):
                    theirs = trees.extends(**spoiled, proof=proof)  # type: ignore[arg-type]
                    assert theirs == merkle.verify_consistency(**spoiled, proof=proof)  # type: ignore[arg-type]


def test_the_witness_s_keys_last_while_the_log_s_may_change(tmp_path: Path) -> None:
    urls, file = launch.free_urls(["aurora", *PROCESSES]), tmp_path / "provision.json"
    first = load_or_make(file, urls=urls, logs=make_signer(ORIGIN, SEED).vkeys)
    other = make_signer(ORIGIN, bytes(32)).vkeys
    again = load_or_make(file, urls=urls, logs=other)
    assert again.aurora["witnesses"] == first.aurora["witnesses"]
    assert again.processes[WITNESS]["witness"]["logs"] == list(other)
    assert [log_key(vkey).name for vkey in other] == [ORIGIN, ORIGIN]
