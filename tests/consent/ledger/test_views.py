"""The public log over HTTP: what is served, how long it may be kept, and what does not exist."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from consent.ledger import leaf, merkle, tiles, verify
from consent.ledger.append import append
from consent.ledger.events import Event
from consent.ledger.sequence import Sequencer
from consent.scope import citizen_scope
from tests.consent.ledger.conftest import seal
from tests.support.log_keys import make_signer

pytestmark = pytest.mark.usefixtures("ledger_db")

SIGNER = make_signer("aurora.test/ledger", bytes(32))
AINO = uuid4()

urlpatterns = [path("ledger/", include("consent.ledger.urls"))]


def handler404(request: object, exception: object) -> HttpResponse:
    return HttpResponse(status=404)


@pytest.fixture
def client() -> Client:
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[], ALLOWED_HOSTS=["testserver"]):
        yield Client()


@pytest.fixture
def sequencer() -> Sequencer:
    sequencer = Sequencer(signer=SIGNER, using="owner")
    sequencer.begin()
    return sequencer


def fill(count: int) -> list[bytes]:
    with citizen_scope(AINO):
        return [append(citizen_id=AINO, event=Event.OWN_DATA_VIEWED, actor="citizen", seal=seal).commitment for _ in range(count)]


def test_before_the_sequencer_first_ran_there_is_nothing(client: Client) -> None:
    for address in ("checkpoint", "key", "tile/0/000", "tile/0/000.p/1", "tile/entries/000.p/1"):
        assert client.get(f"/ledger/{address}").status_code == 404


def test_an_empty_log_has_a_checkpoint_and_no_tile(client: Client, sequencer: Sequencer) -> None:
    head = verify.open_checkpoint(client.get("/ledger/checkpoint").content.decode(), SIGNER.vkey)
    assert (head.size, head.root) == (0, merkle.EMPTY_ROOT)
    assert client.get("/ledger/tile/0/000").status_code == client.get("/ledger/tile/0/000.p/1").status_code == 404


def test_a_stranger_verifies_the_whole_log_from_what_is_public(client: Client, sequencer: Sequencer) -> None:
    commitments = fill(300)
    while sequencer.round():
        pass
    vkey = client.get("/ledger/key").content.decode().split("\n")[0]
    assert vkey == SIGNER.vkey
    head = verify.open_checkpoint(client.get("/ledger/checkpoint").content.decode(), vkey)
    assert head.size == 300
    stored = {
        (0, 0): client.get("/ledger/tile/0/000").content,
        (0, 1): client.get("/ledger/tile/0/001.p/44").content,
        (1, 0): client.get("/ledger/tile/1/000.p/1").content,
    }
    assert {key: len(tile) // 32 for key, tile in stored.items()} == {(0, 0): 256, (0, 1): 44, (1, 0): 1}
    assert merkle.root(300, tiles.node_reader(stored)) == head.root
    bundle = client.get("/ledger/tile/entries/000").content + client.get("/ledger/tile/entries/001.p/44").content
    entries = [bundle[start + 2 : start + 34] for start in range(0, len(bundle), 34)]
    assert all(bundle[start : start + 2] == b"\x00\x20" for start in range(0, len(bundle), 34))
    assert entries == commitments
    assert b"".join(map(leaf.leaf_hash, entries)) == stored[0, 0] + stored[0, 1]


def test_what_may_be_cached_and_how_long(client: Client, sequencer: Sequencer) -> None:
    fill(257)
    sequencer.round()
    for address in ("tile/0/000", "tile/0/000.p/17", "tile/0/001.p/1", "tile/1/000.p/1", "tile/entries/000"):
        answer = client.get(f"/ledger/{address}")
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable", address
        assert answer.headers["Content-Type"] == "application/octet-stream"
    for address in ("checkpoint", "key", "witnesses", "former"):
        answer = client.get(f"/ledger/{address}")
        assert answer.headers["Content-Type"] == ("application/json" if address == "former" else "text/plain; charset=utf-8")
        assert "immutable" not in answer.headers["Cache-Control"]
        assert answer.headers["Cache-Control"].startswith("public, max-age=")
        assert not answer.cookies


def test_an_earlier_partial_tile_is_still_served_when_the_tile_has_grown(client: Client, sequencer: Sequencer) -> None:
    fill(10)
    sequencer.round()
    before = client.get("/ledger/tile/0/000.p/10").content
    fill(300)
    sequencer.round()
    assert client.get("/ledger/tile/0/000.p/10").content == before == client.get("/ledger/tile/0/000").content[:320]


ABSENT = [
    "tile/0/001",
    "tile/0/001.p/45",
    "tile/0/002.p/1",
    "tile/1/000",
    "tile/1/000.p/2",
    "tile/2/000.p/1",
    "tile/63/000",
    "tile/64/000",
    "tile/00/000",
    "tile/0/0",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/x000/000",
    "tile/0/x999/x999/x999/x999/x999/999",
    "tile/0/000/",
    "tile/-1/000",
    "tile/entries/001",
    "tile/entries/001.p/45",
    "tile/entries/x",
    "tile/entries/../key",
    "tile/entries/x999/x999/x999/x999/x999/999",
    "tile",
    "",
    "checkpoint/",
    "checkpoint/witnesse",
    "checkpoint/witnessed/",
    "checkpoint/witnessed",
    "key/",
    "witnesses/",
    "former/",
    "Checkpoint",
    "checkpoint%00",
    "%2e%2e/healthz",
    "tile/0/000%0a",
    "tile/entries/000%0a",
    "tile/0/000.p/٤",
]


def test_head_tells_what_get_would_and_nothing_else_is_taken(client: Client, sequencer: Sequencer) -> None:
    fill(3)
    sequencer.round()
    for address in ("checkpoint", "key", "witnesses", "former", "tile/0/000.p/3", "tile/entries/000.p/3"):
        full, head = client.get(f"/ledger/{address}"), client.head(f"/ledger/{address}")
        assert (head.status_code, head.content) == (200, b"")
        assert {name: head.headers[name] for name in ("Content-Type", "Cache-Control")} == {
            name: full.headers[name] for name in ("Content-Type", "Cache-Control")
        }
        for method in ("post", "put", "patch", "delete", "options"):
            assert getattr(client, method)(f"/ledger/{address}").status_code == 405
        assert client.get(f"/ledger/{address}?size=1&x=%00").content == full.content, "a query changes nothing: caches may drop it"
    assert client.get("/ledger/witnesses").content == b"" and client.get("/ledger/former").json() == []


def test_what_does_not_exist_is_404(client: Client, sequencer: Sequencer) -> None:
    fill(300)
    sequencer.round()
    assert client.get("/ledger/tile/0/001.p/44").status_code == 200
    assert {address: client.get(f"/ledger/{address}").status_code for address in ABSENT} == dict.fromkeys(ABSENT, 404)


@pytest.mark.parametrize("address", ["checkpoint", "key", "tile/0/000", "tile/entries/000"])
def test_nothing_can_be_sent_to_it(address: str, client: Client) -> None:
    assert client.post(f"/ledger/{address}").status_code == 405
