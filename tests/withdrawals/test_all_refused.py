"""A withdrawn consent's next read, refresh, pull, suggestion and evaluation are all refused, and each refusal stands in the citizen's log.

One citizen, one moment before and one after. What each journey does beside this has tests of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from aurora.journeys import pull as pulling
from aurora.journeys import suggest
from aurora.journeys._door import AccessRefused
from aurora.sources import connections, pulls
from aurora.sources.models import Connection, Pull
from consent.scope import citizen_scope
from recommender.models import EvaluatorVersion
from tests.support import evaluators, patients
from tests.support.cast import REGISTER, Cast, Person
from tests.support.mandated import post, somebody
from tests.support.patients import HOSPITAL, asked, evaluated, row_of, rows
from tests.withdrawals.told import HOUSEHOLD, granted

CATEGORIES = ("population.household", "population.person")


@pytest.fixture
def version(cast: Cast) -> Iterator[EvaluatorVersion]:
    with patients.model() as found:
        yield found


def read(cast: Cast, token: str) -> Any:
    return cast.office.read(token, HOUSEHOLD)


def refreshed(cast: Cast, token: str) -> Any:
    return cast.office.post("/oauth/token", grant_type="refresh_token", refresh_token=token)


def pull_of(person: Person) -> UUID:
    """The newest connection's next pull."""
    with citizen_scope(person.id):
        connection = Connection.objects.filter(citizen_id=person.id, source__agency__code=REGISTER).latest("connected_at")
        return pulls.enqueue(connection=connection, categories=CATEGORIES, now=timezone.now()).pk


def refusals(person: Person, since: int) -> dict[str, str]:
    """By event the decision of every refusal after an entry's number."""
    return {e.event: e.decision for e in person.entries() if e.seq > since and e.event.endswith(":refused")}


def test_a_withdrawn_consent_s_next_read_refresh_pull_suggestion_and_evaluation_are_all_refused(
    cast: Cast, version: EvaluatorVersion
) -> None:
    person = somebody("Wilma Peruja")
    face = person.browser()
    for source in (REGISTER, HOSPITAL):
        person.connect(source)

    # Before: each of the five works.
    held, _ = granted(cast, person)
    assert read(cast, held["access_token"]).status_code == 200
    renewed = refreshed(cast, held["refresh_token"])
    assert renewed.status_code == 200, renewed.content
    allowed = pull_of(person)
    begun = pulling._begin(allowed)
    assert isinstance(begun, pulling.Begun)
    lease = begun.lease
    assert lease.categories == CATEGORIES and lease.refused == (), "it may ask the source"
    with citizen_scope(person.id):
        pulls.finish(lease, state=Pull.State.DONE, now=timezone.now())
    assert set(suggest.suggest(citizen_id=person.id, now=timezone.now()).categories) == set(CATEGORIES)
    assert evaluated(person, version).state == "done"
    page: Any = face.get(f"/en/evaluations/{version.pk}/").context["page"]  # type: ignore[attr-defined]
    [estimate] = page.estimates
    assert estimate.scale.value == pytest.approx(evaluators.answer(evaluators.FIT), abs=1e-6)

    # The citizen withdraws every one of them, on the pages.
    mine = person.consents(state="given")
    assert {c.purpose_id for c in mine} >= {"benefit-application", "own-overview", "service-suggestions", "surgery-risk"}
    for consent in mine:
        assert post(face, f"/en/consents/{consent.pk}/withdraw/", decision="withdraw").status_code == 200
    since = person.entries()[-1].seq
    assert rows(person) == [], "what was worked out is gone"

    # After: each of them is refused.
    for token in (held["access_token"], renewed.json()["access_token"]):
        answer = read(cast, token)
        assert (answer.status_code, answer.json()["code"]) == (403, "consent_withdrawn")
    for token in {held["refresh_token"], renewed.json().get("refresh_token", held["refresh_token"])}:
        answer = refreshed(cast, token)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    refused = pull_of(person)
    pulling.run(pull_id=refused)
    with citizen_scope(person.id):
        row = Pull.objects.get(pk=refused)
        assert (row.state, row.error) == ("cancelled", "no_consent")
        assert not connections.standing(citizen_id=person.id).exists()
    with pytest.raises(AccessRefused) as suggesting:
        suggest.suggest(citizen_id=person.id, now=timezone.now())
    assert suggesting.value.code == "consent_withdrawn"
    waiting = asked(person, version)
    patients.evaluate.run(evaluation_id=waiting)
    evaluation = row_of(person, waiting)
    assert (evaluation.state, evaluation.code, evaluation.sealed) == ("refused", "consent_withdrawn", None)

    # And the citizen reads of each of them.
    assert refusals(person, since) == {
        "agency:twin:refused": "consent_withdrawn",
        "aurora:pull:refused": "no_consent",
        "aurora:twin:refused": "consent_withdrawn",
        "aurora:evaluation:refused": "consent_withdrawn",
    }
    assert evaluation.entry_id in [e.pk for e in person.entries()]
    page = face.get(f"/en/evaluations/{version.pk}/").context["page"]  # type: ignore[attr-defined]
    assert page.state.value == "refused" and page.estimates == () and page.entry_url == f"/en/activity/{evaluation.entry_id}/"
