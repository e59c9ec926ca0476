"""One page as a browser loads it that has never been here: what it asks for, what comes, and what moves. By Chromium's own protocol."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, CDPSession, Page

from tests.a11y import budgets
from tests.a11y.places import PAGES, Place
from tests.a11y.walking import LONGEST_WORDS, Walk, name_of

PHONE = {"width": 390, "height": 844}
PATIENCE = 60_000  # milliseconds
# A page that a form makes is the page of the form once more.
PLACES = {name_of(place): (key, place) for key, places in PAGES.items() for place in places if not place.press}
# A power that we take from pages and that this build of Chromium has not.
NOT_HERE = re.compile(r"Error with Permissions-Policy header: Unrecognized feature: '(?:bluetooth|web-share)'\.")
# Before anything of the page's runs.
WATCH = """
window.auShift = 0;
new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) window.auShift += one.value; })
  .observe({ type: "layout-shift", buffered: true });
"""
SEEN = """async () => {
  await document.fonts.ready;
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content || "";
  const depth = (one) => one.children.length ? 1 + Math.max(...Array.from(one.children, depth)) : 1;
  const faces = Array.from(document.styleSheets).flatMap((sheet) => Array.from(sheet.cssRules))
    .filter((rule) => rule instanceof CSSFontFaceRule && rule.style.getPropertyValue("src").includes("url("));
  return {
    title: document.title, language: document.documentElement.lang, mode: document.compatMode, charset: document.characterSet,
    viewport: meta("viewport"), description: meta("description"),
    elements: document.querySelectorAll("*").length, depth: depth(document.documentElement),
    unsized: Array.from(document.images).filter((one) => !one.getAttribute("width") || !one.getAttribute("height")).map((one) => one.src),
    blocking: performance.getEntriesByType("resource").filter((one) => one.renderBlockingStatus === "blocking").map((one) => one.name),
    unseen: faces.filter((face) => !["swap", "fallback", "optional"].includes(face.style.getPropertyValue("font-display"))).length,
    shift: window.auShift,
  };
}"""


@dataclass
class Asked:
    """One request. `sent`: bytes over the wire, headers too; `size`: bytes of what it held. `kept`: answered from the browser's cache."""

    url: str
    kind: str
    status: int = 0
    sent: int = 0
    size: int = 0
    kept: bool = False
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Loaded:
    """A first visit, and what a second one asked for over the wire."""

    path: str
    public: bool
    asked: list[Asked] = field(default_factory=list)
    again: list[Asked] = field(default_factory=list)
    seen: Mapping[str, Any] = field(default_factory=dict)
    listens: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def bytes(self, kind: str) -> int:
        """Of HTML what is written, of all else what came."""
        return sum(one.size if kind == "Document" else one.sent for one in self.asked if one.kind == kind)

    @property
    def document(self) -> Asked:
        return next(one for one in self.asked if one.kind == "Document" and one.status not in (301, 302, 303))


def loaded(walk: Walk, key: str, place: Place) -> Loaded:
    """`key`: the page's address as `places.PAGES` has it."""
    context = walk.browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    try:
        context.add_cookies(walk.world.cookies(place.who))  # type: ignore[arg-type]
        return _load(context, walk.url(place.path, LONGEST_WORDS), Loaded(key, place.who == "anonymous"))
    finally:
        context.close()


def _load(context: BrowserContext, url: str, loaded: Loaded) -> Loaded:
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(WATCH)
    page.on(
        "console",
        lambda said: loaded.said.append(said.text) if said.type in ("error", "warning") and not NOT_HERE.match(said.text) else None,
    )
    page.on("pageerror", lambda error: loaded.said.append(str(error)))
    session = context.new_cdp_session(page)
    with listened(session, loaded.asked):
        page.goto(url)
        loaded.seen = page.evaluate(SEEN)
        _answered(page, loaded.asked)
    loaded.listens = _listens(session)
    page.goto("about:blank")
    with listened(session, loaded.again):
        page.goto(url)
        page.evaluate(SEEN)
        _answered(page, loaded.again)
    return loaded


def _answered(page: Page, asked: list[Asked]) -> None:
    """What a script asked for once the page was there has come too, which a busy machine may take some time for."""
    until = time.monotonic() + PATIENCE / 1000
    while not all(one.status for one in asked) and time.monotonic() < until:
        page.wait_for_timeout(20)


