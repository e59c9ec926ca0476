"""Operators for tests: with roles, in a browser of their own, both factors given now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.http import HttpResponse
from django.test import Client as Browser
from django.utils import timezone

from aurora.console.auth import FACTOR_AT, VERIFIED
from aurora.identity.models import Operator
from tests.support.cast import FORM, browser


@dataclass
class Official:
    operator: Operator
    face: Browser

    @property
    def roles(self) -> list[str]:
        return Operator.objects.get(pk=self.operator.pk).roles

    def get(self, path: str, query: dict[str, str] | None = None) -> Any:
        return self.face.get(path, query)

    def post(self, path: str, **form: Any) -> HttpResponse:
        return self.face.post(path, urlencode(form, doseq=True), content_type=FORM)  # type: ignore[return-value]


def signed_in(operator: Operator, *, fresh: bool = True) -> Browser:
    """A browser with both factors given, just now or at a time that nobody remembers."""
    face = browser()
    face.force_login(operator, backend="aurora.identity.backends.OperatorBackend")
    session = face.session
    session[VERIFIED] = str(operator.pk)
    session[FACTOR_AT] = timezone.now().timestamp() if fresh else 0.0
    session.save()
    return face


@contextmanager
def official(*roles: str, name: str = "Somebody", fresh: bool = True) -> Iterator[Official]:
    """One who is gone afterwards."""
    operator = Operator.objects.create(
        username=f"t-{uuid4().hex[:10]}", name=name, roles=list(roles), password="!", totp_secret_sealed=b"x"
    )
    try:
        yield Official(operator, signed_in(operator, fresh=fresh))
    finally:
        Operator.objects.filter(pk=operator.pk).delete()
