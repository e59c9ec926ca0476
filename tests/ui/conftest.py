"""The gallery's pages as HTML, drawn once. Runs under the service's settings as well as under the gallery's own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import django
import pytest
from django.conf import settings
from django.test import override_settings
from playwright.sync_api import Browser, sync_playwright

from tests.ui.reading import CHROMIUM, Drawn, parse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aurora.ui.gallery.settings")
if not settings.configured:
    django.setup()


@pytest.fixture(scope="session")
def gallery() -> list[Drawn]:
    """Every example in every language. The gallery's addresses are in force while it draws, and no longer."""
    from aurora.ui.gallery import draw

    drawn = []
    with override_settings(ROOT_URLCONF="aurora.ui.gallery.urls"):
        for language in draw.LANGUAGES:
            for example in draw.examples(language):
                html = draw.html(example, language)
                has_errors = bool(getattr(example.page, "errors", ()))
                drawn.append(Drawn(example.name, language, example.template, has_errors, html, parse(html)))
    return drawn


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for all of the session: while it runs an event loop does too, and in this process later tests ask a database."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--allow-file-access-from-files"])
        yield started
        started.close()
