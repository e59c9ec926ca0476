"""Corrections for agencies that are sources: what citizens ask them to correct, and their answers (GDPR art. 12, 16).

For the agency itself (`client_credentials`, scope `corrections`). An agency sees requests about its own facts, and no other's. The first time that it
reads one is an entry in the citizen's log.
"""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from aurora.api.authentication import needs
from aurora.api.correction_serializers import CorrectionAnswerSerializer, CorrectionSerializer, CorrectionsSerializer, as_json
from aurora.api.listing import NO_STORE, OfAgencyItself, asked, problems
from aurora.api.parsers import StrictJSON
from aurora.corrections.models import Correction
from aurora.journeys import answer_correction

SCOPE = "corrections"
STATES = tuple(Correction.State.values)


class _Corrections(OfAgencyItself):
    permission_classes = [needs(SCOPE)]


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
        responses={200: CorrectionsSerializer, **problems(400, 401, 403, 406, 429)},
    )
    def get(self, request: Request) -> Response:
        state, after, most = asked(request, states=STATES, most=answer_correction.MOST, thing="request")
        found, more = answer_correction.listing(source=self.agency(request), states=[state], after=after, most=most, now=timezone.now())
        return Response({"corrections": [as_json(one) for one in found], "more": more}, headers=NO_STORE)


class CorrectionOne(_Corrections):
    """`GET /api/v1/corrections/{id}`."""

    http_method_names = ["get"]

    @extend_schema(
        operation_id="readCorrection",
        summary="Read one request to correct a fact",
        responses={200: CorrectionSerializer, **problems(401, 403, 404, 406, 429)},
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
        responses={200: CorrectionSerializer, **problems(400, 401, 403, 404, 406, 409, 413, 415, 429)},
    )
    def post(self, request: Request, id: UUID) -> Response:
        sent = CorrectionAnswerSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        said = sent.validated_data
        done = answer_correction.answer(
            source=self.agency(request), correction_id=id, outcome=said["outcome"], text=said["text"], now=timezone.now()
        )
        return Response(as_json(done), headers=NO_STORE)
