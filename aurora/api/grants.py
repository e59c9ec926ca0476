"""`/oauth/grants/{grant_id}`: an agency looks at a grant of its own client, or gives it back (Grant Management for OAuth 2.0, draft-03, 6)."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from aurora.api.authentication import AgencyItself, needs
from aurora.api.base import AgencyView
from aurora.api.serializers import ProblemSerializer
from aurora.journeys import end_consents
from consent.errors import NotFound
from consent.oauth import grant_management, grants
from consent.oauth.tokens import ClientContext

_PROBLEMS = {(status, "application/problem+json"): ProblemSerializer for status in (401, 403, 404, 429)}
_ID = OpenApiParameter("grant_id", str, OpenApiParameter.PATH, description="As it came with the token response.")


class DetailSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """One authorization detail (RFC 9396), as its JSON Schema at `/oauth/authorization-details` describes it."""

    type = serializers.CharField()
    purpose = serializers.CharField()
    categories = serializers.ListField(child=serializers.CharField(), help_text="Those that stand now.")
    until = serializers.DateField(help_text="The last day, included.")
    once = serializers.BooleanField(help_text="For one use only.")


class GrantSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What stands in a grant now. One detail for each purpose."""

    authorization_details = DetailSerializer(many=True)
    created_at = serializers.DateTimeField(default_timezone=UTC)
    last_updated_at = serializers.DateTimeField(
        default_timezone=UTC, help_text="When something was last given, replaced, narrowed or ended in it."
    )
    expires_at = serializers.DateTimeField(default_timezone=UTC, help_text="When the last detail ends.")
    updated_by = serializers.ChoiceField(choices=["client", "authorization_server"], help_text="`client`: by a request of yours.")


class GrantResource(AgencyView):
    """For the client itself, by a token of `client_credentials`: the scope depends on what is done. Nobody else finds the grant."""

    authentication_classes = [AgencyItself]
    http_method_names = ["get", "delete"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """What is not served is 405 to everyone: there is no scope for it."""
        if str(request.method).lower() not in self.http_method_names:
            self.http_method_not_allowed(request)
        super().initial(request, *args, **kwargs)

    def get_permissions(self) -> list[BasePermission]:
        return [needs("grant_management_revoke" if self.request.method == "DELETE" else "grant_management_query")()]

    @extend_schema(
        operation_id="queryGrant", summary="What stands in a grant", parameters=[_ID], responses={200: GrantSerializer, **_PROBLEMS}
    )
    def get(self, request: Request, grant_id: str) -> Response:
        client = request.auth
        assert isinstance(client, ClientContext)
        found = grant_management.described(client_id=client.client_id, named=grant_id, now=timezone.now())
        return Response(GrantSerializer(found).data, headers={"Cache-Control": "no-store"})

    @extend_schema(
        operation_id="revokeGrant",
        summary="Give a grant back: every consent in it ends, and the citizen sees that you did it",
        parameters=[_ID],
        responses={204: None, **_PROBLEMS},
    )
    def delete(self, request: Request, grant_id: str) -> Response:
        client, named = request.auth, grants.parse_id(grant_id)
        assert isinstance(client, ClientContext)
        if named is None:
            raise NotFound()
        end_consents.by_recipient(client_id=client.client_id, agency_code=client.agency_code, grant_id=named, now=timezone.now())
        return Response(status=204, headers={"Cache-Control": "no-store"})
