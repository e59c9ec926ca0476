"""Held against what was seen before and against the public log: growth is proved out of tiles, and a fork or a shrunken tree shows, in both verifiers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest

from tests.proving.conftest import VERIFY
from tests.support import log_vectors
from tests.support.log_world import IMPOSTOR, LOG, NAME, OTHER, SIZE, WITNESSING, Tree, digest, flipped, world

Check = Callable[[str, list[Any]], list[Any]]


@pytest.fixture(scope="module")
def bundles() -> dict[str, Any]:
    return dict(json.loads(log_vectors.FILE.read_text(encoding="utf-8"))["bundles"])


@pytest.fixture(scope="module")
def tree() -> Tree:
    return world()[0]


def tiles(tree: Tree, *sizes: int) -> dict[str, str]:
    """All tiles of the trees of these sizes, by path."""
    from consent.ledger.tiles import TileAddress, address_text

    made = {}
    for size in sizes:
        for level in (0, 1):
            count = size >> 8 * level
            for index in range(-(-count // 256)):
                width = min(count - 256 * index, 256)
                hashes = b"".join(tree.node(8 * level, 256 * index + i) for i in range(width))
                made[f"{level}/{address_text(TileAddress(index, width))}"] = hashes.hex()
    return made


def _both(program: ModuleType, in_node: Check, bundle: Any, options: dict[str, Any]) -> list[str]:
    """The findings' codes; the two verifiers must agree in every word."""
    served: Mapping[str, str] = options.get("tiles") or {}

    def tile(path: str) -> bytes:
        if path not in served:
            raise OSError("not there")
        return bytes.fromhex(served[path])

    def today() -> str:
        if options["today"] is None:
            raise OSError("not there")
        return str(options["today"])

    rest = {name: value for name, value in options.items() if name not in ("tiles", "today")}
    ours = program.check_bundle(bundle, **rest, tile=tile if "tiles" in options else None, today=today if "today" in options else None)
    assert in_node("check", [(bundle, options)]) == [ours]
    return [finding["code"] for finding in ours["findings"]]


def _seen(program: ModuleType, bundle: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**program.seen_of(bundle, program.check_bundle(bundle)), **changes}


def test_what_was_seen_is_proved_to_be_contained_out_of_tiles_alone(
    program: ModuleType, in_node: Check, bundles: dict[str, Any], tree: Tree
) -> None:
    bare = {**bundles["today"], "earlier": []}
    seen = _seen(program, bundles["earlier"])
    assert _both(program, in_node, bare, {"seen": seen, "tiles": tiles(tree, SIZE)}) == []
    # Twice: once of the tree that the chain's own download notes, once of the one that was seen.
    assert _both(program, in_node, bare, {"seen": seen}) == ["extension_unproven"] * 2
    assert _both(program, in_node, bare, {"seen": seen, "tiles": {}}) == ["extension_unproven"] * 2


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"root": digest("another root").hex()}, ["tree_forked"]),
        ({"size": SIZE + 1}, ["tree_shrunk"]),
        ({"size": SIZE, "root": digest("another root").hex()}, ["tree_forked"]),
        ({"seq": 12}, ["chain_shrunk"]),
        ({"commitment": "00" * 32}, ["chain_forked"]),
        ({"key": OTHER.vkey}, ["key_changed"]),
        ({"citizen": "018f4b6a-0000-7000-8000-00000000b0b0"}, ["citizen_differs"]),
    ],
)
def test_what_was_seen_and_is_no_more_shows(
    program: ModuleType, in_node: Check, bundles: dict[str, Any], tree: Tree, changes: dict[str, Any], found: list[str]
) -> None:
    seen = _seen(program, bundles["earlier"], **changes)
    assert _both(program, in_node, bundles["today"], {"seen": seen, "tiles": tiles(tree, SIZE)}) == found


