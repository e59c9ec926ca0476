"""An import is one transaction: idempotent, nothing half-done, and what is gone is retired and not deleted."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from recommender.catalogue import catalogue, documents, store
from recommender.catalogue.models import CatalogueUse, CatalogueVersion, SearchEntry, ServiceVersion
from recommender.meters import of_texts
from tests.support.imported import SERVICE, hsds_service, ptv_channel, ptv_service, typed, written

OTHER = "90000000-0000-4000-8000-000000000009"
FIRST, SECOND = f"ptv-{SERVICE}", f"ptv-{OTHER}"


def taken(kind: str, *arguments: str) -> tuple[str, str]:
    """What the command said, and what it complained of."""
    out, complaints = io.StringIO(), io.StringIO()
    call_command("import_catalogue", kind, *arguments, stdout=out, stderr=complaints)
    return out.getvalue(), complaints.getvalue()


def rows() -> list[int]:
    return [model.objects.count() for model in (ServiceVersion, CatalogueVersion, CatalogueUse, SearchEntry)]


def test_imported_services_join_the_shipped_ones(db, tmp_path) -> None:
    said, _ = taken("ptv", *written(tmp_path, ptv_service(), ptv_channel()))
    assert "1 new, 0 changed, 0 the same, 0 retired" in said
    now = store.current()
    assert set(now) == {*catalogue(), FIRST} and now["dental-care"].version == catalogue()["dental-care"].version
    call_command("load_catalogue", stdout=io.StringIO())
    assert set(store.current()) == {*catalogue(), FIRST}, "loading the shipped ones leaves the imported ones alone"


def test_importing_the_same_again_changes_nothing(db, tmp_path) -> None:
    files = written(tmp_path, ptv_service(), ptv_channel())
    taken("ptv", *files)
    before = rows()
    said, _ = taken("ptv", *reversed(files))
    assert "0 new, 0 changed, 1 the same, 0 retired" in said and "in use already" in said
    assert rows() == before


def test_a_changed_wording_is_a_version_more_and_the_old_one_stays(db, tmp_path) -> None:
    taken("ptv", *written(tmp_path, ptv_service()))
    old = store.current()
    said, _ = taken("ptv", *written(tmp_path, ptv_service(serviceNames=typed("Name", fi="Uimala"))))
    assert "0 new, 1 changed" in said
    assert store.current()[FIRST].name["fi"] == "Uimala" and store.at(old.version)[FIRST].name["fi"] == "Uimahalli"
    assert ServiceVersion.objects.filter(identifier=FIRST).count() == 2


def test_what_a_whole_import_no_longer_has_is_retired_and_not_deleted(db, tmp_path) -> None:
    taken("ptv", *written(tmp_path, [ptv_service(), ptv_service(id=OTHER)]))
    taken("hsds", *written(tmp_path, hsds_service()))
    said, _ = taken("ptv", "--whole", *written(tmp_path, ptv_service()))
    assert "1 retired" in said
    now = store.current()
    assert FIRST in now and SECOND not in now
    assert any(one.origin == "hsds" for one in now.values()) and "dental-care" in now, "other origins are not touched"
    assert store.last_known(SECOND).name["fi"] == "Uimahalli"
    taken("ptv", *written(tmp_path, ptv_service(id=OTHER)))
    assert SECOND in store.current(), "it may come back"


def test_without_whole_nothing_is_retired_but_what_its_publisher_took_back(db, tmp_path) -> None:
    taken("ptv", *written(tmp_path, [ptv_service(), ptv_service(id=OTHER)]))
    taken("ptv", *written(tmp_path, ptv_service(serviceNames=typed("Name", fi="Uimala"))))
    assert {FIRST, SECOND} <= set(store.current())
    said, _ = taken("ptv", *written(tmp_path, ptv_service(id=OTHER, publishingStatus="Deleted")))
    assert "1 retired" in said and SECOND not in store.current() and FIRST in store.current()


def test_a_fault_in_a_new_wording_leaves_the_service_as_it_was(db, tmp_path) -> None:
    taken("ptv", *written(tmp_path, ptv_service()))
    before = store.current()[FIRST].version
    for arguments in ((), ("--whole",)):
        said, complaints = taken("ptv", *arguments, *written(tmp_path, [ptv_service(serviceNames=[]), ptv_service(id=OTHER)]))
        assert "1 refused" in said and SERVICE in complaints and "no name" in complaints
        assert store.current()[FIRST].version == before and SECOND in store.current()


@pytest.mark.parametrize("broken", ["{", "[NaN]", '{"id": "x"}', "[" * 100_000], ids=["cut", "nan", "foreign", "deep"])
def test_a_broken_document_takes_nothing_of_the_others(db, tmp_path, broken) -> None:
    before = rows()
    with pytest.raises(CommandError):
        taken("ptv", *written(tmp_path, ptv_service(), broken))
    assert rows() == before and store.current() is catalogue()


def test_nothing_is_left_of_an_import_that_fails_at_its_end(db, tmp_path, monkeypatch) -> None:
    before = rows()

    def fails(members) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(store.index, "bring_up_to_date", fails)
    with pytest.raises(RuntimeError):
        taken("ptv", *written(tmp_path, ptv_service()))
    assert rows() == before


def test_a_check_says_and_changes_nothing(db, tmp_path) -> None:
    before = rows()
    said, complaints = taken("ptv", "--check", *written(tmp_path, [ptv_service(), ptv_service(id="x")]))
    assert "1 services read, 1 refused" in said and "no UUID" in complaints and rows() == before


def test_what_the_operator_gets_wrong_is_said(db, tmp_path) -> None:
    files = written(tmp_path, hsds_service())
    for arguments, says in ((("--areas", "999"), "no municipality"), (("--language", "xx"), "must be one of fi, sv, en")):
        with pytest.raises(CommandError, match=says):
            taken("hsds", *files, *arguments)


def test_an_imported_service_gets_the_meters_of_its_finnish_text(db, tmp_path) -> None:
    taken("ptv", *written(tmp_path, ptv_service()))
    taken("hsds", *written(tmp_path, hsds_service()))
    found = store.current()[FIRST]
    assert found.meters == of_texts(found.name.own, found.description.own) and found.meters is not None
    english = next(one for one in store.current().values() if one.origin == "hsds")
    assert english.meters is None, "the model reads Finnish only"
    assert found.version == documents.version_of(documents.document(found))
