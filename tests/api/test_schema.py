"""The OpenAPI document is valid, and what the API answers is what it says: to honest calls, bad tokens and made-up categories."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import schemathesis
from django.utils import timezone
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import Case, GenerationMode

from aurora.identity.models import Operator
from aurora.journeys import allow_delay, correct, delay, raise_concern
from aurora.journeys.withdraw import end
from aurora.wsgi import application
from consent import days
from consent.ledger.models import DelayPermission
from consent.models import DataCategory
from consent.oauth import config
from consent.scope import citizen_scope
from consent.uses.values import Use
from consent.webhooks.models import Delivery
from recommender.models import EvaluatorOwner
from tests.corrections import dispute
from tests.support import evaluators
from tests.support.cast import OFFICE, Cast, browser

Headers = Callable[[Case], dict[str, str]]
PATH = "/api/v1/twin/{category}"
LAW = "fi.police.5-58"
BOUNDED = hypothesis_settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@schemathesis.serializer("application/jose")
def _as_it_is(ctx: Any, value: Any) -> bytes:
    """The bytes of what is made up for a signed batch, which is refused by its form or its signature."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture(autouse=True)
def _made_up_addresses_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Hypothesis takes strings out of the code as well, names of the sandbox's people among them: `tests/logs` would find them in these addresses."""
    caplog.set_level(logging.ERROR, logger="django.request")


@pytest.fixture
def schema(cast: Cast) -> Any:
    return schemathesis.openapi.from_wsgi("/api/v1/schema/", application)


@pytest.fixture(params=["valid", "invalid", "bearer", "odd", "none"])
def headers(cast: Cast, request: pytest.FixtureRequest) -> Callable[[Case], dict[str, str]]:
    """For each request its own, since a proof is good for one."""
    values = {
        "valid": f"DPoP {cast.token}",
        "invalid": "DPoP " + "a" * 43,
        "bearer": f"Bearer {cast.token}",
        "odd": "DPoP =;\t",
        "none": "",
    }
    authorization = values[request.param]

    def of(case: Case) -> dict[str, str]:
        proof = cast.office.proof(case.formatted_path, method="GET", token=authorization.rpartition(" ")[2])
        return {"Authorization": authorization, "DPoP": proof} if authorization else {}

    return of


def test_the_document_is_openapi_3_1(cast: Cast) -> None:
    document = browser().get("/api/v1/schema/").json()
    assert document["openapi"] == "3.1.1"
    validate_schema(document)
    for component in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(component)
    assert document["components"]["securitySchemes"]["agencyToken"]["scheme"] == "DPoP"
    of_models = {"/api/v1/evaluators", "/api/v1/evaluators/{id}", "/api/v1/evaluators/{id}/performance"}
    of_corrections = {"/api/v1/corrections", "/api/v1/corrections/{id}", "/api/v1/corrections/{id}/answer"}
    of_concerns = {"/api/v1/concerns", "/api/v1/concerns/{id}", "/api/v1/concerns/{id}/answer", "/api/v1/uses/kept-back/{id}/extension"}
    of_the_agency_itself = {
        "/api/v1/events",
        "/api/v1/events/{id}/confirmation",
        "/api/v1/uses",
        "/api/v1/facts",
        "/oauth/grants/{grant_id}",
        *of_models,
        *of_concerns,
        *of_corrections,
    }
    assert set(document["paths"]) == {PATH, *of_the_agency_itself} and set(document["paths"][PATH]) == {"get"}
    assert set(document["paths"]["/oauth/grants/{grant_id}"]) == {"get", "delete"}


def test_every_answer_is_as_documented_whatever_category_is_asked_for(schema: Any, headers: Headers) -> None:
    operation = schema[PATH]["GET"]
    anything = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

    @BOUNDED
    @given(case=anything)
    def ask(case: Case) -> None:
        sent = headers(case)
        answer = case.call(headers=sent)
        assert answer.status_code < 500
        if answer.headers["content-type"][0] != "text/html; charset=utf-8":  # an empty or parted segment is another address
            case.validate_response(answer, checks=_checks(), headers=sent)

    ask()