def test_a_browser_holds_a_witness_to_the_key_that_it_noted(
    program: ModuleType, in_node: Check, bundles: dict[str, Any], tree: Tree
) -> None:
    """Over several checks: what was noted stays noted, and a key that nobody vouched for is not taken up by being seen again."""
    seen, served = _seen(program, bundles["earlier"]), {"tiles": tiles(tree, SIZE)}
    assert seen["witnesses"] == [WITNESSING.vkey]
    changed = {**bundles["today"], "witnesses": [WITNESSING.vkey, IMPOSTOR.vkey], "checkpoint": tree.head(SIZE, LOG, IMPOSTOR)}
    for _ in range(2):
        assert _both(program, in_node, changed, {"seen": seen, **served}) == ["witness_changed"]
        seen = program.seen_of(changed, program.check_bundle(changed, seen=seen))
        assert seen["witnesses"] == [WITNESSING.vkey]
    both = {**changed, "checkpoint": tree.head(SIZE, LOG, WITNESSING, IMPOSTOR)}
    assert _both(program, in_node, both, {"seen": seen, **served}) == []
    seen = program.seen_of(both, program.check_bundle(both, seen=seen))
    assert seen["witnesses"] == [WITNESSING.vkey, IMPOSTOR.vkey]
    alone = {**changed, "witnesses": [IMPOSTOR.vkey]}  # the former key is given up, in the open
    assert _both(program, in_node, alone, {"seen": seen, **served}) == []
    assert program.seen_of(alone, program.check_bundle(alone, seen=seen))["witnesses"] == [IMPOSTOR.vkey]
    # What is known from elsewhere needs nothing that was noted.
    trusted = {"keys": [LOG.vkey], "witnesses": [IMPOSTOR.vkey]}
    assert _both(program, in_node, changed, {"seen": _seen(program, bundles["earlier"]), **trusted, **served}) == []
    for odd in (None, "x", [7], {}):  # what an older check noted, or nobody's list
        assert _both(program, in_node, alone, {"seen": {**seen, "witnesses": odd}, **served}) == []


def test_a_tile_that_was_changed_proves_nothing(program: ModuleType, in_node: Check, bundles: dict[str, Any], tree: Tree) -> None:
    made = tiles(tree, SIZE)
    made["0/001.p/44"] = flipped(made["0/001.p/44"], 5)
    assert _both(program, in_node, bundles["today"], {"seen": _seen(program, bundles["earlier"]), "tiles": made}) == ["tree_forked"]


def test_everybody_is_shown_the_same(program: ModuleType, in_node: Check, bundles: dict[str, Any], tree: Tree) -> None:
    today = bundles["today"]
    for size in (120, SIZE):  # a cache may lag behind: an older head of the same tree is no fork
        assert _both(program, in_node, today, {"tiles": tiles(tree, size, SIZE), "today": tree.head(size, LOG)}) == []
    grown = Tree([])
    grown.leaves = [*tree.leaves, *(digest("a later leaf", index) for index in range(40))]
    assert _both(program, in_node, today, {"tiles": tiles(grown, SIZE + 40), "today": grown.head(SIZE + 40, LOG)}) == []


def test_a_tree_for_one_citizen_alone_is_found_out(program: ModuleType, in_node: Check, bundles: dict[str, Any], tree: Tree) -> None:
    everyones = {"tiles": tiles(tree, 120, SIZE), "today": tree.head(SIZE, LOG)}
    for today in (tree.head(SIZE, LOG), tree.head(120, LOG)):
        # To who has downloaded nothing before, the fork is told from the beginning: only everyone's log shows it.
        assert _both(program, in_node, bundles["forked_throughout"], {**everyones, "today": today}) == ["public_forked"]
        # Who has, has a chain that notes the true trees of both downloads.
        assert _both(program, in_node, bundles["forked"], {**everyones, "today": today}) == ["tree_forked", "tree_forked", "public_forked"]
    for signed in (tree.head(SIZE, OTHER), tree.head(SIZE, LOG).replace(f"\n{SIZE}\n", f"\n{SIZE + 1}\n"), "x"):
        assert _both(program, in_node, bundles["today"], {**everyones, "today": signed}) == ["public_forked"]


def test_a_public_log_that_cannot_be_read_is_said_to_be_unread(
    program: ModuleType, in_node: Check, bundles: dict[str, Any], tree: Tree
) -> None:
    assert _both(program, in_node, bundles["today"], {"tiles": {}, "today": None}) == ["public_unproven"]
    assert _both(program, in_node, bundles["today"], {"tiles": {}, "today": tree.head(120, LOG)}) == ["public_unproven"]


def test_a_log_without_entries_shown_to_everybody_is_no_proof_of_the_same(
    program: ModuleType, in_node: Check, bundles: dict[str, Any], tree: Tree
) -> None:
    """The first head that a log ever signed is a beginning of every tree, of a forked one too: shown again, it says nothing."""
    everyones = {"tiles": tiles(tree, SIZE), "today": Tree([]).head(0, LOG)}
    for name in ("today", "forked_throughout"):
        assert _both(program, in_node, bundles[name], everyones) == ["public_unproven"]


