"""Events for agencies: what has ended of the consents that their citizens gave, and the agency's word that it deleted.

For the agency itself (`client_credentials`, scope `events`). The same events are sent to those who can be called; these two addresses are for
all: a notice that was sent is confirmed here too.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from aurora.api.authentication import AgencyItself, needs
from aurora.api.base import AgencyView
from aurora.api.event_serializers import ConfirmationSerializer, ConfirmedSerializer, EventsSerializer
from aurora.api.parsers import StrictJSON
from aurora.api.serializers import ProblemSerializer
from aurora.journeys import tell_agencies
from consent.oauth.tokens import ClientContext
from consent.webhooks import feed
from consent.webhooks.models import Delivery

SCOPE = "events"
PROBLEM = "application/problem+json"
COME_BACK_SECONDS = 30
CLOCK_SKEW = timedelta(seconds=60)
_CURSOR = re.compile(r"[A-Za-z0-9_-]{1,64}")
NO_STORE = {"Cache-Control": "no-store"}


def _problems(*statuses: int) -> dict[Any, Any]:
    return {(status, PROBLEM): ProblemSerializer for status in statuses}


class Events(AgencyView):
    """`GET /api/v1/events`: this client's events, oldest first, each at least once.

    There is no waiting: an answer without events says when to ask again. Going on behind a cursor tells Aurora that what came before it arrived.
    """

    authentication_classes = [AgencyItself]
    permission_classes = [needs(SCOPE)]
    http_method_names = ["get"]

    @extend_schema(
        operation_id="readEvents",
        summary="Read what has ended of the consents that you hold",
        parameters=[
            OpenApiParameter("after", {"type": "string", "pattern": f"^{_CURSOR.pattern}$"}, description="`next` of an earlier answer."),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": feed.MOST, "default": feed.MOST}),
        ],
        responses={200: EventsSerializer, **_problems(400, 401, 403, 406, 429)},
    )
    def get(self, request: Request) -> Response:
        client = request.auth
        assert isinstance(client, ClientContext)
        after, most = _place(request)
        page = tell_agencies.read_feed(client_id=client.client_id, after=after, most=most, now=timezone.now())
        body = {"events": list(page.events), "next": page.after, "more": page.more}
        return Response(body, headers={**NO_STORE, **({} if page.more else {"Retry-After": str(COME_BACK_SECONDS)})})


class EventConfirmation(AgencyView):
    """`POST /api/v1/events/{id}/confirmation`: deleted, or kept by law. The same again is answered as the first time."""

    authentication_classes = [AgencyItself]
    permission_classes = [needs(SCOPE)]
    parser_classes = [StrictJSON]
    http_method_names = ["post"]

    @extend_schema(
        operation_id="confirmEvent",
        summary="Say that you deleted, or what you must keep by which law",
        request=ConfirmationSerializer,
        responses={200: ConfirmedSerializer, **_problems(400, 401, 403, 404, 406, 409, 413, 415, 429)},
    )
    def post(self, request: Request, id: UUID) -> Response:
        client = request.auth
        assert isinstance(client, ClientContext)
        wanted = ConfirmationSerializer(data=request.data, context={"latest": timezone.now() + CLOCK_SKEW})
        wanted.is_valid(raise_exception=True)
        row = tell_agencies.confirm(
            client_id=client.client_id, agency_code=client.agency_code, delivery_id=id, said=wanted.said(), now=timezone.now()
        )
        return Response(_confirmed(row), headers=NO_STORE)


def _place(request: Request) -> tuple[int, int]:
    """Raises `ParseError`, `InvalidInput`: what is not understood is refused, not skipped over."""
    asked = request.query_params
    if set(asked) - {"after", "limit"} or any(len(asked.getlist(name)) != 1 for name in asked):
        raise ParseError("The parameters are after and limit, each at most once.")
    limit, after = asked.get("limit", str(feed.MOST)), asked.get("after")
    if not re.fullmatch(r"[0-9]{1,3}", limit) or not 1 <= int(limit) <= feed.MOST:
        raise ParseError(f"limit is a whole number from 1 to {feed.MOST}.")
    if after is None:
        return 0, int(limit)
    return feed.position_of(after if _CURSOR.fullmatch(after) else ""), int(limit)


def _confirmed(row: Delivery) -> dict[str, Any]:
    return {
        "event": row.pk,
        "confirmed_at": row.confirmed_at,
        "deleted_at": row.deleted_at,
        "kept": row.kept,
    }
