"""Lawful delay for agencies: a use that was reported and kept back can be kept back longer, once, on a decision that its law provides for.

For the agency itself (`client_credentials`, scope `uses`): the id is in the answer to the report. What is kept back cannot be read, here neither.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from aurora.api.authentication import AgencyItself, needs
from aurora.api.base import AgencyView
from aurora.api.parsers import StrictJSON
from aurora.api.serializers import ProblemSerializer
from aurora.journeys import delay
from consent.oauth.tokens import ClientContext

SCOPE = "uses"
PROBLEM = "application/problem+json"


class ExtensionSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Until when, and on what decision."""

    until = serializers.DateField(help_text="The last day on which it is kept back.")
    reference = serializers.CharField(
        max_length=delay.LONGEST_REFERENCE, help_text="The decision, such as a court's, by its number. The citizen reads it later."
    )

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            raise serializers.ValidationError({sorted(map(str, unknown))[0][:64]: "This member is not known."})
        return super().to_internal_value(data)


class ExtendedSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What stands since now."""

    id = serializers.UUIDField()
    until = serializers.DateField()


class Extension(AgencyView):
    """`POST /api/v1/uses/kept-back/{id}/extension`. Once, before it is due, within what its law allows."""

    authentication_classes = [AgencyItself]
    permission_classes = [needs(SCOPE)]
    parser_classes = [StrictJSON]
    http_method_names = ["post"]

    @extend_schema(
        operation_id="extendDelay",
        summary="Have a use kept back longer, once",
        request=ExtensionSerializer,
        responses={
            200: ExtendedSerializer,
            **{(status, PROBLEM): ProblemSerializer for status in (400, 401, 403, 404, 406, 409, 413, 415, 429)},
        },
    )
    def post(self, request: Request, id: UUID) -> Response:
        client = request.auth
        assert isinstance(client, ClientContext)
        sent = ExtensionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        until = sent.validated_data["until"]
        delay.keep_longer(
            agency_code=client.agency_code,
            kept_id=id,
            until=until,
            reference=sent.validated_data["reference"],
            now=timezone.now(),
        )
        return Response({"id": id, "until": until}, headers={"Cache-Control": "no-store"})