@contextmanager
def served(files: dict[str, bytes]) -> Iterator[str]:
    """A log's public addresses on this machine."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = files.get(self.path)
            self.send_response(200 if found is not None else 404)
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/ledger"
        server.shutdown()


def run(*arguments: object) -> tuple[int, dict[str, Any]]:
    """The program as people run it, apart from everything here: exit code, and what it printed as JSON."""
    said = subprocess.run(
        [sys.executable, "-I", str(VERIFY / "aurora_verify.py"), *map(str, arguments), "--json"],
        capture_output=True, text=True, check=False, timeout=300, cwd="/",
    )  # fmt: skip
    return said.returncode, json.loads(said.stdout) if said.stdout else {"error": said.stderr}


@pytest.fixture
def files(tmp_path: Path, bundles: dict[str, Any]) -> dict[str, Path]:
    made = {name: tmp_path / f"{name}.json" for name in bundles}
    for name, path in made.items():
        path.write_text(json.dumps(bundles[name]), encoding="utf-8")
    return made


def test_the_program_reads_the_public_log(files: dict[str, Path], tree: Tree) -> None:
    public = {f"/ledger/tile/{path}": bytes.fromhex(hashes) for path, hashes in tiles(tree, SIZE).items()}
    with served({**public, "/ledger/checkpoint": tree.head(SIZE, LOG).encode()}) as address:
        assert run(files["today"], "--log", address, "--older", files["earlier"])[0] == 0
        code, said = run(files["forked_throughout"], "--log", address)
        assert (code, [finding["code"] for finding in said["findings"]]) == (1, ["public_forked"])
    code, said = run(files["today"], "--log", address)  # it is gone
    assert (code, [finding["code"] for finding in said["findings"]]) == (3, ["public_unproven"])


def test_the_programs_exit_codes(files: dict[str, Path], tmp_path: Path) -> None:
    assert run(files["today"])[0] == 0 and run(files["today"], "--older", files["earlier"], "--key", LOG.vkey)[0] == 0
    assert run(files["earlier"], "--older", files["today"])[0] == 1 and run(files["today"], "--key", OTHER.vkey)[0] == 1
    assert run(files["forked"], "--older", files["earlier"])[0] == 1
    unproven = tmp_path / "unproven.json"
    unproven.write_text(json.dumps({**json.loads(files["today"].read_text(encoding="utf-8")), "earlier": []}), encoding="utf-8")
    assert run(unproven, "--older", files["earlier"])[0] == 3
    odd = tmp_path / "odd"
    for content in (b"", b"{}", b"[]", b"\xff\xfe", b"NaN", b"[" * 100_000, b'{"format": "aurora-log-bundle-1"}'):
        odd.write_bytes(content)
        assert run(odd)[0] == 2, content[:20]
    assert run(tmp_path / "none")[0] == 2 and run(files["today"], "--log", "file:///etc")[0] == 2 and run()[0] == 2


def test_the_program_checks_a_proof(tmp_path: Path) -> None:
    proofs = json.loads(log_vectors.FILE.read_text(encoding="utf-8"))["proofs"]
    for case in proofs:
        file = tmp_path / "one.tlog-proof"
        file.write_text(case["proof"], encoding="utf-8")
        code, said = run(file, "--key", case["keys"][0])
        if case["name"] != "another version":
            assert (code, said["code"]) == (0 if case["code"] == "proved" else 1, case["code"]), case["name"]
    assert run(file)[0] == 2  # without a key there is nothing to trust


def test_it_says_in_words_what_is_wrong_and_lets_no_content_steer_the_terminal(files: dict[str, Path], tmp_path: Path) -> None:
    bundle = json.loads(files["today"].read_text(encoding="utf-8"))
    bundle["entries"][2]["access"]["actor"] = "\x1b[2Jnobody"
    files["today"].write_text(json.dumps(bundle), encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-I", str(VERIFY / "aurora_verify.py"), str(files["today"])], capture_output=True, text=True, check=False
    )
    assert said.returncode == 1 and "This entry has been changed since it was written." in said.stdout and said.stdout.endswith("FAILED\n")
    assert "\x1b" not in said.stdout and NAME in said.stdout
