"""A copy holds all that Aurora holds: no table is forgotten, nothing of its JSON-LD is dropped, and a person can read it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.utils import timezone
from jsonschema import Draft202012Validator, FormatChecker

from aurora.identity import citizens, vault
from aurora.identity.eid import Identified
from aurora.journeys import _export_document, _export_pages, _export_parts, export
from aurora.journeys._export_part import Asked, Part, fields, record
from aurora.management.commands import export_schema
from aurora.messages import address
from aurora.twin import whole, write
from aurora.twin.models import Fact
from aurora.twin.values import NewFact
from aurora.ui import export_words
from consent.ledger.events import Event
from consent.rules import CITIZEN, AccessRequest
from consent.scope import citizen_scope
from tests.interop.peer import Peer
from tests.support.cast import TAX, Cast, Person, services, version_of
from tests.support.copies import Copy, copied

INCOME = "tax.income"
MARKUP = "<script>alert(1)</script> & ä"


@pytest.fixture(scope="module")
def told(committed_cast: Cast, django_db_blocker: Any) -> Person:
    """Aino with a fact that was another before, who has been read, and who gave an address."""
    with django_db_blocker.unblock():
        committed_cast.renew_token()
        committed_cast.office.read(committed_cast.token, "population.household")
        aino = committed_cast.aino
        now = timezone.now()
        for value, at in ((23_456, now - timedelta(days=1)), (23_457, now)):
            fact = NewFact(INCOME, version_of(INCOME), "wages", value, "reported", TAX, at)
            with citizen_scope(aino.id):
                write.write(citizen_id=aino.id, facts=[fact], now=at)
        with citizen_scope(aino.id):
            address.give(citizen_id=aino.id, typed="aino@example.org", whole=False, now=now)
    return aino


@pytest.fixture(scope="module")
def copy(told: Person, django_db_blocker: Any) -> Copy:
    with django_db_blocker.unblock():
        return copied(told.id)


# Nothing is forgotten


def test_every_personal_table_is_in_a_part_or_left_out_for_a_reason(cast: Cast) -> None:
    with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
        found = {row[0] for row in admin.execute("SELECT oid::regclass::text FROM pg_class WHERE relrowsecurity").fetchall()}
    told_of = [table for part in _export_parts.PARTS for table in part.tables]
    assert len(told_of) == len(set(told_of)), "each table is one part's"
    assert found == {*told_of, *_export_parts.LOG, *_export_parts.LEFT_OUT}
    assert not set(told_of) & set(_export_parts.LEFT_OUT) and all(len(reason) > 20 for reason in _export_parts.LEFT_OUT.values())


def test_who_acts_for_another_gets_only_what_they_have_a_page_for() -> None:
    mandated = {part.name for part in _export_parts.PARTS if part.mandated}
    assert mandated == {"profile", "statements", "categories", "facts", "consents", "concerns", "corrections", "break_glass"}


def test_former_versions_are_told_with_the_day_they_were_replaced(copy: Copy) -> None:
    former, present = [f for f in copy.document["facts"] if f["key"] == "wages"]
    assert (former["value"], present["value"]) == (23_456, 23_457)
    assert former["superseded_at"] == present["recorded_at"] and "superseded_at" not in present
    assert former["category"] == "urn:aurora:category:tax.income" and former["source"] == f"urn:aurora:agency:{TAX}"


def test_who_they_are_who_read_and_what_the_law_wants_told(copy: Copy, told: Person) -> None:
    document = copy.document
    [profile] = document["profile"]
    assert (profile["name"], profile["national_id"], profile["email"]) == (told.name, told.national_id, "aino@example.org")
    [reader] = [one for one in document["recipients"] if one["recipient"] == "urn:aurora:agency:benefits-office"]
    assert reader["count"] >= 1 and "urn:aurora:category:population.household" in reader["categories"]
    topics = {one["topic"] for one in document["statements"]}
    assert {
        "controller",
        "period_facts",
        "right_rectify",
        "right_erase",
        "right_withdraw",
        "authority",
        "logic_of_suggestions",
        "left_out",
    } <= topics
    assert all(set(one["information"]) == {"fi", "sv", "en"} for one in document["statements"])
    shown = document["consents"][0]
    assert shown["shown_text"]["purpose"]["name"] and shown["history"] and shown["legal_basis"].startswith("https://w3id.org/dpv")
    assert {r["consent"] for r in document["receipts"]} <= {c["@id"] for c in document["consents"]}
    assert all(r["jwt"].count(".") == 2 and r["receipt"]["@type"] == "dpv:ConsentReceipt" for r in document["receipts"])


def test_no_token_key_or_digest_goes_along(copy: Copy, cast: Cast) -> None:
    whole_text = "".join(copy.text(name) for name in copy.packed.namelist() if name != "log/aurora-verify.html")
    for secret in ("source-access", "source-refresh", *cast.secrets()[:1], copy.passphrase):
        assert secret not in whole_text


def test_the_log_goes_along_as_its_verifier_wants_it_and_ends_with_this_copy(copy: Copy, told: Person) -> None:
    bundle = json.loads(copy.text("log/aurora-log.json"))
    assert bundle["format"] == "aurora-log-bundle-1" and bundle["citizen"] == str(told.id)
    events = [entry["access"]["event"] for entry in bundle["entries"]]
    assert [entry["seq"] for entry in bundle["entries"]] == list(range(1, len(events) + 1))
    assert events[-2:] == [Event.OWN_DATA_EXPORTED, Event.OWN_DATA_EXPORTED]
    [own] = [entry for entry in told.entries() if f"urn:uuid:{entry.pk}" == copy.document["entry"]]
    assert own.seq == bundle["entries"][-2]["seq"]
    assert {"log/aurora-verify.html", "log/aurora_verify.py", "aurora_open.py"} <= set(copy.packed.namelist())
    assert told.entries()[own.seq + 1].event == Event.EXPORT_DOWNLOADED, "the download is an entry of its own"


# For machines


def test_it_is_what_its_schema_says_and_the_schema_is_what_is_published(copy: Copy) -> None:
    assert export_schema.FILE.read_text(encoding="utf-8") == export_schema.text(), "run: manage.py export_schema"
    published = json.loads(export_schema.FILE.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(published)
    checker = Draft202012Validator(published, format_checker=FormatChecker())
    assert [f"{list(e.path)[:3]}: {e.message[:200]}" for e in checker.iter_errors(copy.document)] == []
    strange = copy.document
    strange["facts"][0]["colour"] = "blue"
    assert not checker.is_valid(strange)


def test_an_independent_processor_expands_it_and_drops_nothing(copy: Copy) -> None:
    document = copy.document
    with Peer("expand.mjs", {"document": {"@id": "urn:x:y", "urn:x:z": "1"}}) as peer:
        [expanded] = peer.ask(document=document)["expanded"]
    names = document["@context"]
    for part in _export_parts.PARTS:
        iri = f"urn:aurora:export:{part.name}"
        assert len(expanded.get(iri, [])) == len(document[part.name]), part.name
        for before, after in zip(document[part.name], expanded.get(iri, []), strict=True):
            kept = {name for name, value in before.items() if not name.startswith("@") and value != []}
            assert all(_iri(names, name) in after for name in kept), (part.name, kept)
    facts = expanded["urn:aurora:export:facts"]
    assert {"https://schema.org/value", "http://www.w3.org/ns/prov#generatedAtTime", "https://w3id.org/dpv#hasDataSource"} <= set(facts[0])
    assert {f["https://schema.org/value"][0]["@value"] for f in facts} >= {23_456, 23_457}, "values are as they are"


def _iri(context: dict[str, Any], name: str) -> str:
    """Of a key, by the document's own context, in our own few lines: what the processor must have made of it."""
    prefix, colon, rest = context[name]["@id"].partition(":")
    return context.get(prefix, f"{prefix}:") + rest if isinstance(context.get(prefix), str) else f"{prefix}{colon}{rest}"


