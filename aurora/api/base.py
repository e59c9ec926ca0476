"""What the API's views have in common. Apart from `authentication`, which DRF's own views import."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class AgencyView(APIView):
    """An answer brings the next nonce to a client that needs one (RFC 9449, 8.2)."""

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        finished: Response = super().finalize_response(request, response, *args, **kwargs)
        context = getattr(getattr(request, "_request", request), "dpop_context", None)
        if context is not None and context.next_nonce:
            finished["DPoP-Nonce"] = context.next_nonce
        return finished
