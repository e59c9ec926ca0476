"""What comes as it comes is what DRF would have chosen, whatever a caller accepts."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

from aurora.api.negotiation import AsItComes
from aurora.api.views import Schema, TwinCategory

ACCEPTED = [
    None,
    "",
    "*/*",
    "application/json",
    "application/*",
    "text/html, */*;q=0.1",
    "application/json;charset=utf-8",
    "text/html",
    "x",
]


def _chosen(negotiation: Any, view: Any, accept: str | None) -> Any:
    headers = {} if accept is None else {"HTTP_ACCEPT": accept}
    renderers = [renderer() for renderer in view.renderer_classes]
    try:
        renderer, media_type = negotiation().select_renderer(Request(RequestFactory().get("/", **headers)), renderers, None)
    except NotAcceptable:
        return None
    return type(renderer), media_type


@pytest.mark.parametrize("view", [TwinCategory, Schema])
@pytest.mark.parametrize("accept", ACCEPTED)
def test_it_chooses_as_drf_does(view: Any, accept: str | None) -> None:
    assert _chosen(AsItComes, view, accept) == _chosen(DefaultContentNegotiation, view, accept)


def test_the_view_of_a_read_uses_it_and_some_are_refused() -> None:
    assert TwinCategory.content_negotiation_class is AsItComes
    assert _chosen(AsItComes, TwinCategory, "text/html") is None and _chosen(AsItComes, TwinCategory, "*/*") is not None
