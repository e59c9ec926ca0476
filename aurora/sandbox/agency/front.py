"""What stands before an agency's data: a security server of X-Road, and addresses of its own. Behind it all is `/data/{category}`."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from aurora.sandbox import pages, runtime
from aurora.sandbox.agency import own_form, ways

Answers = Callable[[HttpRequest], HttpResponseBase]


class FrontMiddleware:
    """Before the switches and the counts, which see a question for data whatever its address was."""

    def __init__(self, get_response: Answers) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        process = runtime.current().process
        if process == ways.BEHIND_XROAD and request.path.startswith("/r1/"):
            return _carried(request, self.get_response)
        if process == ways.OWN_FORM and request.path.startswith(("/data/", f"{ways.OWN_ADDRESS}/")):
            name = request.path.removeprefix(f"{ways.OWN_ADDRESS}/")
            if name not in own_form.NAMES:
                return pages.problem(404, "unknown_category", "This agency keeps no such records.")
            _lead(request, f"/data/{own_form.NAMES[name]}")
        return self.get_response(request)


def _lead(request: HttpRequest, path: str) -> None:
    request.path = request.path_info = path


def _carried(request: HttpRequest, get_response: Answers) -> HttpResponseBase:
    """Both security servers in one (PR-REST 1.0): who asks must be let in, and the answer says what it is the answer to."""
    client, service = request.headers.get("X-Road-Client", ""), f"/r1/{ways.XROAD_SERVICE}"
    if client.count("/") not in (2, 3):
        return _error(400, "Client.BadRequest", "The X-Road-Client header is missing or is no identifier.")
    if not request.path.startswith(f"{service}/"):
        return _error(500, "Server.ServerProxy.UnknownService", "There is no such service.")
    if client != ways.XROAD_CLIENT:
        return _error(500, "Server.ServerProxy.AccessDenied", "The client may not use this service.")
    digest = hashlib.sha512(f"{request.method} {request.get_full_path()}\n{client}".encode()).digest()
    _lead(request, request.path.removeprefix(service))
    response = get_response(request)
    response.headers["X-Road-Client"] = client
    response.headers["X-Road-Service"] = ways.XROAD_SERVICE
    response.headers["X-Road-Id"] = request.headers.get("X-Road-Id") or str(uuid.uuid4())
    response.headers["X-Road-Request-Id"] = str(uuid.uuid4())
    response.headers["X-Road-Request-Hash"] = base64.b64encode(digest).decode("ascii")
    return response


def _error(status: int, kind: str, message: str) -> HttpResponseBase:
    body = {"type": kind, "message": message, "detail": str(uuid.uuid4())}
    return JsonResponse(body, status=status, headers={"X-Road-Error": kind})
