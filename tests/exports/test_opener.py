"""The download in a real browser, from a file with the network off: it opens by its passphrase, shows pages, gives the zip, and sends nothing."""

from __future__ import annotations

import io
import json
import re
import secrets
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from aurora.exports import seal
from aurora.ui import export_page, export_words
from tests.ui.reading import CHROMIUM, FRONTEND

AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
LANGUAGES = ("fi", "sv", "en")
HOSTILE = '<script>document.title="ran"</script><img src="http://127.0.0.1:9/x" onerror="document.title=\'ran\'">'


@dataclass(frozen=True)
class Made:
    path: Path
    passphrase: str
    packed: bytes


def zipped() -> bytes:
    """Two pages that lead to each other, one of which wants to run and to send; and enough beside them for four pieces."""
    first = (
        export_page.begun(language="sv", title="Dina uppgifter") + "<h1>Dina uppgifter</h1><nav><a href='#facts'>ner</a></nav>"
        f"<h2 id='facts'>Uppgifter</h2>{HOSTILE}<p><a href='pages/facts-2.html'>Fortsätter</a></p>"
        + export_page.table(caption="Uppgifter", heads=["Arvo"]) + export_page.row(["Arvo"], [["<b>43 800</b>"]]) + "</tbody></table>" + export_page.ended()
    )  # fmt: skip
    second = (
        export_page.begun(language="sv", title="Sida 2")
        + "<h1>Sida 2</h1><p><a href='../index.html#facts'>Tillbaka</a></p>"
        + export_page.ended()
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("export.jsonld", "{}")
        packed.writestr("index.html", first)
        packed.writestr("pages/facts-2.html", second)
        packed.writestr("log/aurora-log.json", secrets.token_bytes(3 * seal.PIECE))
    return out.getvalue()


def download(folder: Path, plain: bytes, language: str = "fi") -> Made:
    sealed, key, salt, export_id = io.BytesIO(), seal.new_key(), secrets.token_bytes(32), uuid4()
    writer = seal.Writer(sealed, key=key, salt=salt, export_id=export_id)
    writer.write(plain)
    writer.close()
    sealed.seek(0)
    secret = seal.locked(key=key, export_id=export_id)
    head = seal.head(export_id=export_id, lock=secret.lock, salt=salt)
    path = folder / f"aurora-{language}.html"
    path.write_bytes(b"".join(export_page.opener(head=head, pieces=seal.pieces(sealed), language=language)))
    return Made(path, secret.passphrase, plain)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return download(tmp_path_factory.mktemp("download"), zipped())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(params=[390, 1280], ids=["phone", "desktop"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(offline=True, viewport={"width": request.param, "height": 800}, accept_downloads=True)
    shown = context.new_page()
    shown.set_default_timeout(60_000)
    wanted: list[str] = []
    faults: list[str] = []
    shown.on("request", lambda r: wanted.append(r.url) if not r.url.startswith(("file:", "blob:")) else None)
    shown.on("pageerror", lambda error: faults.append(str(error)))
    yield shown
    context.close()
    assert (wanted, faults) == ([], []), "it asks the network for nothing"


def words(name: str, language: str = "fi", **values: object) -> str:
    return str(export_words.everything()["opener"][name][language]).format(**values)


def opens(page: Page, path: Path, passphrase: str) -> None:
    page.goto(path.as_uri())
    page.fill("#passphrase", passphrase)
    page.locator("form button").click()


def test_it_opens_shows_its_pages_and_gives_the_zip(page: Page, made: Made, tmp_path: Path) -> None:
    opens(page, made.path, made.passphrase.lower().replace("-", " "))
    expect(page.locator("#copy h1")).to_have_text("Dina uppgifter")
    expect(page.locator("#copy")).to_contain_text("<b>43 800</b>")
    assert page.title() == "Dina uppgifter", "nothing in the copy ran"
    page.get_by_text("Fortsätter").click()
    expect(page.locator("#copy h1")).to_have_text("Sida 2")
    page.get_by_text("Tillbaka").click()
    expect(page.locator("#facts")).to_be_focused()
    with page.expect_download() as download:
        page.get_by_text(words("save")).click()
    download.value.save_as(tmp_path / "aurora.zip")
    assert (tmp_path / "aurora.zip").read_bytes() == made.packed
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off"


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_speaks_each_language_and_is_accessible(page: Page, made: Made, language: str) -> None:
    page.goto(made.path.as_uri())
    page.locator(f"button[lang={language}]").click()
    expect(page.locator("h1")).to_have_text(words("title", language))
    assert page.locator("html").get_attribute("lang") == language
    for step in ("closed", "open"):
        if step == "open":
            page.fill("#passphrase", made.passphrase)
            page.locator("form button").click()
            expect(page.locator("#copy h1")).to_be_visible()
        # Its policy lets nobody's script in, axe's neither: the browser's own tools may pass it by.
        session = page.context.new_cdp_session(page)
        session.send("Page.enable")
        session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
        answer = session.send("Runtime.evaluate", {"expression": "axe.run(document).then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes.length, v.nodes[0].html])))", "awaitPromise": True, "returnByValue": True})  # fmt: skip
        assert json.loads(answer["result"]["value"]) == [], step


def test_a_wrong_passphrase_opens_nothing_and_can_be_corrected(page: Page, made: Made) -> None:
    other = seal.locked(key=seal.new_key(), export_id=uuid4()).passphrase
    for typed, code in ((made.passphrase[:-1], "mistyped"), ("", "mistyped"), (other, "wrong")):
        opens(page, made.path, typed)
        expect(page.get_by_role("alert")).to_have_text(words(code))
        assert page.locator("#copy").inner_text() == "" and page.locator("#passphrase").input_value() == typed
    page.fill("#passphrase", made.passphrase)
    page.locator("form button").click()
    expect(page.locator("#copy h1")).to_be_visible()


def _pieces(text: str) -> list[str]:
    return re.findall(r'<script type="text/plain" class="piece">.*?</script>\n', text)


def _moved(text: str) -> str:
    one, two = _pieces(text)[:2]
    return text.replace(one, "\0").replace(two, one).replace("\0", two)


def _head(text: str, **changes: object) -> str:
    head = json.loads(re.search(r'id="aurora-head">(.*?)</script>', text)[1])  # type: ignore[index]
    lock = head["lock"] | {name: value for name, value in changes.items() if name in head["lock"]}
    return re.sub(r'(id="aurora-head">).*?(</script>)', lambda m: m[1] + json.dumps({**head, "lock": lock, **{n: v for n, v in changes.items() if n not in lock}}) + m[2], text)  # fmt: skip


SPOILS = {
    "two pieces change places": (_moved, "damaged"),
    "a piece is missing": (lambda t: t.replace(_pieces(t)[1], ""), "damaged"),
    "a piece is there twice": (lambda t: t.replace(_pieces(t)[1], _pieces(t)[1] * 2), "damaged"),
    "the last piece is missing": (lambda t: t.replace(_pieces(t)[-1], ""), "cut_short"),
    "it breaks off amid a piece": (lambda t: t[: t.index(_pieces(t)[-1]) + 5000], "cut_short"),
    "no piece is left": (lambda t: re.sub(r'<script type="text/plain" class="piece">.*?</script>\n', "", t), "cut_short"),
    "another salt": (lambda t: _head(t, salt="A" * 43 + "="), "wrong"),
    "fewer iterations": (lambda t: _head(t, iterations=1), "wrong"),
    "iterations for a year": (lambda t: _head(t, iterations=10**12), "damaged"),
    "another derivation": (lambda t: _head(t, kdf="MD5"), "damaged"),
    "another format": (lambda t: _head(t, format="aurora-export-file-0"), "damaged"),
    "another id": (lambda t: _head(t, id=str(uuid4())), "wrong"),
}


@pytest.mark.parametrize("name", SPOILS)
def test_a_file_that_was_changed_shows_nothing(browser: Browser, made: Made, tmp_path: Path, name: str) -> None:
    spoil, code = SPOILS[name]
    path = tmp_path / "spoiled.html"
    text = made.path.read_text(encoding="utf-8")
    path.write_text(spoil(text), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text
    page = browser.new_page()
    opens(page, path, made.passphrase)
    expect(page.get_by_role("alert")).to_have_text(words(code), timeout=60_000)
    assert page.locator("#copy").inner_text() == ""
    page.close()


def test_a_stolen_file_says_nothing(made: Made) -> None:
    text = made.path.read_text(encoding="utf-8")
    assert "43 800" not in text and "Dina uppgifter" not in re.sub(
        r'<script type="application/json" id="aurora-words">.*?</script>', "", text
    )
    assert "export.jsonld" not in text, "not even the names of the files in it"


def test_its_policy_lets_nothing_be_sent_and_no_other_script_run(made: Made) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', made.path.read_text(encoding="utf-8"))[1]  # type: ignore[index]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'" and re.fullmatch(r"'sha256-[A-Za-z0-9+/=]{44}'", rules["script-src"])
    assert set(rules) == {"default-src", "script-src", "style-src", "base-uri", "form-action"} and "unsafe" not in policy