def test_every_category_there_is_answers_as_documented(schema: Any, headers: Headers, cast: Cast) -> None:
    statuses = set()
    for category in DataCategory.objects.values_list("pk", flat=True):
        case = schema[PATH]["GET"].Case(path_parameters={"category": category})
        sent = headers(case)
        answer = case.call(headers=sent)
        case.validate_response(answer, checks=_checks(), headers=sent)
        statuses.add(answer.status_code)
    assert statuses == ({200, 403} if sent.get("Authorization") == f"DPoP {cast.token}" else {401})


@dataclass
class Itself:
    """The agency without a citizen: its token (or a wrong one), a grant that it holds, an event that waits for its word, and a model of its own."""

    cast: Cast
    token: str
    grant_id: str
    event_id: str
    model_id: str
    concern_id: str
    correction_id: str
    kept_id: str
    sees_grants: bool
    owns_models: bool

    def headers(self, case: Case) -> dict[str, str]:
        if not self.token:
            return {}
        proof = self.cast.office.proof(case.formatted_path, method=case.method, token=self.token)
        return {"Authorization": f"DPoP {self.token}", "DPoP": proof}

    def real(self, case: Case) -> None:
        """The path's id is one that there is."""
        own = {"evaluators": self.model_id, "concerns": self.concern_id, "corrections": self.correction_id, "uses": self.kept_id}.get(
            case.path.split("/")[3], self.event_id
        )
        for name, value in (("id", own), ("grant_id", self.grant_id)):
            if name in (case.path_parameters or {}):
                case.path_parameters[name] = value


@pytest.fixture(params=["its own", "a citizen's", "narrow", "none"])
def itself(cast: Cast, request: pytest.FixtureRequest) -> Itself:
    cast.office.granted(cast.cecilia)
    consent = next(c for c in cast.cecilia.consents(state="given") if c.purpose_id == cast.office.purpose)
    end(citizen_id=cast.cecilia.id, consent_id=consent.pk, now=timezone.now())
    with citizen_scope(cast.cecilia.id):
        event = Delivery.objects.get(consent=consent)
    held = cast.office.granted(cast.cecilia)
    scopes = {"its own": " ".join(config.SCOPES), "narrow": "grant_management_query"}.get(request.param)
    token = {"a citizen's": str(held["access_token"]), "none": ""}.get(request.param)
    if scopes:
        answer: Any = cast.office.post("/oauth/token", grant_type="client_credentials", scope=scopes)
        token = answer.json()["access_token"]
    document = evaluators.document(owner=OFFICE, identifier=f"risk-{uuid4().hex[:12]}")
    model = evaluators.registered(document, owner=EvaluatorOwner.objects.filter(agency=OFFICE, state="approved").first())
    ids = str(held["grant_id"]), str(event.pk), str(model.pk), str(_asked(cast)), str(_correction(cast)), str(_kept_back(cast))
    return Itself(cast, str(token), *ids, sees_grants=bool(scopes), owns_models=request.param == "its own")


def _asked(cast: Cast) -> UUID:
    """A case of Aino's about a read of the office's, open."""
    assert cast.office.read(cast.token, cast.office.categories[0]).status_code == 200
    return raise_concern.raise_(
        citizen_id=cast.aino.id, entry_id=cast.aino.entries()[-1].pk, kind="other", text="Why?", language="en", now=timezone.now()
    )


def _correction(cast: Cast) -> UUID:
    """What Aino asks the office to correct, open."""
    for one in correct.mine(citizen_id=cast.aino.id):
        if one.row.state == "open":
            return one.row.pk
    dispute.say(cast.aino, OFFICE, region="R15")
    return dispute.Disputed(cast, cast.aino).asked()