@contextmanager
def listened(session: CDPSession, into: list[Asked]) -> Iterator[None]:
    """Everything that is asked for meanwhile."""
    by: dict[str, Asked] = {}

    def will_be_sent(told: Any) -> None:
        # The icon is fetched after all else, and may come when nobody looks any more.
        if not told["request"]["url"].startswith("data:") and not told["request"]["url"].endswith("/favicon.svg"):
            by[told["requestId"]] = one = Asked(told["request"]["url"], told.get("type", "Other"))
            into.append(one)

    def received(told: Any) -> None:
        if one := by.get(told["requestId"]):
            answer = told["response"]
            one.status, one.kept = answer["status"], one.kept or bool(answer.get("fromDiskCache"))
            one.headers = {name.lower(): value for name, value in answer["headers"].items()}

    def kept(told: Any) -> None:
        if one := by.get(told["requestId"]):
            one.kept = True

    def data(told: Any) -> None:
        if one := by.get(told["requestId"]):
            one.size += told["dataLength"]

    def finished(told: Any) -> None:
        if one := by.get(told["requestId"]):
            one.sent = int(told["encodedDataLength"])

    heard = {
        "requestWillBeSent": will_be_sent, "responseReceived": received, "requestServedFromCache": kept, "dataReceived": data,
        "loadingFinished": finished,
    }  # fmt: skip
    for name, hear in heard.items():
        session.on(f"Network.{name}", hear)
    session.send("Network.enable")
    yield
    for name, hear in heard.items():
        session.remove_listener(f"Network.{name}", hear)


def _listens(session: CDPSession) -> list[str]:
    """Of the window: for which events somebody waits."""
    window = session.send("Runtime.evaluate", {"expression": "window"})["result"]["objectId"]
    return [one["type"] for one in session.send("DOMDebugger.getEventListeners", {"objectId": window})["listeners"]]


def over(loaded: Loaded) -> list[str]:
    """Every budget that a page does not keep, in a sentence each."""
    return [*_requests(loaded), *_answers(loaded), *_frame(loaded), *(f"said in the browser's console: {one}" for one in loaded.said)]


def _requests(loaded: Loaded) -> Iterator[str]:
    here = urlsplit(loaded.document.url).netloc
    most = budgets.MORE_REQUESTS.get(loaded.path, budgets.REQUESTS)
    if len(loaded.asked) > most:
        yield f"{len(loaded.asked)} requests, not {most}: {[one.url for one in loaded.asked]}"
    yield from (f"asked of another host: {one.url}" for one in loaded.asked if urlsplit(one.url).netloc != here)
    yield from (f"asked twice: {url}" for url, times in Counter(one.url for one in loaded.asked).items() if times > 1)
    yield from (f"asked for again on the next page: {one.url}" for one in loaded.again if not one.kept and one.kind != "Document")
    for kind, limit in budgets.BYTES.items():
        more = {"Script": budgets.MORE_SCRIPT}.get(kind, {})
        limit = more.get(loaded.path, limit)
        if loaded.bytes(kind) > limit:
            yield f"{loaded.bytes(kind)} bytes of {kind}, not {limit}"
    yield from (f"of no known kind: {one.kind} {one.url}" for one in loaded.asked if one.kind not in budgets.BYTES)


def _answers(loaded: Loaded) -> Iterator[str]:
    """Of the files beside the page."""
    for one in loaded.asked:
        if one.status != 200:
            yield f"answered {one.status}: {one.url}"
        if one.kind == "Document":
            continue
        if "immutable" not in one.headers.get("cache-control", ""):
            yield f"not kept: {one.url}"
        if one.kind in ("Stylesheet", "Script") and one.headers.get("content-encoding") not in ("gzip", "br"):
            yield f"not packed: {one.url}"


def _frame(loaded: Loaded) -> Iterator[str]:
    """What the page is like in the end."""
    seen = loaded.seen
    sheets = [one.url for one in loaded.asked if one.kind == "Stylesheet"]
    if len(sheets) != 1 or seen["blocking"] != sheets:
        yield f"waits before it is drawn for {seen['blocking']}"
    for name, limit in (
        ("elements", budgets.ELEMENTS),
        ("depth", budgets.DEPTH),
        ("shift", budgets.MORE_SHIFT.get(loaded.path, budgets.SHIFT)),
    ):
        if seen[name] > limit:
            yield f"{name} {seen[name]:g}, not {limit}"
    if seen["mode"] != "CSS1Compat" or seen["charset"] != "UTF-8" or "width=device-width" not in seen["viewport"]:
        yield f"{seen['mode']}, {seen['charset']}, viewport {seen['viewport']!r}"
    if not seen["title"] or not seen["language"]:
        yield "no title or no language"
    if loaded.public and not 50 <= len(seen["description"]) <= 200:
        yield f"describes itself as {seen['description']!r}"
    yield from (f"a picture without width and height: {one}" for one in seen["unsized"])
    if seen["unseen"]:
        yield f"{seen['unseen']} fonts hide their text until they are here"
    if {"unload", "beforeunload"} & set(loaded.listens):
        yield "waits for its end, so that no browser keeps it for Back"


def told(loaded: Loaded) -> str:
    """One line of a table."""
    kinds = "  ".join(f"{loaded.bytes(kind) / 1000:8.1f}" for kind in budgets.BYTES)
    return f"{len(loaded.asked):5}  {kinds}  {loaded.seen['elements']:8}  {loaded.seen['shift']:6.3f}"


def heading() -> str:
    kinds = "  ".join(f"{kind.lower()[:8]:>8}" for kind in budgets.BYTES)
    return f"{'asked':>5}  {kinds}  {'elements':>8}  {'shift':>6}"
