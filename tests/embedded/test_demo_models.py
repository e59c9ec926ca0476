"""What the demo does for owners of models: keys let in and models released by two operators, and nothing that somebody has stopped."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from aurora.identity.models import Operator
from aurora.journeys import onboard_evaluator
from aurora.management.commands import release_demo
from aurora.sandbox import launch
from aurora.sandbox.config import HOSPITAL, PROCESSES
from aurora.sandbox.provision import provision
from consent.models import Agency
from consent.oauth.models import Client
from recommender.evaluators import registry
from recommender.models import EvaluatorOwner, EvaluatorVersion
from tests.support import evaluators

pytestmark = pytest.mark.django_db
STEWARDS = [
    {"username": name, "name": name.title(), "roles": ["model_steward"], "password": "correct horse battery staple"}
    for name in ("milla", "sven")
]


@pytest.fixture(scope="module")
def provisioned() -> dict[str, Any]:
    return provision(urls=launch.free_urls(["aurora", *PROCESSES])).aurora


@pytest.fixture
def wanted(provisioned: dict[str, Any]) -> dict[str, Any]:
    """What seed_demo is given."""
    return copy.deepcopy({**provisioned, "operators": STEWARDS})


def _seed(wanted: dict[str, Any], folder: Path) -> None:
    file = folder / "seed.json"
    file.write_text(json.dumps(wanted))
    call_command("seed_demo", config=file)


def _keys() -> list[tuple[str, str]]:
    return [(one.public_key, one.state) for one in EvaluatorOwner.objects.filter(agency=HOSPITAL).order_by("asked_at")]


def _steward(name: str) -> Operator:
    return Operator.objects.get(username=name)


# Seeding


def test_the_hospital_is_source_and_owner_with_a_client_that_asks_no_citizen_for_anything(wanted: dict[str, Any], tmp_path: Path) -> None:
    _seed(wanted, tmp_path)
    key = wanted["model_owners"][0]["signing_key"]
    assert sorted(Agency.objects.get(code=HOSPITAL).roles) == ["data_source", "model_owner"]
    client = Client.objects.get(client_id=HOSPITAL)
    assert not client.asks_citizens and client.agency.code == HOSPITAL and client.jwks == wanted["model_owners"][0]["jwks"]
    [row] = EvaluatorOwner.objects.filter(agency=HOSPITAL)
    assert row.state == "approved" and {row.asked_by, row.decided_by} == {_steward("milla").pk, _steward("sven").pk}
    assert onboard_evaluator.key_stands(agency_code=HOSPITAL, public_key=key)


def test_seeding_again_changes_nothing(wanted: dict[str, Any], tmp_path: Path) -> None:
    _seed(wanted, tmp_path)
    before = (_keys(), sorted(Agency.objects.get(code=HOSPITAL).roles), Client.objects.count())
    _seed(wanted, tmp_path)
    assert (_keys(), sorted(Agency.objects.get(code=HOSPITAL).roles), Client.objects.count()) == before


def test_a_key_that_was_revoked_is_not_let_in_again_by_a_restart(wanted: dict[str, Any], tmp_path: Path) -> None:
    _seed(wanted, tmp_path)
    [row] = EvaluatorOwner.objects.filter(agency=HOSPITAL)
    onboard_evaluator.revoke_key(operator=_steward("sven"), key_id=row.pk, reason="It was lost.", now=timezone.now())
    _seed(wanted, tmp_path)
    assert [state for _, state in _keys()] == ["revoked"]


def test_a_sandbox_made_anew_brings_a_new_key(wanted: dict[str, Any], tmp_path: Path) -> None:
    _seed(wanted, tmp_path)
    wanted["model_owners"][0]["signing_key"] = evaluators.key()[1]
    _seed(wanted, tmp_path)
    assert sorted(state for _, state in _keys()) == ["approved", "replaced"]


@pytest.mark.parametrize("operators", [[], STEWARDS[:1], [STEWARDS[0], {**STEWARDS[1], "roles": ["agency_officer"]}]])
def test_without_two_stewards_no_key_is_let_in(wanted: dict[str, Any], tmp_path: Path, operators: list[dict[str, Any]]) -> None:
    _seed({**wanted, "operators": operators}, tmp_path)
    assert _keys() == [] and Client.objects.filter(client_id=HOSPITAL).exists()


# Releasing


@pytest.fixture
def version(wanted: dict[str, Any], tmp_path: Path) -> EvaluatorVersion:
    """A row as if the hospital had registered it, and nobody has looked at it."""
    _seed(wanted, tmp_path)
    made: EvaluatorVersion = evaluators.registered()
    return made


def test_two_stewards_release_it_and_what_one_of_them_retires_stays_so(wanted: dict[str, Any], tmp_path: Path) -> None:
    """Really registered: its signature is verified again when it is released."""
    wanted["model_owners"][0]["signing_key"] = evaluators.key()[1]
    _seed(wanted, tmp_path)
    package = evaluators.package()
    version = registry.register(owner=HOSPITAL, package=package, signature=evaluators.sign(package), now=timezone.now())
    done = release_demo.release(version_id=version.pk, agency_code=HOSPITAL)
    assert done.state == "released" and {done.asked_by, done.released_by} == {_steward("milla").pk, _steward("sven").pk}
    assert release_demo.release(version_id=version.pk, agency_code=HOSPITAL).released_at == done.released_at
    onboard_evaluator.retire(operator=_steward("sven"), version_id=version.pk, reason="It errs.", now=timezone.now())
    assert release_demo.release(version_id=version.pk, agency_code=HOSPITAL).state == "retired"


@pytest.mark.parametrize(("first", "second"), [("milla", "sven"), ("sven", "milla")])
def test_what_one_has_asked_for_the_other_releases(
    version: EvaluatorVersion, monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    onboard_evaluator.ask_release(operator=_steward(first), version_id=version.pk, now=timezone.now())
    by: list[str] = []
    monkeypatch.setattr(onboard_evaluator, "release", lambda *, operator, version_id, now: by.append(operator.username) or version)
    release_demo.release(version_id=version.pk, agency_code=HOSPITAL)
    assert by == [second]


def test_what_was_declined_stays_so(version: EvaluatorVersion) -> None:
    registry.decline(version_id=version.pk, by=uuid4(), reason="Not ours.", now=timezone.now())
    assert release_demo.release(version_id=version.pk, agency_code=HOSPITAL).state == "declined"


def test_one_steward_is_not_enough(version: EvaluatorVersion) -> None:
    Operator.objects.filter(username="sven").update(is_active=False)
    with pytest.raises(CommandError, match="two operators"):
        release_demo.release(version_id=version.pk, agency_code=HOSPITAL)
    assert registry.get(version.pk).state == "registered"


def test_another_agencys_model_is_not_released_in_its_name(version: EvaluatorVersion) -> None:
    with pytest.raises(EvaluatorVersion.DoesNotExist):
        release_demo.release(version_id=version.pk, agency_code="benefits-office")


def test_only_the_sandbox_releases_without_anybody(settings: Any, wanted: dict[str, Any], tmp_path: Path) -> None:
    settings.AURORA_SANDBOX = False
    (tmp_path / "seed.json").write_text(json.dumps(wanted))
    with pytest.raises(CommandError, match="sandbox"):
        call_command("release_demo", config=tmp_path / "seed.json")


@pytest.mark.parametrize("told", [{"state": "refused", "id": ""}, {"state": "training", "id": ""}, None])
def test_a_hospital_without_a_model_is_said_so(
    settings: Any, wanted: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: dict[str, str] | None
) -> None:
    """Refused, too slow, not there at all."""
    settings.AURORA_SANDBOX = True
    monkeypatch.setattr(release_demo, "POLL", 0.01)
    (tmp_path / "seed.json").write_text(json.dumps(wanted))

    def answer(self: Any, url: str) -> Any:
        import httpx

        assert url == f"{wanted['sources'][HOSPITAL]['issuer']}/_sandbox/evaluator"
        if told is None:
            raise httpx.ConnectError("nobody")
        return httpx.Response(200, json=told)

    monkeypatch.setattr("httpx.Client.get", answer)
    with pytest.raises(CommandError, match="hospital has registered no model"):
        call_command("release_demo", config=tmp_path / "seed.json", within=0.02)
