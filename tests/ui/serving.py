"""A site of drawn pages for a browser, under the service's own policy, and what the browser asked it for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from csp.utils import build_policy
from playwright.sync_api import Page, Request, Route

from tests.ui.reading import FRONTEND

STATIC = FRONTEND.parent / "static"
SITE = "http://aurora.test"
KINDS = {".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


@dataclass
class Answer:
    """One answer of the site. `html` None: the network is away."""

    html: str | None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Site = dict[str, "Answer | str | Callable[[Request], Answer]"]


def serve(page: Page, answers: Site) -> list[str]:
    """Answer for `SITE`: paths (with their query, or without) to answers; gives the addresses that were asked for, in order."""
    asked: list[str] = []
    header = str(build_policy())

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        parts = urlsplit(route.request.url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        found = answers.get(path, answers.get(parts.path))
        if f"{parts.scheme}://{parts.netloc}" != SITE:
            route.abort()
        elif found is not None:
            given = found(route.request) if callable(found) else found
            _fulfil(route, given if isinstance(given, Answer) else Answer(given), header)
        elif parts.path.startswith("/static/"):
            file = STATIC / parts.path.removeprefix("/static/")
            route.fulfill(body=file.read_bytes(), content_type=KINDS[file.suffix])
        else:
            route.fulfill(status=404, body="", content_type="text/html")

    page.route("**/*", answer)
    return asked


def _fulfil(route: Route, given: Answer, header: str) -> None:
    if given.html is None:
        route.abort("internetdisconnected")
        return
    headers = {"Content-Security-Policy": header, "Content-Type": "text/html; charset=utf-8", **given.headers}
    route.fulfill(status=given.status, body=given.html, headers=headers)
