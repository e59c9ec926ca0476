"""`POST /api/v1/facts`: a source that pushes sends what it holds, in signed batches. For the agency itself (`client_credentials`, scope `facts`)."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from aurora.api import fact_serializers as answers
from aurora.api.authentication import AgencyItself, needs
from aurora.api.base import AgencyView
from aurora.api.jose import CompactJWS, body_of
from aurora.api.serializers import ProblemSerializer
from aurora.api.throttles import PerClient, PushesPerClient
from aurora.journeys import receive_push
from aurora.sources.pushes import batches
from consent.oauth.tokens import ClientContext

SCOPE = "facts"
NO_STORE = {"Cache-Control": "no-store"}


class BatchOfFacts(CompactJWS):
    largest, most = batches.LARGEST, batches.MOST


class Facts(AgencyView):
    """Each answer stands or falls by itself. The citizens see in their log at once what was told of them."""

    authentication_classes = [AgencyItself]
    permission_classes = [needs(SCOPE)]
    parser_classes = [BatchOfFacts]
    throttle_classes = [PerClient, PushesPerClient]
    http_method_names = ["post"]

    @extend_schema(
        operation_id="pushFacts",
        summary="Send what you hold of citizens who have connected you",
        description="The body is a compact JWS, signed with ES256 by a key of your client, `typ` aurora-facts+jwt; its `jti` is the batch's id. "
        "The same batch again is answered the same. See the guide for agencies.",
        request={"application/jose": OpenApiTypes.STR},
        responses={
            200: answers.PushedSerializer,
            **{
                (status, "application/problem+json"): ProblemSerializer
                for status in (400, 401, 403, 404, 406, 409, 413, 415, 422, 429, 503)
            },
        },
        examples=[answers.ONE],
    )
    def post(self, request: Request) -> Response:
        client = request.auth
        assert isinstance(client, ClientContext)
        pushed = receive_push.take(
            client_id=client.client_id, agency_code=client.agency_code, body=body_of(request.data), now=timezone.now()
        )
        return Response(answers.as_json(pushed), headers=NO_STORE)
