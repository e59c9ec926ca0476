"""An owner registers its model over HTTP and sees what became of it; nobody else's. Packages, keys and signatures are real."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from aurora.api import evaluators as api
from aurora.api.throttles import UploadsPerClient
from aurora.api.uploads import turn
from aurora.identity.models import Operator
from aurora.journeys import onboard_evaluator
from consent.models import Agency
from recommender.models import EvaluatorVersion
from tests.support import evaluators, owners
from tests.support.cast import OFFICE, Cast, browser
from tests.support.owners import PATH, contract, form, look, own_token, send, signature

Stewards = tuple[Operator, Operator]


@pytest.fixture
def stewards(cast: Cast) -> Iterator[Stewards]:
    both = owners.steward("milla"), owners.steward("sven")
    owners.let_in(*both)
    yield both
    for one in both:
        one.delete()


@pytest.fixture
def token(cast: Cast, stewards: Stewards) -> str:
    return own_token(cast)


def made(identifier: str = "", *, of: str = OFFICE, **changes: Any) -> EvaluatorVersion:
    """A row without the seconds of its examination."""
    return evaluators.registered({**contract(identifier, **changes), "owner": of}, owner=evaluators_owner(of))


def evaluators_owner(agency: str) -> Any:
    from recommender.models import EvaluatorOwner

    found = EvaluatorOwner.objects.filter(agency=agency, state="approved").first()
    return found or evaluators.allowed(agency, public=evaluators.key(len(agency))[1])


def test_a_version_comes_in_is_released_by_two_and_retired_and_its_owner_sees_it(cast: Cast, stewards: Stewards, token: str) -> None:
    milla, sven = stewards
    document = contract()
    package = evaluators.package(document)
    body = form(package, signature(package))
    first = send(cast, token, body)
    assert first.status_code == 201, first.content
    told = first.json()
    assert first["Location"] == f"{PATH}/{told['id']}" and first["Cache-Control"] == "no-store"
    assert (told["owner"], told["identifier"], told["version"], told["state"]) == (OFFICE, document["identifier"], 1, "registered")
    again = send(cast, token, body)
    assert (again.status_code, again.json()) == (200, told) and "Location" not in again.headers
    assert EvaluatorVersion.objects.filter(identifier=document["identifier"]).count() == 1
    kept = {"version_id": UUID(told["id"]), "now": timezone.now()}
    onboard_evaluator.ask_release(operator=milla, **kept)
    assert look(cast, token, first["Location"]).json()["state"] == "asked"
    onboard_evaluator.release(operator=sven, **kept)
    seen = look(cast, token, first["Location"]).json()
    assert seen["state"] == "released" and seen["released_at"] and seen["closed_at"] is None
    onboard_evaluator.retire(operator=milla, reason="Wrong coefficients", **kept)
    seen = look(cast, token, first["Location"])
    assert seen.json()["state"] == "retired" and seen.json()["closed_at"] and b"Wrong coefficients" not in seen.content
    assert send(cast, token, body).json()["state"] == "retired", "the same package tells what became of it, and does not come back"


def test_another_package_under_the_same_number_and_an_older_one_are_conflicts(cast: Cast, token: str) -> None:
    row = made(version=3)
    for version, code in ((3, "version_exists"), (2, "version_not_newer")):
        package = evaluators.package(contract(row.identifier, version=version, synthetic=False))
        answer = send(cast, token, form(package, signature(package)))
        assert answer.status_code == 409 and answer.json()["code"] == code, answer.content


def _contract(**changes: Any) -> tuple[bytes, None]:
    return evaluators.package(contract(**changes)), None


def _input(**changes: Any) -> dict[str, Any]:
    first, *others = evaluators.document()["inputs"]
    return {"inputs": [first | changes, *others]}


def _word(**values: int) -> dict[str, Any]:
    first, _, last = evaluators.document()["inputs"]
    return {"inputs": [first, {"fact": "hospital.surgery.sex", "feature": "sex", "kind": "word", "values": values}, last]}


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        ({"purpose": "no-such-purpose"}, "unknown_purpose", ""),
        # A purpose of Aurora's own, one that agencies ask for: consents to them are not for models.
        ({"purpose": "own-overview"}, "unknown_purpose", ""),
        ({"purpose": "benefit-application"}, "unknown_purpose", ""),
        (_input(fact="tax.income.wages", unit="crowns_per_year", minimum=0, maximum=9), "unfit_purpose", ""),
        (_input(fact="hospital.nothing.age"), "unfit_purpose", ""),
        (_input(fact="hospital.surgery.shoe_size"), "unknown_fact", "hospital.surgery.shoe_size"),
        (_input(unit="months"), "unfit_fact", "hospital.surgery.age: its unit is years"),
        (_input(unit=""), "unfit_fact", "its unit is years"),
        (_input(minimum=-1), "unfit_fact", "it is at least 0"),
        (_input(maximum=121), "unfit_fact", "it is at most 120"),
        (_input(fact="hospital.surgery.smoker", unit=""), "unfit_fact", "it is of type boolean"),
        (_word(female=0, male=1, other=2), "unfit_fact", "it is one of female, male"),
        ({"inputs": [*evaluators.document()["inputs"][:2], {"fact": "hospital.surgery.bmi", "feature": "b", "kind": "boolean"}]}, "unfit_fact", "it is of type number"),
    ],
)  # fmt: skip
def test_a_contract_that_the_vocabulary_does_not_know_is_refused(
    cast: Cast, token: str, changes: dict[str, Any], code: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The signature has its own test; this is what comes behind it, and would take a second a case.
    monkeypatch.setattr("recommender.evaluators.examine.verify", lambda *_: None)
    answer = send(cast, token, form(evaluators.package(contract(**changes)), b"{}"))
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.content
    assert told in answer.json()["detail"] and answer["Content-Type"] == "application/problem+json"
    assert not EvaluatorVersion.objects.filter(purpose=changes.get("purpose", "?")).exists()


def test_what_is_not_signed_by_the_owner_is_refused(cast: Cast, token: str) -> None:
    package = evaluators.package(contract())
    other = evaluators.package(contract())
    for bad, code in (
        (b"{}", "signature_unreadable"),
        (evaluators.sign(package, evaluators.key(99)[0]), "signature_invalid"),
        (signature(other), "signature_invalid"),
    ):
        answer = send(cast, token, form(package, bad))
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.content


def test_a_contract_of_another_owner_is_refused(cast: Cast, token: str) -> None:
    package = evaluators.package({**contract(), "owner": "hospital"})
    answer = send(cast, token, form(package, signature(package)))
    assert (answer.status_code, answer.json()["code"]) == (422, "owner_differs")


def test_an_agency_that_owns_no_models_and_one_without_a_key_are_told_so(cast: Cast, token: str, stewards: Stewards) -> None:
    package = evaluators.package(contract())
    body = form(package, b"{}")
    office = Agency.objects.get(code=OFFICE)
    Agency.objects.filter(pk=office.pk).update(roles=[Agency.Role.DATA_USER])
    answer = send(cast, token, body)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_a_model_owner")
    Agency.objects.filter(pk=office.pk).update(roles=office.roles)
    own, old = evaluators_owner(OFFICE), signature(package)
    onboard_evaluator.revoke_key(operator=stewards[0], key_id=own.pk, reason="Lost", now=timezone.now())
    answer = send(cast, token, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_owner_key")
    owners.let_in(*stewards)
    answer = send(cast, token, form(package, old))
    assert answer.json()["code"] == "signature_invalid", "what a revoked key signed is nothing"


def test_another_owners_models_are_not_found_and_not_listed(cast: Cast, token: str) -> None:
    mine, theirs = made(), made(of="hospital")
    assert look(cast, token, f"{PATH}/{mine.pk}").json()["identifier"] == mine.identifier
    for pk in (theirs.pk, uuid4()):
        answer = look(cast, token, f"{PATH}/{pk}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    listed = {one["id"] for one in look(cast, token).json()["evaluators"]}
    assert str(mine.pk) in listed and str(theirs.pk) not in listed
    assert look(cast, token, query=f"?after={theirs.pk}").status_code == 400


def test_pages_follow_each_other_newest_first_also_within_one_instant(cast: Cast, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "A_PAGE", 2)
    rows = [made() for _ in range(5)]
    later = EvaluatorVersion.objects.filter(agency=OFFICE).count()
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page = look(cast, token, query=f"?after={after}" if after else "").json()
        found += [one["id"] for one in page["evaluators"]]
        assert len(page["evaluators"]) <= 2
        after = page["next"]
    assert len(found) == len(set(found)) == later and {str(row.pk) for row in rows} <= set(found)
    times = [EvaluatorVersion.objects.get(pk=pk).registered_at for pk in found]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("query", ["?after=", "?after=x", f"?after={UUID(int=1)}", "?limit=1", "?after=a&after=b"])
def test_an_odd_question_is_refused(cast: Cast, token: str, query: str) -> None:
    assert look(cast, token, query=query).status_code == 400


def test_it_takes_the_agencys_own_token_with_the_scope(cast: Cast, token: str) -> None:
    citizens = cast.office.granted(cast.cecilia)["access_token"]
    row = made()
    for path in (PATH, f"{PATH}/{row.pk}"):
        assert look(cast, citizens, path).status_code == 401
        narrow = look(cast, own_token(cast, "events"), path)
        assert (narrow.status_code, narrow.json()["code"]) == (403, "insufficient_scope")
        assert 'scope="evaluators"' in narrow["WWW-Authenticate"]
        assert browser().get(path).status_code == 401
        assert browser().get(path, HTTP_AUTHORIZATION=f"DPoP {token}").status_code == 401, "a stolen token without its key"


def test_a_package_that_comes_while_another_is_taken_waits_outside(cast: Cast, token: str) -> None:
    with turn():
        answer = send(cast, token, form(b"x", b"x"))
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable") and int(answer["Retry-After"]) > 0
    assert send(cast, token, form(b"x", b"x")).json()["code"] == "package_unreadable"


def test_an_owner_tries_so_often_an_hour_and_reads_on(cast: Cast, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UploadsPerClient, "THROTTLE_RATES", {"upload": "2/hour"})
    answers = [send(cast, token, form(b"x", b"x")) for _ in range(3)]
    assert [a.status_code for a in answers] == [422, 422, 429]
    assert answers[2].json()["code"] == "throttled" and 0 < int(answers[2]["Retry-After"]) <= timedelta(hours=1).total_seconds() + 1
    assert look(cast, token).status_code == 200


def test_an_answer_names_nothing_of_the_package_but_names(cast: Cast, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.evaluators.examine.verify", lambda *_: None)
    nasty = contract(name=dict.fromkeys(("fi", "sv", "en"), "<script>alert(1)</script>"), purpose="<script>")
    answer = send(cast, token, form(evaluators.package(nasty), b"{}"))
    assert answer.status_code == 422 and b"<script>" not in answer.content and json.loads(answer.content)["code"]
