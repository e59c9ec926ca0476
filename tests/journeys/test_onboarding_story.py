"""Two officers bring an agency from nothing to its first client in the browser, without JavaScript, and hand its engineer what is needed next.

What it takes is counted: two operators who have all at hand fill sixteen fields and see sixteen pages, well within ten minutes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from joserfc.jwk import ECKey
from playwright.sync_api import Browser, Page, expect

from aurora.sandbox import jose
from aurora.sandbox.as_client import AsClient
from aurora.sandbox.config import Peer
from tests.support.learners import Steward
from tests.support.stack import Stack

MOST_PAGES, MOST_FIELDS, MOST_SECONDS = 18, 18, 600


class Officer:
    """Somebody at a browser; counts the pages that come and the fields that they fill in."""

    def __init__(self, page: Page, stack: Stack, username: str) -> None:
        self.page, self.stack, self.pages, self.fields = page, stack, 0, 0
        page.on("load", lambda _: setattr(self, "pages", self.pages + 1))
        [known] = [one for one in stack.demo["operators"] if one["username"] == username]
        page.goto(f"{stack.base_url}/en/console/")
        page.get_by_label("User name").fill(username)
        page.get_by_label("Password").fill(known["password"])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Code").fill(Steward(stack, username).code())
        page.get_by_role("button").filter(has_text="Continue").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        self.pages = 0

    def fill(self, name: str, value: str) -> None:
        self.page.locator(f"[name={name}]").fill(value)
        self.fields += 1

    def follow(self, words: str) -> None:
        self.page.get_by_role("main").get_by_role("link", name=words).first.click()

    def press(self, words: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=words, exact=True).click()

    def heading(self, words: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(words)


@pytest.fixture
def officers(stack: Stack, browser: Browser) -> Iterator[tuple[Officer, Officer]]:
    contexts = [browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900}) for _ in range(2)]
    yield Officer(contexts[0].new_page(), stack, "astrid"), Officer(contexts[1].new_page(), stack, "otso")
    for context in contexts:
        context.close()


def _register(officer: Officer, code: str) -> None:
    officer.page.goto(f"{officer.stack.base_url}/en/console/agencies/")
    officer.follow("Register an agency")
    officer.press("Ask a second operator")
    officer.heading("Register an agency")
    expect(officer.page.get_by_role("alert")).to_contain_text("There is a problem")  # an empty form says beside each field what is missing
    for name, value in {
        "code": code, "name_fi": "Koevirasto", "name_sv": "Provverket", "name_en": "Trial Agency", "legal_name": "Koevirasto",
        "business_id": "1234567-8", "country": "FI", "contact_email": "data@trial.example", "reason": "Decision 4/2026",
    }.items():  # fmt: skip
        officer.fill(name, value)
    officer.page.get_by_label("Data user: it asks citizens for their data").check()
    officer.press("Ask a second operator")
    officer.heading("Request:")
    expect(officer.page.get_by_role("main")).to_contain_text(code)


def _client(officer: Officer, code: str, keys: str) -> None:
    officer.page.reload()
    officer.follow("Register its first client")
    for name, value in {
        "client_id": code, "name_fi": "Koe", "name_sv": "Prov", "name_en": "Trial", "redirect_uris": "https://trial.example/cb", "jwks": keys,
        "reason": "Decision 4/2026",
    }.items():  # fmt: skip
        officer.fill(name, value)
    assert officer.page.locator("#agency").inner_text() == code and officer.page.locator("[name^=agency]").count() == 0
    officer.page.locator("[name=purposes][value=benefit-application]").check()
    officer.page.locator("[name=categories][value='tax.income']").check()
    officer.press("Ask a second operator")
    officer.heading("Request:")
    expect(officer.page.get_by_role("main")).to_contain_text(code)


def _agree(officer: Officer, code: str, what: str) -> None:
    officer.page.goto(f"{officer.stack.base_url}/en/console/")
    officer.follow("See to it")  # the overview says that a draft waits
    officer.page.get_by_role("main").get_by_role("row").filter(has_text=code).filter(has_text="Waiting for a second person").get_by_role(
        "link"
    ).click()
    expect(officer.page.get_by_role("main")).to_contain_text("was asked for by Astrid")
    officer.press(f"Agree to register this {what}")
    expect(officer.page.get_by_role("main")).to_contain_text("Done")


def test_an_operator_onboards_an_agency(stack: Stack, officers: tuple[Officer, Officer]) -> None:
    astrid, otso = officers
    code, key, began = f"trial-{uuid4().hex[:6]}", ECKey.generate_key("P-256"), time.monotonic()
    public = {**key.as_dict(private=False), "kid": "k1", "alg": "ES256", "use": "sig"}
    _register(astrid, code)
    assert astrid.page.get_by_role("button", name="Agree").count() == 0, "nobody agrees to what they asked for"
    _agree(otso, code, "agency")
    _client(astrid, code, json.dumps({"keys": [public]}))
    _agree(otso, code, "client")
    otso.follow("Hand-over to the agency")
    otso.heading("Hand-over to the agency")
    letter = otso.page.locator("textarea").input_value()
    took = time.monotonic() - began
    # With what the page says, the engineer is answered.
    addresses = dict(line.rsplit(": ", 1) for line in letter.splitlines() if ": http" in line)
    assert (
        f"client_id: {code}" in letter
        and httpx.get(addresses["Its description (RFC 8414)"], trust_env=False, timeout=60).status_code == 200
    )
    private = {**key.as_dict(private=True), "kid": "k1", "alg": "ES256", "use": "sig"}
    assert AsClient(Peer(stack.base_url, code, private), jose.new_key()).own_token("events")
    pages, fields = astrid.pages + otso.pages, astrid.fields + otso.fields
    assert pages <= MOST_PAGES and fields <= MOST_FIELDS and took < MOST_SECONDS, (pages, fields, took)
