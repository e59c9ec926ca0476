"""Every catalogue that was ever in use can be had again, exactly; none can be changed."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from recommender.catalogue import catalogue, documents, store
from recommender.catalogue.models import CatalogueUse, CatalogueVersion, SearchEntry, ServiceVersion
from recommender.catalogue.text import Text
from recommender.errors import CatalogueError, UnknownCatalogue
from tests.support.catalogue import put, service


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """A process that has met no catalogue yet."""
    monkeypatch.setattr(store, "_catalogues", type(store._catalogues)())
    monkeypatch.setattr(store, "_services", type(store._services)())


@pytest.mark.parametrize("one", catalogue().values(), ids=lambda one: one.identifier)
def test_a_service_is_the_same_after_its_way_through_json(one) -> None:
    text = documents.document(one)
    again = documents.service(text)
    assert documents.document(again) == text
    assert again.version == one.version == documents.version_of(text)
    assert (again.rule.source if again.rule else None) == (one.rule.source if one.rule else None)
    assert [(s.when.source, s.points) for s in again.signals] == [(s.when.source, s.points) for s in one.signals]
    assert (again.reach, again.meters, again.name, again.labels) == (one.reach, one.meters, one.name, one.labels)


def test_the_version_is_the_same_in_another_process() -> None:
    code = "from recommender.catalogue import catalogue; print(catalogue().version)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == catalogue().version


def test_with_nothing_loaded_the_shipped_files_are_in_use(db) -> None:
    assert store.current() is catalogue()
    assert store.at(catalogue().version) is catalogue()


def test_loading_records_the_shipped_services_and_loading_again_changes_nothing(db) -> None:
    call_command("load_catalogue")
    assert store.current().version == catalogue().version
    assert set(ServiceVersion.objects.values_list("sha256", flat=True)) == {one.version for one in catalogue().values()}
    rows = [model.objects.count() for model in (ServiceVersion, CatalogueVersion, CatalogueUse, SearchEntry)]
    call_command("load_catalogue")
    assert [model.objects.count() for model in (ServiceVersion, CatalogueVersion, CatalogueUse, SearchEntry)] == rows


def test_an_earlier_catalogue_is_read_again_after_the_shipped_files_changed(loaded, monkeypatch) -> None:
    changed = replace(catalogue()["dental-care"], name=Text({"fi": "A", "sv": "B", "en": "C"}))
    others = [one for one in catalogue().values() if one.identifier not in ("dental-care", "job-search")]
    new = put(changed, *others)
    # The files are now those of a later release: what was, is in the tables only.
    monkeypatch.setattr(store, "shipped", lambda: new)
    store._catalogues.clear()
    store._services.clear()
    before, now = store.at(loaded.version), store.current()
    assert before.version == loaded.version and len(before) == 38 and before["dental-care"].name["en"] == "Dental care"
    assert before["job-search"].version == catalogue()["job-search"].version
    assert now["dental-care"].name["en"] == "C" and "job-search" not in now
    assert store.last_known("job-search").name["en"] == catalogue()["job-search"].name["en"]


def test_going_back_is_a_use_more_and_no_version_more(loaded) -> None:
    put(service("one", "Yksi"))
    versions = CatalogueVersion.objects.count()
    put(*catalogue().values())
    assert store.current_version() == loaded.version
    assert CatalogueVersion.objects.count() == versions == 2 and CatalogueUse.objects.count() == 3


def test_the_current_catalogue_costs_one_statement(loaded, django_assert_num_queries) -> None:
    store.current()
    with django_assert_num_queries(1):
        store.current()


def test_services_that_did_not_change_are_shared_between_catalogues(db, monkeypatch) -> None:
    one, two = service("one", "Yksi"), service("two", "Kaksi")
    first = put(one, two)
    second = put(one, replace(two, name=Text({"fi": "Toinen"})))
    assert first["one"] is second["one"] and first["two"] is not second["two"]


def test_a_catalogue_that_never_was_is_said_to_be_unknown(loaded) -> None:
    with pytest.raises(UnknownCatalogue):
        store.at("0" * 64)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE catalogue_serviceversion SET document = '{}'",
        "DELETE FROM catalogue_serviceversion",
        "UPDATE catalogue_catalogueversion SET members = '{}'",
        "DELETE FROM catalogue_catalogueversion",
        "TRUNCATE catalogue_catalogueuse",
        "DELETE FROM catalogue_catalogueuse",
        "INSERT INTO catalogue_catalogueversion (sha256, members, recorded_at) VALUES ('x', '{999999999}', now())",
    ],
)
def test_nobody_changes_what_was_in_use(loaded, statement) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_version_that_is_not_what_its_hash_says_is_not_read(loaded) -> None:
    text = documents.document(service("one", "Yksi"))
    ServiceVersion.objects.create(sha256="e" * 64, identifier="one", origin="ptv", document=text, recorded_at=loaded_at())
    row = ServiceVersion.objects.get(identifier="one")
    forged = documents.catalogue_version(["e" * 64])
    CatalogueVersion.objects.create(sha256=forged, members=[row.id], recorded_at=row.recorded_at)
    with pytest.raises(CatalogueError, match="not what was recorded"):
        store.at(forged)
    CatalogueVersion.objects.create(sha256="f" * 64, members=[row.id], recorded_at=row.recorded_at)
    with pytest.raises(CatalogueError, match="not what was recorded"):
        store.at("f" * 64)


def test_services_that_require_each_other_in_a_circle_are_not_put_into_use(db) -> None:
    with pytest.raises(CatalogueError, match="circle"):
        put(
            service("one", "Yksi", requires=("two",)),
            service("two", "Kaksi", requires=("three",)),
            service("three", "Kolme", requires=("one",)),
        )
    with pytest.raises(CatalogueError, match="not in the catalogue"):
        put(service("one", "Yksi", requires=("gone",)))
    put(service("one", "Yksi", related=("two",)), service("two", "Kaksi", related=("one",), requires=("one",)))
    assert store.current_version() is not None


def loaded_at():
    return ServiceVersion.objects.values_list("recorded_at", flat=True).first()
