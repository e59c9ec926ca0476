"""Corrections for agencies that are sources: what citizens ask them to correct, and their answers (GDPR art. 12, 16).

For the agency itself (`client_credentials`, scope `corrections`). An agency sees requests about its own facts, and no other's. The first time that it
reads one is an entry in the citizen's log.
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
from aurora.api.correction_serializers import CorrectionAnswerSerializer, CorrectionSerializer, CorrectionsSerializer, as_json
from aurora.api.parsers import StrictJSON
from aurora.api.serializers import ProblemSerializer
from aurora.corrections.models import Correction
from aurora.journeys import answer_correction
from consent.oauth.tokens import ClientContext

SCOPE = "corrections"
PROBLEM = "application/problem+json"
NO_STORE = {"Cache-Control": "no-store"}
STATES = tuple(Correction.State.values)


def _problems(*statuses: int) -> dict[Any, Any]:
    return {(status, PROBLEM): ProblemSerializer for status in statuses}


class _Corrections(AgencyView):
    authentication_classes = [AgencyItself]
    permission_classes = [needs(SCOPE)]

    @staticmethod
    def agency(request: Request) -> str:
        client = request.auth
        assert isinstance(client, ClientContext)
        return client.agency_code


class Corrections(_Corrections):
    """`GET /api/v1/corrections`: those of one state, the oldest first."""

    http_method_names = ["get"]

    @extend_schema(
        operation_id="listCorrections",
        summary="List what citizens ask your agency to correct",
        parameters=[
            OpenApiParameter("state", {"type": "string", "enum": list(STATES), "default": "open"}),
            OpenApiParameter("after", {"type": "string", "format": "uuid"}, description="The id of the last request of the page before."),
            OpenApiParameter(
                "limit", {"type": "integer", "minimum": 1, "maximum": answer_correction.MOST, "default": answer_correction.MOST}
            ),
        ],
        responses={200: CorrectionsSerializer, **_problems(400, 401, 403, 406, 429)},
    )
    def get(self, request: Request) -> Response:
        state, after, most = _asked(request)
        found, more = answer_correction.listing(source=self.agency(request), states=[state], after=after, most=most, now=timezone.now())
        return Response({"corrections": [as_json(one) for one in found], "more": more}, headers=NO_STORE)


class CorrectionOne(_Corrections):
    """`GET /api/v1/corrections/{id}`."""

    http_method_names = ["get"]

    @extend_schema(
        operation_id="readCorrection",
        summary="Read one request to correct a fact",
        responses={200: CorrectionSerializer, **_problems(401, 403, 404, 406, 429)},
    )
    def get(self, request: Request, id: UUID) -> Response:
        found = answer_correction.one(source=self.agency(request), correction_id=id, now=timezone.now())
        return Response(as_json(found), headers=NO_STORE)


class CorrectionAnswer(_Corrections):
    """`POST /api/v1/corrections/{id}/answer`: once."""

    parser_classes = [StrictJSON]
    http_method_names = ["post"]

    @extend_schema(
        operation_id="answerCorrection",
        summary="Say that you have corrected a fact, or why you do not",
        request=CorrectionAnswerSerializer,
        responses={200: CorrectionSerializer, **_problems(400, 401, 403, 404, 406, 409, 413, 415, 429)},
    )
    def post(self, request: Request, id: UUID) -> Response:
        sent = CorrectionAnswerSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        said = sent.validated_data
        done = answer_correction.answer(
            source=self.agency(request), correction_id=id, outcome=said["outcome"], text=said["text"], now=timezone.now()
        )
        return Response(as_json(done), headers=NO_STORE)


def _asked(request: Request) -> tuple[str, UUID | None, int]:
    """Raises `ParseError`: what is not understood is refused, not skipped over."""
    asked = request.query_params
    if set(asked) - {"state", "after", "limit"} or any(len(asked.getlist(name)) != 1 for name in asked):
        raise ParseError("The parameters are state, after and limit, each at most once.")
    state, after, limit = asked.get("state", "open"), asked.get("after"), asked.get("limit", str(answer_correction.MOST))
    if state not in STATES:
        raise ParseError(f"state is one of {', '.join(STATES)}.")
    if not re.fullmatch(r"[0-9]{1,2}", limit, re.ASCII) or not 1 <= int(limit) <= answer_correction.MOST:
        raise ParseError(f"limit is a whole number from 1 to {answer_correction.MOST}.")
    try:
        return state, UUID(after) if after is not None else None, int(limit)
    except ValueError:
        raise ParseError("after is the id of a request.") from None
