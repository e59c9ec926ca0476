"""An operator's story: password and authenticator, then what needs somebody, processes, sources, queue and counts, and nobody's personal data."""

from __future__ import annotations

import time
from base64 import b32decode

import pytest
from django_otp.oath import TOTP
from playwright.sync_api import Page, expect

from tests.support.stack import Stack


def _code(secret: str) -> str:
    totp = TOTP(b32decode(secret))
    totp.time = time.time()
    return f"{totp.token():06d}"


def test_two_factors_open_an_overview_that_names_no_citizen(stack: Stack, page: Page, request: pytest.FixtureRequest) -> None:
    # An operator for each browser: a code opens once.
    operator = stack.demo["operators"]["without" in request.node.callspec.id]
    page.goto(f"{stack.base_url}/en/console/")
    page.get_by_label("User name").fill(operator["username"])
    page.get_by_label("Password").fill(operator["password"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Code").fill(_code(operator["totp_secret"]))
    page.get_by_role("button").filter(has_text="Continue").click()
    main = page.get_by_role("main")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    for words in ("What needs somebody now", "Population Register", "Fetches from sources", "Sequencer of the log"):
        expect(main).to_contain_text(words)
    shown = main.inner_text()
    assert not [c for c in stack.demo["citizens"] if c["name"] in shown or c["identifier"] in shown]
