"""A model owner at the API: an agency of the cast with a signing key that two model stewards have let in, and real packages of its own."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from aurora.console.auth import VERIFIED
from aurora.identity.models import Operator
from aurora.journeys import onboard_evaluator
from tests.support import evaluators
from tests.support.cast import OFFICE, Cast, browser

PATH = "/api/v1/evaluators"
BOUNDARY = "a-models-package"
KIND = f"multipart/form-data; boundary={BOUNDARY}"


def steward(name: str = "milla", *, roles: tuple[str, ...] = ("model_steward",)) -> Operator:
    return Operator.objects.create(username=f"{name}-{uuid4().hex[:8]}", name=name.title(), roles=list(roles))


def signed_in(operator: Operator) -> Client:
    """With both factors."""
    face = browser()
    face.force_login(operator, backend="aurora.identity.backends.OperatorBackend")
    session = face.session
    session[VERIFIED] = str(operator.pk)
    session.save()
    return face


_NUMBER = count(1)
_KEYS: dict[str, int] = {}


def let_in(milla: Operator, sven: Operator, *, agency: str = OFFICE) -> None:
    """A signing key of the agency, asked for and approved; a new one where none stands, since one that was revoked never comes back."""
    if agency in _KEYS and onboard_evaluator.key_stands(agency_code=agency, public_key=evaluators.key(_KEYS[agency])[1]):
        return
    _KEYS[agency] = next(_NUMBER)
    now, public = timezone.now(), evaluators.key(_KEYS[agency])[1]
    asked = onboard_evaluator.ask_key(operator=milla, agency_code=agency, public_key=public, reason="Contract 7", now=now)
    onboard_evaluator.approve_key(operator=sven, key_id=asked.pk, now=now)


def signature(package: bytes, *, agency: str = OFFICE) -> bytes:
    """By the key that stands."""
    return evaluators.sign(package, evaluators.key(_KEYS[agency])[0])


def contract(identifier: str = "", **changes: Any) -> dict[str, Any]:
    """Of the office, under a name of its own."""
    return evaluators.document(owner=OFFICE, identifier=identifier or f"risk-{uuid4().hex[:12]}", **changes)


def form(package: bytes, signature: bytes) -> bytes:
    """The two files as a form (RFC 7578)."""
    body = b""
    for name, content in (("package", package), ("signature", signature)):
        body += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'.encode() + content + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


def own_token(cast: Cast, scope: str = "evaluators") -> str:
    answer: Any = cast.office.post("/oauth/token", grant_type="client_credentials", scope=scope)
    assert answer.status_code == 200, answer.content
    return str(answer.json()["access_token"])


def send(cast: Cast, token: str, body: bytes, kind: str = KIND, **more: Any) -> Any:
    return browser().post(PATH, body, content_type=kind, **{**cast.office.bearing(token, PATH, method="POST"), **more})  # type: ignore[arg-type]


def look(cast: Cast, token: str, path: str = PATH, query: str = "") -> Any:
    return browser().get(f"{path}{query}", **cast.office.bearing(token, path))  # type: ignore[arg-type]
