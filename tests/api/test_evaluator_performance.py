"""The owner reads how good its model has shown itself: totals, of its own models, with its own token; the console shows the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from aurora.identity.models import Operator
from aurora.twin import reports
from recommender.evaluators import contract as contracts
from recommender.evaluators.quality import Pair, report
from recommender.models import EvaluatorVersion
from tests.support import evaluators, owners
from tests.support.cast import OFFICE, Cast, browser
from tests.support.owners import PATH, contract, look, own_token

OUTCOME = "hospital.surgery_outcome"


@pytest.fixture
def stewards(cast: Cast) -> Iterator[tuple[Operator, Operator]]:
    both = owners.steward("milla"), owners.steward("sven")
    owners.let_in(*both)
    yield both
    for one in both:
        one.delete()


def made(cast: Cast, *, owner: str = OFFICE) -> EvaluatorVersion:
    found = {"happened": f"{OUTCOME}.operated", "months": f"{OUTCOME}.months_followed"}
    document = {**contract(outcomes=found, outputs=[evaluators.output(outcome=f"{OUTCOME}.infection")]), "owner": owner}
    return evaluators.registered(document)  # type: ignore[no-any-return]


def told(version: EvaluatorVersion, number: int, quarter: date | None) -> dict[str, Any]:
    pairs = [Pair({"infection": (n % 20) / 20}, True, 24, {"infection": n % 20 > n % 7 + 8}) for n in range(number)]
    content = report(contracts.of(version.contract_json), pairs)
    reports.keep(evaluator_id=version.pk, quarter=quarter, content=content, pairs=[uuid4() for _ in pairs], now=timezone.now())
    return content


def test_the_owner_reads_every_report_and_what_is_hidden_is_null(cast: Cast, stewards: tuple[Operator, Operator]) -> None:
    version, token = made(cast), own_token(cast)
    path = f"{PATH}/{version.pk}/performance"
    assert look(cast, token, path).json() == {"id": str(version.pk), "fewest": 10, "reports": []}
    whole, small = told(version, 200, None), told(version, 7, date(2026, 10, 1))
    answer = look(cast, token, path)
    first, second = answer.json()["reports"]
    assert answer["Cache-Control"] == "no-store" and first["quarter"] is None and second["quarter"] == "2026-10-01"
    assert first["people"] == 200 and first["outputs"] == whole["outputs"] and first["outputs"][0]["auc"] > 0.5
    assert second["people"] is second["outputs"][0]["people"] is None and second["outputs"] == small["outputs"]
    assert "pairs" not in answer.content.decode()


def test_nobody_elses_model_is_found_and_no_other_token_opens_it(cast: Cast, stewards: tuple[Operator, Operator]) -> None:
    token = own_token(cast)
    owners.let_in(*stewards, agency="hospital")
    theirs = made(cast, owner="hospital")
    told(theirs, 50, None)
    assert look(cast, token, f"{PATH}/{theirs.pk}/performance").status_code == 404
    mine = made(cast)
    path = f"{PATH}/{mine.pk}/performance"
    assert look(cast, own_token(cast, scope="events"), path).status_code == 403
    assert browser().get(path).status_code == 401


def test_the_console_shows_the_same_with_a_picture_and_says_what_is_not_told(cast: Cast, stewards: tuple[Operator, Operator]) -> None:
    version = made(cast)
    face, at = owners.signed_in(stewards[0]), f"/en/console/models/{version.pk}/"
    assert "Nothing is known yet" in face.get(at).content.decode()
    told(version, 200, None)
    told(version, 7, date(2026, 10, 1))
    page = face.get(at).content.decode()
    assert "All quarters together" in page and "2026 Q4" in page and "au-calibration" in page
    assert "took place: at least 200 people." in page and "took place: fewer than 10 people." in page
    assert page.count("neither area under the curve nor calibration is told") == 1
