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
from tests.support.log_world import LOG, OTHER, WITNESSING, patched, remove, replace
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
    unproven = patched(bundles["disclosed"], [remove("/entries/2/kept")])
    written = {
        **{f"{code}.html": verify_offline.composed(code) for code in ("fi", "sv")}, "unproven.json": json.dumps(unproven),
        "page.html": verify_offline.composed("en"), "odd.json": "{", "spoiled.json": json.dumps(spoiled),
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
        ("Svenska", "Din logg är fullständig och riktig"),
        ("English", "Your log is whole and true"),
    ):
        page.get_by_role("button", name=language).click()
        expect(page.locator("#result")).to_contain_text(sentence)
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]


def test_it_begins_in_the_language_in_which_it_was_downloaded(browser: Browser, files: dict[str, Path]) -> None:
    for locale in ("en-GB", "fi-FI"):  # whatever the browser speaks
        context = browser.new_context(offline=True, locale=locale)
        opened = context.new_page()
        for name, title in (
            ("fi.html", "Tarkista Aurora-lokisi ilman verkkoa"),
            ("sv.html", "Kontrollera din Aurora-logg utan nätverk"),
            ("page.html", "Check your Aurora log without a network"),
        ):
            opened.goto(files[name].as_uri())
            expect(opened.get_by_role("heading", level=1)).to_have_text(title)
            opened.get_by_role("button", name="Suomi").click()
            expect(opened.get_by_role("heading", level=1)).to_have_text("Tarkista Aurora-lokisi ilman verkkoa")
        context.close()


def test_it_names_witnesses_with_their_keys_and_what_was_kept_back(page: Page, files: dict[str, Path]) -> None:
    result = _check(page, files["today.json"])
    expect(result).to_contain_text(
        f"The independent witness {WITNESSING.name} has signed this state of the log too, with the key {WITNESSING.vkey}"
    )
    expect(_check(page, files["earlier.json"])).to_contain_text(f"The witness {WITNESSING.name} has not signed.")
    expect(_check(page, files["disclosed.json"])).to_contain_text("Your log is whole and true")
    result = _check(page, files["unproven.json"])
    expect(result).to_contain_text("What could be checked holds, but not everything could be checked")
    expect(result).to_contain_text("A law had entry 3 kept back for a time. The bundle has no proof")
    expect(result.locator("tbody tr").first).to_contain_text("Without proof of when it was sealed")
    expect(_check(page, files["forked.json"])).to_contain_text(
        "Entry 9, a download of yours, notes a state of the public log that it no longer contains"
    )


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
    # That nothing arrives proves little, for nobody listens there: that the page's own policy forbids it does.
    violated = """deed => new Promise((done) => {
        document.addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective), { once: true });
        setTimeout(() => done('nothing'), 60000);
        if (deed === 'fetch') fetch('http://127.0.0.1:9/').catch(() => {});
        else { const picture = new Image(); picture.src = 'http://127.0.0.1:9/x.png'; document.body.append(picture); }
    })"""
    assert [opened.evaluate(violated, deed) for deed in ("fetch", "picture")] == ["connect-src", "img-src"]
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
