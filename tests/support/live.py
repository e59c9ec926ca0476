"""A pytest plugin (`-p tests.support.live`): one running Aurora with its sandbox for all tests that walk through it, and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.support.certificates import Authority
from tests.support.stack import Stack

# How long a browser may take says how busy the machine is, and nothing of the pages. Of all tests that expect something of one.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
# A worker that dies is replaced within seconds, not within the minutes that suit a country; and everyone in the tests signs in from here.
IMPATIENT = {"AURORA_PULL_LEASE_SECONDS": "3", "AURORA_SWEEP_SECONDS": "1", "AURORA_SIGN_INS_A_MINUTE": "10000", "AURORA_CRASH_POINTS": "1"}


@pytest.fixture(scope="session")
def tls_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whom the running Aurora trusts to say who is behind an https address, and nobody else."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, tls_authority: Authority) -> Iterator[Stack]:
    """As `make demo` runs it: real worker, broker, database and HTTP between processes."""
    environ = IMPATIENT | {"SSL_CERT_FILE": str(tls_authority.file)}
    with Stack(tmp_path_factory.mktemp("stack") / "state", environ=environ) as stack:
        yield stack


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        made = started.new_context

        def patient(**given: Any) -> BrowserContext:
            context = made(**given)
            context.set_default_timeout(PATIENCE)
            return context

        started.new_context = patient  # type: ignore[method-assign]
        yield started
        started.close()


@pytest.fixture(params=[False, True], ids=["without-javascript", "with-javascript"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh browser; a page that answers with a server error fails the test, whatever it looks like."""
    context = browser.new_context(java_script_enabled=request.param, viewport={"width": 1280, "height": 900})
    found = context.new_page()
    failures: list[str] = []
    found.on("response", lambda r: failures.append(f"{r.status} {r.url}") if r.status >= 500 else None)
    yield found
    context.close()
    assert not failures, failures
