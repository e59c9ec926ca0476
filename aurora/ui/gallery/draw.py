"""Draw one example as the HTML that a visitor would get."""

from types import SimpleNamespace

from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import Resolver404, resolve
from django.utils import translation

from aurora.ui import statics
from aurora.ui.gallery.example import Example
from aurora.ui.gallery.examples import pages

LANGUAGES = ("fi", "sv", "en")


def examples(language: str) -> list[Example]:
    """The examples with their sentences in one language."""
    with translation.override(language):
        return pages()


def html(example: Example, language: str) -> str:
    """The whole page of an example."""
    path = "/oauth/authorize" if example.at == "oauth" else f"/{language}/{example.at}"
    with translation.override(language):
        request = RequestFactory().get(path)
        request.user = SimpleNamespace(is_authenticated=example.signed_in)  # type: ignore[assignment]
        if example.signed_in and example.name_shown:
            request.display_name = example.name_shown  # type: ignore[attr-defined]
        if example.acting_for:
            request.acting = SimpleNamespace(principal_name=example.acting_for, of_estate=example.estate)  # type: ignore[attr-defined]
        try:
            request.resolver_match = resolve(path)
        except Resolver404:
            request.resolver_match = None
        context = {"page": example.page} if example.page is not None else {}
        # Under the service's own settings the files have their version in front, which no file beside a drawn page has.
        return render_to_string(example.template, context, request).replace(f"/static/{statics.version()}/", "/static/")
