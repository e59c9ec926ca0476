"""The browser's session: a random cookie, its digest and the data on our side. One cookie name a process.

Cookies ignore ports (RFC 6265 section 8.5), so on one host every process needs a name of its own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from aurora.sandbox import runtime
from aurora.sandbox.store import digest, new_secret

LIFETIME = 8 * 3600
MOST_TRANSACTIONS = 8


class Browser:
    """What is known of one browser. `data` is JSON-able; change it and it is saved with the response."""

    def __init__(self, secret: str, data: dict[str, Any]) -> None:
        self.secret = secret
        self.data = data
        self._before = json.dumps(data)

    def begin(self, name: str, value: dict[str, Any]) -> str:
        """Keeps what one tab is doing under a new id; the oldest gives way beyond eight."""
        key = new_secret()
        kept: dict[str, Any] = self.data.setdefault(name, {})
        kept[key] = value
        for oldest in list(kept)[:-MOST_TRANSACTIONS]:
            del kept[oldest]
        return key

    def ongoing(self, name: str, key: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.data.get(name, {}).get(key)
        return found

    def finish(self, name: str, key: str) -> dict[str, Any] | None:
        """Takes out what `begin` kept: only the first caller gets it."""
        found: dict[str, Any] | None = self.data.get(name, {}).pop(key, None)
        return found

    def rotate(self) -> None:
        """A new cookie after somebody signed in, so that a planted one is worth nothing."""
        if self.secret:
            runtime.current().store.run("DELETE FROM sessions WHERE digest = ?", digest(self.secret))
        self.secret, self._before = "", ""

    @property
    def changed(self) -> bool:
        return json.dumps(self.data) != self._before


class SandboxRequest(HttpRequest):
    """A request that passed `BrowserMiddleware`."""

    browser: Browser


class BrowserMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.cookie = f"sandbox_{runtime.current().process}"
        self.secure = runtime.current().base_url.startswith("https:")

    def __call__(self, request: SandboxRequest) -> HttpResponse:
        request.browser = self._load(request.COOKIES.get(self.cookie, ""))
        response = self.get_response(request)
        if request.browser.changed:
            self._save(request.browser, response)
        return response

    def _load(self, secret: str) -> Browser:
        store = runtime.current().store
        row = store.one("SELECT data FROM sessions WHERE digest = ? AND expires_at > ?", digest(secret), time.time())
        return Browser(secret, json.loads(row["data"])) if row is not None else Browser("", {})

    def _save(self, browser: Browser, response: HttpResponse) -> None:
        browser.secret = browser.secret or new_secret()
        values = (digest(browser.secret), json.dumps(browser.data), time.time() + LIFETIME)
        runtime.current().store.run("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)", *values)
        response.set_cookie(self.cookie, browser.secret, max_age=LIFETIME, httponly=True, samesite="Lax", secure=self.secure)
