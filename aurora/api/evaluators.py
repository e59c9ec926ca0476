"""Models of other organisations, from their owner's side: it registers a version, and sees what became of it.

For the agency itself (`client_credentials`, scope `evaluators`). How often a model is run stands nowhere here: small counts would tell of citizens.
How good it has shown itself is told in totals of people who consented to that.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from aurora.api import evaluator_serializers as answers
from aurora.api.authentication import AgencyItself, needs
from aurora.api.base import AgencyView
from aurora.api.serializers import ProblemSerializer
from aurora.api.throttles import UploadsPerClient
from aurora.api.uploads import PackageForm, Upload, turn
from aurora.journeys import model_outcomes, onboard_evaluator
from consent.errors import NotFound
from consent.oauth.tokens import ClientContext
from recommender.models import EvaluatorVersion

SCOPE = "evaluators"
A_PAGE = 50
NO_STORE = {"Cache-Control": "no-store"}


def _problems(*statuses: int) -> dict[Any, Any]:
    return {(status, "application/problem+json"): ProblemSerializer for status in statuses}


class Evaluators(AgencyView):
    """`/api/v1/evaluators`: the owner's own versions."""

    authentication_classes = [AgencyItself]
    permission_classes = [needs(SCOPE)]
    parser_classes = [PackageForm]
    http_method_names = ["get", "post"]

    def get_throttles(self) -> list[BaseThrottle]:
        return [*super().get_throttles(), *([UploadsPerClient()] if self.request.method == "POST" else [])]

    @extend_schema(
        operation_id="registerEvaluator",
        summary="Register a version of your model",
        description="The signature is verified, the model is looked through and its test vectors are run, which takes seconds. "
        "The very same package again is answered with what it became (200).",
        request={"multipart/form-data": answers.PackageSerializer},
        responses={
            200: answers.EvaluatorSerializer,
            201: answers.EvaluatorSerializer,
            **_problems(400, 401, 403, 406, 408, 409, 413, 415, 422, 429, 503),
        },
        examples=[answers.ONE, answers.UNSIGNED],
    )
    def post(self, request: Request) -> Response:
        client = _client(request)
        with turn():
            sent: Any = request.data
            if not isinstance(sent, Upload):
                raise ParseError("Send a form with two files and a Content-Length.")
            done = onboard_evaluator.register(
                agency_code=client.agency_code, package=sent.package, signature=sent.signature, now=timezone.now()
            )
        at = {"Location": reverse("api:evaluator", args=[done.version.pk])} if done.new else {}
        return Response(answers.as_json(done.version), status=201 if done.new else 200, headers={**NO_STORE, **at})

    @extend_schema(
        operation_id="listEvaluators",
        summary="Your models, newest first",
        parameters=[OpenApiParameter("after", UUID, description="`next` of an earlier answer.")],
        responses={200: answers.EvaluatorsSerializer, **_problems(400, 401, 403, 406, 429)},
        examples=[answers.PAGE],
    )
    def get(self, request: Request) -> Response:
        rows = list(_behind(_own(_client(request)), request)[: A_PAGE + 1])
        more = len(rows) > A_PAGE
        body = {"evaluators": [answers.as_json(row) for row in rows[:A_PAGE]], "next": rows[A_PAGE - 1].pk if more else None}
        return Response(body, headers=NO_STORE)


class Evaluator(AgencyView):
    """`/api/v1/evaluators/{id}`: another owner's is not found."""

    authentication_classes = [AgencyItself]
    permission_classes = [needs(SCOPE)]
    http_method_names = ["get"]

    @extend_schema(
        operation_id="readEvaluator",
        summary="What became of a version of your model",
        responses={200: answers.EvaluatorSerializer, **_problems(401, 403, 404, 406, 429)},
        examples=[answers.ONE],
    )
    def get(self, request: Request, id: UUID) -> Response:
        found = _own(_client(request)).filter(pk=id).first()
        if found is None:
            raise NotFound()
        return Response(answers.as_json(found), headers=NO_STORE)


class EvaluatorPerformance(AgencyView):
    """`/api/v1/evaluators/{id}/performance`: totals that tell of nobody; another owner's model is not found."""

    authentication_classes = [AgencyItself]
    permission_classes = [needs(SCOPE)]
    http_method_names = ["get"]

    @extend_schema(
        operation_id="readEvaluatorPerformance",
        summary="How good a version of your model has shown itself",
        description="By quarter of the year in which it was told what followed, of people who consented to this. Fewer than ten people are not "
        "told of (null), counts are rounded down to tens, and a report changes only when ten people have come or gone.",
        responses={200: answers.PerformanceSerializer, **_problems(401, 403, 404, 406, 429)},
        examples=[answers.PERFORMANCE],
    )
    def get(self, request: Request, id: UUID) -> Response:
        found = _own(_client(request)).filter(pk=id).first()
        if found is None:
            raise NotFound()
        return Response(answers.performance_as_json(found, model_outcomes.performance(found)), headers=NO_STORE)


def _client(request: Request) -> ClientContext:
    assert isinstance(request.auth, ClientContext)
    return request.auth


def _own(client: ClientContext) -> Any:
    """Newest first; of one instant by id, so that no page shows one twice."""
    return EvaluatorVersion.objects.filter(agency=client.agency_code).select_related("owner").order_by("-registered_at", "-pk")


def _behind(rows: Any, request: Request) -> Any:
    """Those behind `after`. Raises `ParseError`: what is not understood is refused, not skipped over."""
    asked = request.query_params
    if set(asked) - {"after"} or len(asked.getlist("after")) > 1:
        raise ParseError("The parameter is after, at most once.")
    if "after" not in asked:
        return rows
    try:
        last = rows.filter(pk=UUID(asked["after"])).first()
    except ValueError:
        last = None
    if last is None:
        raise ParseError("after is next of an earlier answer.")
    return rows.filter(registered_at__lte=last.registered_at).exclude(registered_at=last.registered_at, pk__gte=last.pk)
