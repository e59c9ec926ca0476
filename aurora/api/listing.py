"""What lists for the agency itself have in common: one state, a page behind a row, and which problems they answer with."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any
from uuid import UUID

from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from aurora.api.authentication import AgencyItself
from aurora.api.base import AgencyView
from aurora.api.serializers import ProblemSerializer
from consent.oauth.tokens import ClientContext

PROBLEM = "application/problem+json"
NO_STORE = {"Cache-Control": "no-store"}


class OfAgencyItself(AgencyView):
    """Derived with the scope that is needed, in `permission_classes`."""

    authentication_classes = [AgencyItself]

    @staticmethod
    def agency(request: Request) -> str:
        client = request.auth
        assert isinstance(client, ClientContext)
        return client.agency_code


def problems(*statuses: int) -> dict[Any, Any]:
    """Responses of a schema."""
    return {(status, PROBLEM): ProblemSerializer for status in statuses}


def asked(request: Request, *, states: Collection[str], most: int, thing: str) -> tuple[str, UUID | None, int]:
    """State ("open" unless said), the row behind which to begin, and how many. Raises `ParseError`: what is not understood is refused, not skipped over."""
    said = request.query_params
    if set(said) - {"state", "after", "limit"} or any(len(said.getlist(name)) != 1 for name in said):
        raise ParseError("The parameters are state, after and limit, each at most once.")
    state, after, limit = said.get("state", "open"), said.get("after"), said.get("limit", str(most))
    if state not in states:
        raise ParseError(f"state is one of {', '.join(states)}.")
    if not re.fullmatch(r"[0-9]{1,2}", limit, re.ASCII) or not 1 <= int(limit) <= most:
        raise ParseError(f"limit is a whole number from 1 to {most}.")
    try:
        return state, UUID(after) if after is not None else None, int(limit)
    except ValueError:
        raise ParseError(f"after is the id of a {thing}.") from None