def _kept_back(cast: Cast) -> UUID:
    """A use of the office's that Aino is told of later, by a law that two officers let it rest on."""
    now, office = timezone.now(), cast.office.client_id
    if not DelayPermission.objects.filter(agency=office, law=LAW, state="standing").exists():
        one, other = (Operator.objects.create(username=n, name=n, roles=["agency_officer"], password="!") for n in ("anna", "bo"))
        asked = allow_delay.ask(operator=one, agency_code=office, law=LAW, reason="The police asks", now=now)
        allow_delay.approve(operator=other, permission_id=asked.pk, now=now)
    use = Use(
        used_at=now - timedelta(hours=3),
        action="Looked into a case",
        receiver_code=office,
        receiver_name="Benefits office",
        system="Archive",
        categories=("tax.income",),
        purpose="benefit-application",
        entry_id=None,
    )
    with citizen_scope(cast.aino.id):
        return delay.keep_back(
            citizen_id=cast.aino.id, agency_code=office, use=use, law=LAW, until=days.today() + timedelta(days=30), now=now
        )


@pytest.mark.parametrize("real", [True, False], ids=["real ids", "any ids"])
def test_every_operation_of_the_agency_itself_answers_as_documented(schema: Any, itself: Itself, real: bool) -> None:
    """With a good token, one of the wrong kind, one of too narrow a scope, and none; bodies, queries and ids as they should not be too."""
    operations = [found.ok() for found in schema.get_all_operations() if found.ok().path != PATH]
    assert {(o.method, o.path) for o in operations} == {
        ("get", "/api/v1/events"),
        ("post", "/api/v1/events/{id}/confirmation"),
        ("post", "/api/v1/uses"),
        ("post", "/api/v1/facts"),
        ("get", "/api/v1/concerns"),
        ("get", "/api/v1/concerns/{id}"),
        ("post", "/api/v1/concerns/{id}/answer"),
        ("get", "/api/v1/corrections"),
        ("get", "/api/v1/corrections/{id}"),
        ("post", "/api/v1/corrections/{id}/answer"),
        ("post", "/api/v1/uses/kept-back/{id}/extension"),
        ("get", "/oauth/grants/{grant_id}"),
        ("delete", "/oauth/grants/{grant_id}"),
        ("get", "/api/v1/evaluators"),
        ("post", "/api/v1/evaluators"),
        ("get", "/api/v1/evaluators/{id}"),
        ("get", "/api/v1/evaluators/{id}/performance"),
    }
    last = sorted(operations, key=lambda operation: operation.method == "delete")  # what a grant says before it is gone
    statuses = {f"{operation.method} {operation.path}": _answers(operation, itself, real=real) for operation in last}
    for of_a_model in (statuses["get /api/v1/evaluators/{id}"], statuses["get /api/v1/evaluators/{id}/performance"]):
        assert 200 in of_a_model if real and itself.owns_models else 200 not in of_a_model, statuses
    of_a_case = statuses["get /api/v1/concerns/{id}"]
    assert 200 in of_a_case if real and itself.owns_models else 200 not in of_a_case, statuses
    of_the_grant = statuses["get /oauth/grants/{grant_id}"]
    assert 200 in of_the_grant if real and itself.sees_grants else 200 not in of_the_grant, statuses


def _answers(operation: Any, itself: Itself, *, real: bool) -> set[int]:
    """The statuses of what is made up by the document, and against it."""
    seen: set[int] = set()

    @hypothesis_settings(BOUNDED, max_examples=12)
    @given(case=st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)))
    def ask(case: Case) -> None:
        if real:
            itself.real(case)
        sent = itself.headers(case)
        answer = case.call(headers=sent)
        seen.add(answer.status_code)
        assert answer.status_code < 500
        if answer.headers.get("content-type") != ["text/html; charset=utf-8"]:  # an empty or parted segment is another address
            case.validate_response(answer, checks=_checks(), headers=sent)

    ask()
    return seen


def _checks() -> list[Any]:
    from schemathesis.checks import (
        content_type_conformance,
        not_a_server_error,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    return [
        not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance, response_headers_conformance,
    ]  # fmt: skip
