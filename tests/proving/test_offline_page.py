"""The page that people keep: opened from a file with the network off, in three languages, on bundles from files; and that it lets nothing be sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from aurora.ui import verify_offline
from tests.support import log_vectors
from tests.support.log_world import LOG, OTHER, patched, remove, replace
from tests.ui.reading import CHROMIUM, FRONTEND

AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("kept")
    bundles: dict[str, Any] = json.loads(log_vectors.FILE.read_text(encoding="utf-8"))["bundles"]
    markup = "<img src=x onerror=alert(1)>"
    spoiled = patched(bundles["today"], [replace("/entries/2/access/actor", markup), remove("/entries/4")])
    written = {
        "page.html": verify_offline.composed(), "odd.json": "{", "spoiled.json": json.dumps(spoiled),
        **{f"{name}.json": json.dumps(bundle) for name, bundle in bundles.items()},
    }  # fmt: skip
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    return {name: folder / name for name in written}


@pytest.fixture(params=[390, 1280])
def page(browser: Browser, files: dict[str, Path], request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(offline=True, locale="en-GB", viewport={"width": request.param, "height": 800})
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.goto(files["page.html"].as_uri())
    yield opened
    context.close()
    assert faults == []


def _check(page: Page, newer: Path, older: Path | None = None, key: str = "") -> Any:
    page.set_input_files("#newer", newer)
    page.set_input_files("#older", older or [])
    page.fill("#key", key)
    page.locator("form button").click()
    return page.locator("#result")


def test_it_checks_bundles_with_no_network_in_three_languages(page: Page, files: dict[str, Path]) -> None:
    result = _check(page, files["today.json"], files["earlier.json"])
    expect(result).to_contain_text("Your log is whole and true")
    expect(result).to_contain_text("The newer bundle contains all of the earlier one, unchanged.")
    for language, sentence in (
        ("Suomi", "Lokisi on ehjä ja oikea"),
        ("Svenska", "Din logg är hel och sann"),
        ("English", "Your log is whole and true"),
    ):
        page.get_by_role("button", name=language).click()
        expect(page.locator("#result")).to_contain_text(sentence)
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]


def test_it_says_what_is_wrong(page: Page, files: dict[str, Path]) -> None:
    result = _check(page, files["spoiled.json"])
    for sentence in (
        "Your log does not hold",
        "Entry 3 has been changed since it was written.",
        "One or more entries before number 6 are missing.",
    ):
        expect(result).to_contain_text(sentence)
    assert page.locator("#result img").count() == 0  # what stands in a bundle is text
    expect(_check(page, files["earlier.json"], files["today.json"])).to_contain_text("Your log has fewer entries than last time")
    expect(_check(page, files["forked.json"], files["today.json"])).to_contain_text("you are shown another log than others")
    expect(_check(page, files["forked.json"], files["earlier.json"])).to_contain_text("could not be checked now")
    expect(_check(page, files["today.json"], key=OTHER.vkey)).to_contain_text("is not signed by the log's key")
    expect(_check(page, files["today.json"], key=LOG.vkey)).to_contain_text("Your log is whole and true")
    expect(_check(page, files["odd.json"])).to_contain_text("This file cannot be read.")


def test_nothing_can_be_sent_from_it_even_by_its_own_script(browser: Browser, files: dict[str, Path]) -> None:
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(files["page.html"].as_uri())
    assert opened.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', (error) => error.name)") == "TypeError"
    violated = """new Promise((done) => {
        document.addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective));
        const picture = new Image(); picture.src = 'http://127.0.0.1:9/x.png'; document.body.append(picture);
    })"""
    assert opened.evaluate(violated) == "img-src"
    context.close()


def test_axe_finds_nothing(page: Page, files: dict[str, Path]) -> None:
    for bundle in ("today.json", "spoiled.json"):
        expect(_check(page, files[bundle]).locator("table")).to_be_visible()
        page.evaluate(AXE.read_text(encoding="utf-8"))
        rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found = page.evaluate(
            "rules => axe.run(document, {runOnly: rules}).then(r => r.violations.map(v => [v.id, v.nodes[0].html]))", rules
        )
        assert found == []


def test_a_module_that_cannot_be_put_in_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "odd.mjs").write_text("import * as all from './bytes.mjs';\n")
    monkeypatch.setattr(verify_offline, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match=r"odd\.mjs"):
        verify_offline._module("odd")
