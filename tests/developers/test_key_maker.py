"""In a real browser: the key pair is made there, only its public half is in what the form sends, and Aurora takes it."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Route, sync_playwright

from tests.developers.test_sandbox_clients import CREDENTIALS, EVENTS, made, opened
from tests.support.cast import ISSUER, Cast, browser


@pytest.mark.parametrize("script", [True, False], ids=["with-javascript", "without-javascript"])
def test_the_private_key_never_leaves_the_browser(cast: Cast, script: bool) -> None:
    # Drawn before the browser runs: Django's database is not asked from within an event loop.
    face = browser()
    page_answer = face.get(CREDENTIALS)
    named = re.findall(r'(?:src|href)="(/static/[^"]+)"', page_answer.content.decode())
    files = {path: browser().get(path) for path in {CREDENTIALS, *named} if path != CREDENTIALS}
    sent: list[str] = []

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ISSUER)
        if route.request.method == "POST":
            sent.append(route.request.post_data or "")
            route.fulfill(status=200, body="sent", content_type="text/plain")
        elif path == CREDENTIALS:
            route.fulfill(status=200, body=page_answer.content.decode(), headers=dict(page_answer.headers))
        elif path in files:
            found = files[path]
            body = b"".join(found.streaming_content) if found.streaming else found.content  # type: ignore[attr-defined]
            route.fulfill(status=200, body=body, headers=dict(found.headers))
        else:
            route.fulfill(status=404, body="")

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = chromium.new_context(java_script_enabled=script).new_page()
        page.route("**/*", answer)
        page.goto(f"{ISSUER}{CREDENTIALS}")
        button = page.get_by_role("button", name="Make a key pair in this browser")
        assert button.is_visible() is script
        if script:
            button.click()
            page.wait_for_function("document.getElementById('private-jwk').value !== ''")
            private = json.loads(page.input_value("#private-jwk"))
        page.get_by_role("button", name="Make the client").click()
        page.wait_for_url("**/credentials/")
        page.get_by_text("sent").wait_for()
        chromium.close()
    (form,) = sent
    assert "private" not in form
    if script:
        assert private["d"] not in form
        public = json.loads(parse_qs(form)["jwk"][0])
        assert "d" not in public and {name: private[name] for name in public} == public
        fresh = opened(made(private).secret)
        assert fresh.post(EVENTS, {"deed": "key", "jwk": json.dumps(public)}).status_code == 302
