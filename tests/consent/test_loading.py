"""Versions: kept as they were, in order, and a change of meaning is never missed nor undone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from consent import agencies, loading
from consent.loading import VersionRefused
from consent.models import Agency, AgencyVersion, MeaningChange, Purpose, PurposeVersion

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TEXTS = dict.fromkeys(("fi", "sv", "en"), "Text")

pytestmark = pytest.mark.django_db


def purpose(code: str, version: int, **changes: Any) -> PurposeVersion:
    doc = {"code": code, "version": version, "kind": "access", "dpv": "https://w3id.org/dpv#Purpose"}
    return loading.purpose(doc | {"name": TEXTS, "description": TEXTS, "on_refusal": TEXTS} | changes, now=NOW)


def agency_doc(**changes: Any) -> dict[str, Any]:
    return {
        "code": "office-of-x", "version": 1, "roles": ["data_user"], "name": TEXTS, "legal_name": "Office", "business_id": "1",
        "contact": {"email": "data@office.test"}, "country": "SX", "since": "2026-01-01",
    } | changes  # fmt: skip


def binding(code: str) -> int:
    return Purpose.objects.get(pk=code).binding_since


@pytest.fixture
def code() -> str:
    return f"p{uuid4().hex[:10]}"


def test_new_words_bind_as_the_old_ones_and_a_new_meaning_binds_from_itself_on(code: str) -> None:
    purpose(code, 1)
    assert binding(code) == 1
    purpose(code, 2, binding_since=1, name=TEXTS | {"en": "Other words"})
    assert binding(code) == 1 and not MeaningChange.objects.filter(code=code).exists()
    purpose(code, 3, binding_since=3)
    purpose(code, 4, binding_since=3)
    assert binding(code) == 3
    change = MeaningChange.objects.get(code=code)
    assert (change.kind, change.version, change.due_at > NOW, change.done_at) == ("purpose", 3, True, None)


def test_loading_the_same_again_changes_nothing(code: str) -> None:
    first = purpose(code, 1)
    purpose(code, 2, binding_since=2)
    assert purpose(code, 1).pk == first.pk and binding(code) == 2
    purpose(code, 2, binding_since=2)
    assert MeaningChange.objects.filter(code=code).count() == 1 and PurposeVersion.objects.filter(purpose=code).count() == 2


def test_a_house_that_skips_a_version_does_not_miss_that_the_meaning_changed_in_it(code: str) -> None:
    purpose(code, 1)
    purpose(code, 4, binding_since=3)
    assert binding(code) == 3 and MeaningChange.objects.filter(code=code, version=3).exists()


@pytest.mark.parametrize(
    ("version", "changes", "why"),
    [
        (3, {}, "binding_since"),
        (3, {"binding_since": 1}, "binding_since"),  # would let hold again what has ended
        (3, {"binding_since": 4}, "binding_since"),
        (1, {"name": {}}, "changed without a new version"),
        (2, {"binding_since": 1}, "changed without a new version"),
        (3, {"binding_since": 3, "dpv": "no address"}, "URL"),
    ],
)
def test_a_document_that_cannot_be_right_is_refused(code: str, version: int, changes: dict[str, Any], why: str) -> None:
    purpose(code, 1)
    purpose(code, 2, binding_since=2)
    with pytest.raises(VersionRefused, match=why):
        purpose(code, version, **changes)
    assert binding(code) == 2


def test_a_version_that_was_passed_over_cannot_come_after_the_newest(code: str) -> None:
    purpose(code, 1)
    purpose(code, 3, binding_since=1)
    with pytest.raises(VersionRefused, match="cannot come after"):
        purpose(code, 2, binding_since=1)


def test_the_database_itself_keeps_versions_and_what_they_have_ended(code: str) -> None:
    version = purpose(code, 1)
    purpose(code, 2, binding_since=2)
    with pytest.raises(IntegrityError, match="make a new one"), transaction.atomic():
        PurposeVersion.objects.filter(pk=version.pk).update(name={})
    with pytest.raises(IntegrityError, match="does not hold again"), transaction.atomic():
        Purpose.objects.filter(pk=code).update(binding_since=1)
    with pytest.raises(IntegrityError, match="purpose_version_binds"), transaction.atomic():
        PurposeVersion.objects.create(purpose_id=code, version=3, binding_since=4, dpv="", name={}, description={}, on_refusal={})


def test_an_agency_bears_the_name_of_its_newest_version() -> None:
    loading.agency(agency_doc(), now=NOW)
    renamed = dict.fromkeys(("fi", "sv", "en"), "Renamed")
    loading.agency(agency_doc(version=2, binding_since=1, name=renamed, onward=TEXTS), now=NOW)
    loading.agency(agency_doc(), now=NOW)  # an old file once more
    agency = Agency.objects.get(code="office-of-x")
    assert agency.name == renamed and agency.binding_since == 1 and agency.roles == ["data_user"]
    loading.agency(agency_doc(version=3, binding_since=3), now=NOW)
    assert MeaningChange.objects.get(code="office-of-x").kind == "recipient"


def test_a_file_that_is_loaded_again_does_not_take_a_model_owner_s_role_away() -> None:
    loading.agency(agency_doc(), now=NOW)
    agencies.give_role(code="office-of-x", role=Agency.Role.MODEL_OWNER)
    loading.agency(agency_doc(), now=NOW)
    assert Agency.objects.get(code="office-of-x").roles == ["data_user", "model_owner"]
    loading.agency(agency_doc(version=2, binding_since=1, roles=["data_source"]), now=NOW)
    assert Agency.objects.get(code="office-of-x").roles == ["data_source", "model_owner"]


@pytest.mark.parametrize(
    "changes",
    [
        {"contact": {}}, {"contact": {"url": "no address"}}, {"since": "soon"}, {"name": {"en": "Only English"}}, {"color": "blue"},
        {"onward": {"fi": "x", "sv": "y", "en": ""}}, {"legal_name": ""}, {"version": 0}, {"country": "Sandland"},
    ],
)  # fmt: skip
def test_an_agency_that_is_not_told_of_in_full_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(VersionRefused), transaction.atomic():
        loading.agency(agency_doc(**changes), now=NOW)
    assert not AgencyVersion.objects.filter(agency__code="office-of-x").exists()


def test_the_command_loads_all_files_or_none(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps([agency_doc()]))
    bad.write_text(json.dumps(agency_doc(code="other", contact={})))
    with pytest.raises(CommandError, match=r"bad\.json"):
        call_command("load_agencies", good, bad)
    assert not AgencyVersion.objects.exists()
    call_command("load_agencies", good)
    call_command("load_agencies", good)
    assert AgencyVersion.objects.get().legal_name == "Office"


def test_strangers_are_told_of_by_nobody_but_the_service() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(array_to_string(proacl, ' '), '=X') FROM pg_proc WHERE proname = 'consent_outdated_untold' AND prosecdef"
        )
        (rights,) = cursor.fetchone()
    assert not any(r.startswith("=") for r in rights.split()), "not everybody's to call"