def test_two_copies_of_the_same_state_differ_by_their_making_only(told: Person, cast: Cast) -> None:
    def plain() -> dict[str, Any]:
        made = copied(told.id).document
        return {name: value for name, value in made.items() if name not in ("@id", "made_at", "entry", "requests")}

    assert json.dumps(plain()) == json.dumps(plain()), "the order too"


# For a person


class Reading(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said.append(data)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_a_person_reads_every_part_in_their_language(cast: Cast, language: str) -> None:
    identified = Identified("https://eid.test", f"T-{uuid4().hex}", MARKUP)
    hostile = citizens.find_or_create(identified=identified, language=language, now=timezone.now())
    page = copied(hostile.pk, language=language).text("index.html")
    read = Reading(page)
    said = "".join(read.said)
    for part in (*(one.name for one in _export_parts.PARTS), "activity"):
        assert export_words.part(part)[0][language] in said, part
    assert ("html", {"lang": language}) in read.tags
    assert MARKUP in said and MARKUP not in page, "what wants to be markup is text"
    assert not [tag for tag, _ in read.tags if tag in ("script", "img", "iframe", "form", "link", "object")]
    assert all(
        not value or not re.match(r"\s*(?:https?:|//|javascript:|data:)", value)
        for _, a in read.tags
        for n, value in a.items()
        if n in ("href", "src")
    )
    assert "default-src 'none'" in page
    heads = [a for tag, a in read.tags if tag == "th"]
    assert heads and all(a.get("scope") == "col" for a in heads)


def test_every_code_and_column_of_the_parts_has_words() -> None:
    for part in (*_export_parts.PARTS,):
        assert set(export_words.part(part.name)[0]) == {"fi", "sv", "en"}
        for one in part.fields:
            if one.shown:
                assert set(export_words.field(one.name)) == {"fi", "sv", "en"}
    everything = export_words.everything()
    texts = [*everything["fields"].values(), *everything["codes"].values(), *everything["page"].values(), *everything["opener"].values()]
    assert all(set(text) == {"fi", "sv", "en"} and all(text.values()) for text in texts)
    from aurora.exports.models import Export
    from aurora.twin.models import Evaluation, Provenance
    from consent.models import ConsentState

    for codes in (Provenance.values, ConsentState.values, Evaluation.State.values, Export.State.values):
        assert all(code in everything["codes"] for code in codes)


def _asked(cast: Cast, permit: Any) -> Asked:
    return Asked(cast.aino.id, uuid4(), "en", timezone.now(), permit, 1)


@pytest.mark.parametrize(("rows", "pages"), [(500, 0), (501, 1), (1000, 1), (1001, 2)], ids=str)
def test_a_long_part_goes_on_over_pages_that_lead_to_each_other(cast: Cast, rows: int, pages: int) -> None:
    def numbered(_: Asked) -> Iterator[dict[str, Any]]:
        return (record(number=n) for n in range(rows))

    part = Part("activity", ("x",), fields("number", "number", shown="number"), numbered)
    asked, long = _asked(cast, None), _export_pages.Long()
    first = b"".join(_export_pages.index(asked, [part], name="x", long=long, reached=lambda _: None)).decode()
    further = [(name, b"".join(pieces).decode()) for one in long.parts for name, pieces in _export_pages.further(asked, one)]
    texts = [("index.html", first), *further]
    assert [name for name, _ in further] == [f"pages/activity-{n}.html" for n in range(2, pages + 2)]
    assert sum(text.count("<tr><td") for _, text in texts) == rows
    for (_, text), (name, _) in pairwise(texts):
        assert name.removeprefix("pages/") in text
    assert f"activity-{pages + 2}.html" not in texts[-1][1]


# In bounded memory, through the door


def test_facts_are_opened_one_after_the_other(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from aurora.journeys._door import open_door

    opened = []
    real = vault.open_sealed
    monkeypatch.setattr(vault, "open_sealed", lambda *a, **k: opened.append(1) or real(*a, **k))
    with citizen_scope(cast.aino.id):
        held = whole.categories_ever(citizen_id=cast.aino.id)
        mine = Fact.objects.filter(citizen_id=cast.aino.id)
        there = mine.count()
        named = mine.filter(category=min(held)).values("mark").distinct().count()
    request = AccessRequest(cast.aino.id, CITIZEN, "own-data", held)
    with open_door(request, granted=Event.OWN_DATA_EXPORTED, refused=Event.OWN_DATA_REFUSED, now=timezone.now(), unread=True) as door:
        assert door.facts == () and opened == []
        pieces = _export_document.written(
            _asked(cast, door.permit), [p for p in _export_parts.PARTS if p.name == "facts"], reached=lambda _: None
        )
        for _ in range(4):  # the head, the part's name, two facts
            next(pieces)
        assert len(opened) == named + 2 < there, "one of each name, for their order, and the two"
        permit = door.permit
    with citizen_scope(cast.aino.id), pytest.raises(whole.NotLogged):
        next(whole.versions(permit))


def test_a_copy_shows_one_moment_though_facts_change_while_it_is_written(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    from django.db import connection

    real, done = _export_document.written, []

    def change() -> None:
        try:
            fact = NewFact(INCOME, version_of(INCOME), "wages", 777_123, "reported", TAX, timezone.now())
            with citizen_scope(cast.aino.id):
                write.write(citizen_id=cast.aino.id, facts=[fact], now=timezone.now())
            done.append(1)
        finally:
            connection.close()

    def written(*a: Any, **k: Any) -> Iterator[bytes]:
        other = threading.Thread(target=change)
        other.start()
        other.join()
        yield from real(*a, **k)

    monkeypatch.setattr(_export_document, "written", written)
    made = copied(cast.aino.id)
    assert done and 777_123 not in {f["value"] for f in made.document["facts"]} and "777,123" not in made.text("index.html")
    monkeypatch.undo()
    assert 777_123 in {f["value"] for f in copied(cast.aino.id).document["facts"]}
    assert export.newest(citizen_id=cast.aino.id) is None
