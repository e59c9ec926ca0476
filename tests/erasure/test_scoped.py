"""One source or one category goes, with what was made of it; it is not fetched again; agencies that had read are told."""

from __future__ import annotations

from threading import Thread
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from aurora.erasures import certificate, rows
from aurora.exports import files
from aurora.exports.models import Export
from aurora.journeys import erase, export, suggest
from aurora.journeys._erase_parts import CATEGORY, Scope
from aurora.twin import write
from aurora.twin.models import Fact
from consent.errors import NotFound
from consent.scope import citizen_scope
from consent.webhooks.models import Delivery
from tests.erasure.going import go_on, held_by, make_due, stands
from tests.support.cast import TAX, Cast, Person

INCOME = "tax.income"


def facts(person: Person, **which: object) -> int:
    with citizen_scope(person.id):
        return Fact.objects.filter(citizen_id=person.id, **which).count()


def erased(asked: erase.Asked) -> dict[str, object]:
    row = go_on(asked.erasure_id)
    assert row.state == "done", (row.state, row.steps)
    return certificate.read(row)


def test_a_category_goes_with_kept_and_past_versions_and_is_withdrawn(cast: Cast, leaver: Person) -> None:
    token = cast.office.granted(leaver)["access_token"]
    assert cast.office.read(token, INCOME).status_code == 200
    with citizen_scope(leaver.id):
        write.keep(citizen_id=leaver.id, categories=[INCOME], source=TAX, now=timezone.now())
    others = facts(leaver) - facts(leaver, category=INCOME)
    now = timezone.now()
    seen = erase.preview(citizen_id=leaver.id, scope=Scope(CATEGORY, INCOME), now=now)
    assert seen.counts["facts"] == facts(leaver, category=INCOME) > 0 and seen.consents and [r.recipient.code for r in seen.kept_consents]
    document = erased(erase.category(citizen_id=leaver.id, code=INCOME, language="en", now=now))

    assert facts(leaver, category=INCOME) == 0 and facts(leaver) == others and held_by(leaver.id, "twin_suggestionrun") == 0
    assert not [r for r in leaver.consents(state="given", recipient__code="aurora") if INCOME in r.covered and r.source_id]
    assert [r for r in leaver.consents(state="given") if r.recipient.code != "aurora"], "the office's stands"
    with citizen_scope(leaver.id):
        [told] = Delivery.objects.filter(citizen_id=leaver.id, kind="data.erased")
    assert told.categories == [INCOME] and told.confirm_by and told.payload["data"]["asked"]["action"] == "delete"
    assert "ended_by" not in told.payload["data"]
    entry = leaver.entries()[-1]
    assert entry.event == "citizen:erasure:done" and entry.categories == [INCOME]
    assert leaver.messages()[0].kind == "erasure_done"
    deleted = {one["aurora:part"]: one["aurora:number"] for one in document["aurora:deleted"]}  # type: ignore[attr-defined]
    assert deleted["facts"] == seen.counts["facts"] and deleted["suggestions"] == 1
    assert [one["aurora:state"] for one in document["aurora:agencies"]] == ["asked"]  # type: ignore[attr-defined]
    # Read again: allowed, and nothing there.
    assert cast.office.read(token, INCOME).json()["facts"] == []
    suggest.suggest(citizen_id=leaver.id, now=timezone.now())


def test_a_source_goes_with_its_connection(leaver: Person) -> None:
    erased(erase.source(citizen_id=leaver.id, code=TAX, language="en", now=timezone.now()))
    assert facts(leaver, source=TAX) == 0 and facts(leaver) > 0
    assert not [r for r in leaver.consents(state="given") if r.source and r.source.code == TAX]


def test_a_copy_that_waits_goes_with_what_is_in_it(leaver: Person) -> None:
    """The erased is in it too, for as long as it could be downloaded."""
    made = export.ask(citizen_id=leaver.id, language="en", now=timezone.now()).export_id
    export.run(export_id=made)
    with citizen_scope(leaver.id):
        [file_id] = Export.objects.filter(citizen_id=leaver.id, state="done").values_list("file_id", flat=True)
    assert files.path_of(file_id).exists()
    assert erase.preview(citizen_id=leaver.id, scope=Scope(CATEGORY, INCOME), now=timezone.now()).counts["exports"] == 1
    document = erased(erase.category(citizen_id=leaver.id, code=INCOME, language="en", now=timezone.now()))
    assert not files.path_of(file_id).exists() and held_by(leaver.id, "exports_export") == 0
    assert {one["aurora:part"]: one["aurora:number"] for one in document["aurora:deleted"]}["exports"] == 1  # type: ignore[attr-defined]


def test_asked_twice_and_run_twice_it_is_one(leaver: Person) -> None:
    now = timezone.now()
    first = erase.source(citizen_id=leaver.id, code=TAX, language="en", now=now)
    assert erase.source(citizen_id=leaver.id, code=TAX, language="en", now=now).erasure_id == first.erasure_id
    before = erased(first)
    make_due(first.erasure_id)
    assert certificate.read(go_on(first.erasure_id)) == before
    assert [e.event for e in leaver.entries()].count("citizen:erasure:done") == 1


@pytest.mark.parametrize("step", ["consents", "training", "suggestions", "facts", "exports", "agencies", "log"])
def test_an_exception_at_any_step_is_gone_on_from(leaver: Person, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    note, met = rows.note, []

    def fails(row: object, **given: object) -> None:
        if given.get("step") == step and not met:
            met.append(step)
            raise ZeroDivisionError
        note(row, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(rows, "note", fails)
    asked = erase.category(citizen_id=leaver.id, code=INCOME, language="en", now=timezone.now())
    row = go_on(asked.erasure_id)
    assert met and row.state == "running" and step not in row.steps and row.lease_token is None
    make_due(asked.erasure_id)
    assert go_on(asked.erasure_id).state == "done"
    assert facts(leaver, category=INCOME) == 0
    assert [e.event for e in leaver.entries()].count("citizen:erasure:done") == 1


def test_what_is_no_source_and_no_category_is_not_there(leaver: Person) -> None:
    now = timezone.now()
    with pytest.raises(NotFound):
        erase.category(citizen_id=leaver.id, code="no.such", language="en", now=now)
    with pytest.raises(NotFound):
        erase.source(citizen_id=leaver.id, code="no-such", language="en", now=now)


def test_two_workers_at_once_do_it_once(leaver: Person) -> None:
    asked = erase.source(citizen_id=leaver.id, code=TAX, language="en", now=timezone.now())

    def work(erasure_id: UUID) -> None:
        try:
            erase.run(erasure_id=erasure_id)
        finally:
            connection.close()

    threads = [Thread(target=work, args=[asked.erasure_id]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stands(asked.erasure_id).state == "done"
    assert [e.event for e in leaver.entries()].count("citizen:erasure:done") == 1
