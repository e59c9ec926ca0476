"""Concerns for agencies: what citizens ask about entries of the agency's, and its answers.

For the agency itself (`client_credentials`, scope `concerns`). An agency sees the cases that it must answer, and no other's.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from aurora.api.authentication import AgencyItself, needs
from aurora.api.base import AgencyView
from aurora.api.concern_serializers import AnswerSerializer, ConcernSerializer, ConcernsSerializer, as_json
from aurora.api.parsers import StrictJSON
from aurora.api.serializers import ProblemSerializer
from aurora.journeys import answer_concern
from consent.concerns.models import Concern
from consent.oauth.tokens import ClientContext

SCOPE = "concerns"
PROBLEM = "application/problem+json"
NO_STORE = {"Cache-Control": "no-store"}
STATES = tuple(Concern.State.values)


def _problems(*statuses: int) -> dict[Any, Any]:
    return {(status, PROBLEM): ProblemSerializer for status in statuses}


class _Concerns(AgencyView):
    authentication_classes = [AgencyItself]
    permission_classes = [needs(SCOPE)]

    @staticmethod
    def agency(request: Request) -> str:
        client = request.auth
        assert isinstance(client, ClientContext)
        return client.agency_code


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
        responses={200: ConcernsSerializer, **_problems(400, 401, 403, 406, 429)},
    )
    def get(self, request: Request) -> Response:
        state, after, most = _asked(request)
        found, more = answer_concern.listing(about=self.agency(request), states=[state], after=after, most=most)
        return Response({"concerns": [as_json(case) for case in found], "more": more}, headers=NO_STORE)


class ConcernOne(_Concerns):
    """`GET /api/v1/concerns/{id}`."""

    http_method_names = ["get"]

    @extend_schema(
        operation_id="readConcern",
        summary="Read one case",
        responses={200: ConcernSerializer, **_problems(401, 403, 404, 406, 429)},
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
        responses={200: ConcernSerializer, **_problems(400, 401, 403, 404, 406, 409, 413, 415, 429)},
    )
    def post(self, request: Request, id: UUID) -> Response:
        sent = AnswerSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        case = answer_concern.answer(about=self.agency(request), concern_id=id, said=sent.said(), now=timezone.now())
        return Response(as_json(case), headers=NO_STORE)


def _asked(request: Request) -> tuple[str, UUID | None, int]:
    """Raises `ParseError`: what is not understood is refused, not skipped over."""
    asked = request.query_params
    if set(asked) - {"state", "after", "limit"} or any(len(asked.getlist(name)) != 1 for name in asked):
        raise ParseError("The parameters are state, after and limit, each at most once.")
    state, after, limit = asked.get("state", "open"), asked.get("after"), asked.get("limit", str(answer_concern.MOST))
    if state not in STATES:
        raise ParseError(f"state is one of {', '.join(STATES)}.")
    if not re.fullmatch(r"[0-9]{1,2}", limit, re.ASCII) or not 1 <= int(limit) <= answer_concern.MOST:
        raise ParseError(f"limit is a whole number from 1 to {answer_concern.MOST}.")
    try:
        return state, UUID(after) if after is not None else None, int(limit)
    except ValueError:
        raise ParseError("after is the id of a case.") from None
