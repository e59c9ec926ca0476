"""The public log's page: what programs read below `/ledger/`, for people, with who watches it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from aurora.environ import WitnessAddress
from consent.ledger.models import Checkpoint
from consent.ledger.witness_models import Witness
from tests.support.cast import Cast, Person, browser
from tests.support.log_keys import make_signer, witness_vkey
from tests.support.patients import admin

PATH = "/en/public-log/"
ORIGIN, SIZE = "aurora.test/public", 2 * 10**12
WATCHING = WitnessAddress(str(witness_vkey("witness.test/watching", bytes(32))), "https://watching.test")
SILENT = WitnessAddress(str(witness_vkey("witness.test/silent", bytes(32))), "https://silent.test")


@pytest.fixture
def sealed(cast: Cast) -> Iterator[None]:
    """A newest checkpoint of our own beyond all others, and nothing left of it; the log itself stays as it is."""
    signer = make_signer(ORIGIN, bytes(32))
    signed, vkey = signer.checkpoint(SIZE, bytes(32)), signer.vkey
    with admin() as database:
        database.execute("INSERT INTO ledger_key (vkey, since) VALUES (%s, now())", [vkey])
        database.execute("INSERT INTO ledger_checkpoint (size, root, at, note) VALUES (%s, %s, now(), %s)", [SIZE, bytes(32), signed])
    yield
    with admin() as database:
        database.execute("DELETE FROM ledger_witness WHERE origin = %s", [ORIGIN])
        database.execute("DELETE FROM ledger_checkpoint WHERE size = %s", [SIZE])
        database.execute("DELETE FROM ledger_key WHERE vkey = %s", [vkey])


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize(("language", "title"), [("fi", "Julkinen loki"), ("sv", "Den offentliga loggen"), ("en", "The public log")])
def test_it_says_what_programs_read(language: str, title: str) -> None:
    origin, size, root = browser().get("/ledger/checkpoint").content.decode().split("\n")[:3]
    answer: Any = browser().get(f"/{language}/public-log/")
    page, said = answer.context["page"], answer.content.decode()
    assert answer.status_code == 200 and f"{title}</h1>" in said and origin in said and root in said
    assert (page.name, page.size, page.root) == (origin, int(size), root) == (ORIGIN, SIZE, page.root) and page.at is not None
    places = re.findall(r'href="(/ledger/[^"]+)"', said)
    assert places and all(browser().get(place).status_code == 200 for place in places)


@pytest.mark.usefixtures("sealed")
def test_each_witness_stands_there_with_what_it_confirmed(new_person: Person) -> None:
    now = timezone.now()
    Witness.objects.create(origin=ORIGIN, vkey=WATCHING.vkey, due_at=now, size=SIZE - 5, cosigned_at=now, stated_at=int(now.timestamp()))
    with override_settings(AURORA_WITNESSES=(WATCHING, SILENT)):
        answer: Any = new_person.browser().get(PATH)
    said = answer.content.decode()
    assert [(one.name, one.size, one.at) for one in answer.context["page"].watchers] == [
        ("witness.test/watching", SIZE - 5, now), ("witness.test/silent", None, None),
    ]  # fmt: skip
    assert "1,999,999,999,995" in said and "Not yet" in said and "/ledger/witnesses" in said and new_person.name in said


@pytest.mark.usefixtures("sealed")
def test_a_log_that_nobody_watches_says_so() -> None:
    with override_settings(AURORA_WITNESSES=()):
        said = browser().get(PATH).content.decode()
    assert "No witness watches this log yet." in said and "/ledger/witnesses" not in said and "/ledger/checkpoint/witnessed" not in said


def test_before_the_first_seal_nothing_leads_to_a_checkpoint(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aurora.portal.present.public_log.queries.newest_checkpoint", lambda: None)
    answer: Any = browser().get(PATH)
    said = answer.content.decode()
    assert answer.status_code == 200 and "Nothing yet" in said and '"/ledger/checkpoint"' not in said and "Root hash" not in said
    assert answer.context["page"].size == 0 and not Checkpoint.objects.filter(size=SIZE).exists()


def test_who_reads_on_comes_to_this_page_and_not_to_what_programs_read(new_person: Person) -> None:
    for address, face in (("/en/", browser()), ("/en/transparency/", browser()), ("/en/home/", new_person.browser())):
        said = face.get(address).content.decode()
        assert f'href="{PATH}"' in said and "/ledger/checkpoint" not in said
