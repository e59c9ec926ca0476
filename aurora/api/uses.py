"""`POST /api/v1/uses`: an agency reports what it used data for, in signed batches. For the agency itself (`client_credentials`, scope `uses`)."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from aurora.api import use_serializers as answers
from aurora.api.authentication import AgencyItself, needs
from aurora.api.base import AgencyView
from aurora.api.jose import CompactJWS, body_of
from aurora.api.serializers import ProblemSerializer
from aurora.journeys import report_use
from consent.oauth.tokens import ClientContext
from consent.uses import batches

SCOPE = "uses"
NO_STORE = {"Cache-Control": "no-store"}


class BatchOfUses(CompactJWS):
    largest, most = batches.LARGEST, batches.MOST


class Uses(AgencyView):
    """All of a batch is taken, or nothing. The citizens see each use in their log at once."""

    authentication_classes = [AgencyItself]
    permission_classes = [needs(SCOPE)]
    parser_classes = [BatchOfUses]
    http_method_names = ["post"]

    @extend_schema(
        operation_id="reportUses",
        summary="Report what you used data for",
        description="The body is a compact JWS, signed with ES256 by a key of your client, `typ` aurora-uses+jwt; its `jti` is the batch's id. "
        "The same batch again is answered the same. See the guide for agencies.",
        request={"application/jose": OpenApiTypes.STR},
        responses={
            200: answers.TakenSerializer,
            **{
                (status, "application/problem+json"): ProblemSerializer
                for status in (400, 401, 403, 404, 406, 409, 413, 415, 422, 429, 503)
            },
        },
        examples=[answers.ONE, answers.WRONG],
    )
    def post(self, request: Request) -> Response:
        client = request.auth
        assert isinstance(client, ClientContext)
        taken = report_use.take(client_id=client.client_id, agency_code=client.agency_code, body=body_of(request.data), now=timezone.now())
        return Response(answers.as_json(taken), headers=NO_STORE)
