"""Concerns for agencies: what citizens ask about entries of the agency's, and its answers.

For the agency itself (`client_credentials`, scope `concerns`). An agency sees the cases that it must answer, and no other's.
"""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from aurora.api.authentication import needs
from aurora.api.concern_serializers import AnswerSerializer, ConcernSerializer, ConcernsSerializer, as_json
from aurora.api.listing import NO_STORE, OfAgencyItself, asked, problems
from aurora.api.parsers import StrictJSON
from aurora.journeys import answer_concern
from consent.concerns.models import Concern

SCOPE = "concerns"
STATES = tuple(Concern.State.values)


class _Concerns(OfAgencyItself):
    permission_classes = [needs(SCOPE)]


class Concerns(_Concerns):
    """`GET /api/v1/concerns`: those of one state, the oldest first."""

    http_method_names = ["get"]

    @extend_schema(
        operation_id="listConcerns",
        summary="List the cases that citizens have raised about your agency",
        parameters=[
            OpenApiParameter("state", {"type": "string", "enum": list(STATES), "default": "open"}),
            OpenApiParameter("after", {"type": "string", "format": "uuid"}, description="The id of the last case of the page before."),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": answer_concern.MOST, "default": answer_concern.MOST}),
        ],
        responses={200: ConcernsSerializer, **problems(400, 401, 403, 406, 429)},
    )
    def get(self, request: Request) -> Response:
        state, after, most = asked(request, states=STATES, most=answer_concern.MOST, thing="case")
        found, more = answer_concern.listing(about=self.agency(request), states=[state], after=after, most=most)
        return Response({"concerns": [as_json(case) for case in found], "more": more}, headers=NO_STORE)


class ConcernOne(_Concerns):
    """`GET /api/v1/concerns/{id}`."""

    http_method_names = ["get"]

    @extend_schema(
        operation_id="readConcern",
        summary="Read one case",
        responses={200: ConcernSerializer, **problems(401, 403, 404, 406, 429)},
    )
    def get(self, request: Request, id: UUID) -> Response:
        return Response(as_json(answer_concern.one(about=self.agency(request), concern_id=id)), headers=NO_STORE)


class ConcernAnswer(_Concerns):
    """`POST /api/v1/concerns/{id}/answer`: what the citizen reads. Once; or, once, by when you will answer."""

    parser_classes = [StrictJSON]
    http_method_names = ["post"]

    @extend_schema(
        operation_id="answerConcern",
        summary="Answer a case, or say by when you will",
        request=AnswerSerializer,
        responses={200: ConcernSerializer, **problems(400, 401, 403, 404, 406, 409, 413, 415, 429)},
    )
    def post(self, request: Request, id: UUID) -> Response:
        sent = AnswerSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        case = answer_concern.answer(about=self.agency(request), concern_id=id, said=sent.said(), now=timezone.now())
        return Response(as_json(case), headers=NO_STORE)
