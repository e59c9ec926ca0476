"""The agency API: what a citizen has released, one category at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from aurora.api.base import AgencyView
from aurora.api.serializers import CategoryReadingSerializer, ProblemSerializer, as_json
from aurora.journeys import note_deliveries
from aurora.journeys.agency_read import read_category
from consent.errors import NotFound
from consent.models import DataCategory
from consent.oauth.tokens import TokenContext

PROBLEM = "application/problem+json"
_CODE = re.compile(r"[a-z0-9_.-]{1,64}")


class Schema(SpectacularJSONAPIView):
    """`GET /api/v1/schema/`: the OpenAPI document, one for everyone. What its view would take from a query string is refused."""

    authentication_classes = []
    permission_classes = []
    throttle_classes = []
    http_method_names = ["get", "head"]

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if request.query_params:
            raise ParseError("This address takes no parameters.")
        response: Response = super().get(request, *args, **kwargs)
        return response


class Handed(Response):
    """An answer that is noted as delivered when the server comes back for more: then it has handed the last byte to the operating system.

    A server that could not write does not come back. Closing says nothing: it comes either way.
    """

    def __init__(self, entry_id: UUID, body: dict[str, Any]) -> None:
        super().__init__(body, headers={"Cache-Control": "no-store"})
        self._entry_id = entry_id

    def __iter__(self) -> Iterator[bytes]:
        yield from super().__iter__()
        note_deliveries.handed_over(entry_id=self._entry_id, now=timezone.now())


class TwinCategory(AgencyView):
    """`GET /api/v1/twin/{category}`: decided, logged and read in one transaction; the citizen sees the entry at once.

    There is no HEAD: it would be an access that delivers nothing, and spend a consent for one use.
    """

    http_method_names = ["get"]

    @extend_schema(
        operation_id="readTwinCategory",
        summary="Read one category of the citizen's twin",
        parameters=[OpenApiParameter("category", str, OpenApiParameter.PATH, description="Such as `tax.income`.")],
        responses={200: CategoryReadingSerializer, **{(status, PROBLEM): ProblemSerializer for status in (401, 403, 404, 406, 429)}},
    )
    def get(self, request: Request, category: str) -> Response:
        token = request.auth
        assert isinstance(token, TokenContext)
        # Only an unknown category costs this look-up: what a token covers is known to exist.
        if category not in token.categories and not (_CODE.fullmatch(category) and DataCategory.objects.filter(pk=category).exists()):
            raise NotFound()
        reading = read_category(token=token, category=category, now=timezone.now())
        return Handed(reading.entry_id, as_json(reading))
