"""`POST /api/v1/uses`: an agency reports what it used data for, in signed batches. For the agency itself (`client_credentials`, scope `uses`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from aurora.api import use_serializers as answers
from aurora.api.authentication import AgencyItself, needs
from aurora.api.base import AgencyView
from aurora.api.serializers import ProblemSerializer
from aurora.journeys import report_use
from consent.oauth.tokens import ClientContext
from consent.uses import batches

SCOPE = "uses"
NO_STORE = {"Cache-Control": "no-store"}


class TooLarge(APIException):
    """The same code as for every other body that is too large."""

    status_code = 413
    default_code = "too_large"
    default_detail = f"A batch has at most {batches.LARGEST // 1024} KiB and {batches.MOST} uses."


class CompactJWS(BaseParser):
    """`application/jose` (RFC 7515, 9.2.1): the bytes as they are, bounded. What they mean is judged where the signature is."""

    media_type = "application/jose"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        body = stream.read(batches.LARGEST + 1)
        if len(body) > batches.LARGEST:
            raise TooLarge()
        return body


class Uses(AgencyView):
    """All of a batch is taken, or nothing. The citizens see each use in their log at once."""

    authentication_classes = [AgencyItself]
    permission_classes = [needs(SCOPE)]
    parser_classes = [CompactJWS]
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
        body: Any = request.data
        sent = body if isinstance(body, bytes) else b""  # without a body DRF asks no parser
        taken = report_use.take(client_id=client.client_id, agency_code=client.agency_code, body=sent, now=timezone.now())
        return Response(answers.as_json(taken), headers=NO_STORE)
