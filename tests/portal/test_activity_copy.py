"""A copy of the activity: whole, streamed, readable by machines, harmless in a spreadsheet, and an entry of its own."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.utils import timezone

from aurora.identity import vault
from aurora.journeys import own_data
from aurora.portal.present import activity_file
from aurora.portal.present.activity_file import COLUMNS
from aurora.ui import sheets
from aurora.ui.sheets import cell
from consent import acting as acts
from consent.ledger import queries as ledger
from consent.ledger.events import Event
from consent.scope import citizen_scope
from tests.portal.test_activity_page import OFFICE, used
from tests.portal.test_guardians import child, guardian, mandates_of, told
from tests.support.cast import Cast, Person
from tests.support.mandated import acting, consented, mandate, post, somebody

EXPORT = "/en/activity/export/"


def copy(face: Client, as_format: str = "csv", **chosen: str) -> bytes:
    answer: Any = post(face, EXPORT, **{"for": "", "format": as_format, **chosen})
    assert answer.status_code == 200 and isinstance(answer, StreamingHttpResponse), answer
    return b"".join(answer.streaming_content)  # type: ignore[arg-type]


def rows(content: bytes) -> list[dict[str, str]]:
    text = content.decode("utf-8-sig")
    assert text.count("\n") == text.count("\r\n"), "every line ends as RFC 4180 has it"
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity_file, "CHUNK", 3)


@pytest.mark.usefixtures("small_chunks")
def test_both_files_have_every_entry_in_the_same_order_and_say_the_same(new_person: Person) -> None:
    for _ in range(7):
        own_data.view(citizen_id=new_person.id, now=timezone.now())
    face = new_person.browser()
    table = rows(copy(face))
    assert [int(row["number"]) for row in table] == list(range(8, 0, -1)), "newest first, the copy's own entry among them, none twice"
    assert table[0]["event"] == "citizen:twin:exported" and tuple(table[0]) == COLUMNS
    document = json.loads(copy(face, "json"))
    assert document["format"] == "aurora-activity-1" and document["chosen"] == {}
    assert [entry["number"] for entry in document["entries"]] == list(range(9, 0, -1))
    by_number = {entry["number"]: entry for entry in document["entries"]}
    entries = {entry.seq: entry for entry in new_person.entries()}
    for row in table:
        assert {name: cell(value) for name, value in by_number[int(row["number"])].items()} == row
        assert row["seal"] == bytes(entries[int(row["number"])].commitment).hex()


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("as_format", ["csv", "json"])
def test_the_file_has_what_the_filter_shows(new_person: Person, as_format: str) -> None:
    for days in range(5):
        used(new_person, Event.AGENCY_READ, OFFICE, categories=["tax.income"], ago=timedelta(days=days))
        used(new_person, Event.AGENCY_READ_REFUSED, OFFICE, decision="no_consent", ago=timedelta(days=days))
    content = copy(new_person.browser(), as_format, refused="1", agency=OFFICE)
    found: Any = json.loads(content)["entries"] if as_format == "json" else rows(content)
    assert [one["event"] for one in found] == ["agency:twin:refused"] * 5 and {one["reason"] for one in found} == {"no_consent"}
    nothing = copy(new_person.browser(), as_format, agency="nobody")
    assert not (json.loads(nothing)["entries"] if as_format == "json" else rows(nothing))


def test_a_copy_is_an_entry_that_says_what_was_taken(new_person: Person) -> None:
    copy(new_person.browser(), "json", kind="read", **{"from": "1.11.2026"})
    entry = new_person.entries()[-1]
    assert (entry.event, entry.actor, list(entry.categories)) == ("citizen:twin:exported", "citizen", [])
    with citizen_scope(new_person.id):
        opened = ledger.open_entry(entry, lambda sealed, *, context: vault.open_sealed(sealed, citizen_id=new_person.id, context=context))
    assert opened.genuine
    assert opened.details == {"what": "activity", "format": "json", "only_kind": "read", "only_from": "1.11.2026"}


@pytest.mark.parametrize(
    "form",
    [{"format": "xlsx"}, {"format": ""}, {"format": "csv", "from": "31.2.2026"}, {"format": "csv", "from": "2.1.2026", "to": "1.1.2026"}],
)
def test_what_cannot_be_made_is_not_noted(new_person: Person, form: dict[str, str]) -> None:
    answer = post(new_person.browser(), EXPORT, **{"for": "", **form})
    assert answer.status_code in (200, 400) and not isinstance(answer, StreamingHttpResponse)
    assert not new_person.entries()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"), ("  =1", "'  =1"), ("＝1", "'＝1"), (["=a", "b"], "'=a; b"), (["a", "=b"], "a; =b"), ("Etuusvirasto", "Etuusvirasto"),
        ("a=b", "a=b"), (12, "12"), ("", ""),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(value: object, written: str) -> None:
    assert cell(value) == written


def test_an_attorneys_name_cannot_become_a_formula(cast: Cast) -> None:
    aamu, valto = somebody("Aamu Päämies"), somebody("=cmd|'/c calc'!A1")
    consented(aamu, "tax-administration")
    face = acting(valto, mandate(aamu, valto))
    face.get("/en/my-data/")
    content = copy(aamu.browser())
    assert any("=cmd" in row["who"] for row in rows(content)), "the row that names them is there"
    assert not any(value.startswith("=") for row in rows(content) for value in row.values())


def test_quotes_commas_and_newlines_in_names_stay_within_their_cell() -> None:
    line = sheets.lines([['a "b", c', "d\r\ne", "f"]])
    assert line == '"a ""b"", c","d\r\ne",f\r\n'


def test_who_may_not_take_anothers_data_along_is_offered_no_copy_and_gets_none(cast: Cast) -> None:
    aamu, valto = somebody("Aamu Päämies"), somebody("Valto Valtuutettu")
    consented(aamu, "tax-administration")
    used(aamu, Event.AGENCY_READ, OFFICE, categories=["tax.income"])
    made = mandate(aamu, valto, "taxation")
    face = acting(valto, made)
    assert EXPORT.encode() not in face.get("/en/activity/").content
    before = len(aamu.entries())
    assert post(face, EXPORT, **{"for": str(made), "format": "csv"}).status_code == 403 and len(aamu.entries()) == before


def test_a_guardian_takes_a_childs_copy_that_names_them_and_not_with_a_page_of_their_own(cast: Cast) -> None:
    hanna, lilli = guardian(), child()
    told(hanna, lilli)
    (made,) = mandates_of(hanna)
    own = len(hanna.entries())
    face = acting(hanna, made.pk)
    assert EXPORT.encode() in face.get("/en/activity/").content
    got: Any = post(face, EXPORT, **{"for": "", "format": "csv"})
    assert got.status_code == 409 and b"Nothing was downloaded" in got.content and got.context["page"].banner is not None
    table = rows(b"".join(post(face, EXPORT, **{"for": str(made.pk), "format": "csv"}).streaming_content))  # type: ignore[attr-defined]
    assert table[0]["event"] == "citizen:twin:exported" and hanna.name in table[0]["who"] and "guardian" in table[0]["who"]
    assert acts.current() is None and len(hanna.entries()) == own, "nothing of it is in the guardian's own log"
    post(face, "/en/mandates/stop/")
    assert post(face, EXPORT, **{"for": str(made.pk), "format": "csv"}).status_code == 409


@pytest.mark.usefixtures("small_chunks")
def test_between_the_pieces_no_transaction_and_no_scope_is_open(new_person: Person) -> None:
    for _ in range(5):
        own_data.view(citizen_id=new_person.id, now=timezone.now())
    answer: Any = post(new_person.browser(), EXPORT, **{"for": "", "format": "csv"})
    depth = len(connection.savepoint_ids)
    pieces = iter(answer.streaming_content)
    for _ in range(2):
        assert next(pieces) and len(connection.savepoint_ids) == depth
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(current_setting('aurora.citizen', true), '')")
            assert cursor.fetchone() == ("",)
    assert acts.current() is None
    answer.close()
