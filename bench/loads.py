"""What a few pages cost a slow phone on a slow network, in Chromium: time until something is drawn, until the largest piece of it is, and how long its
processor was too busy to answer.

The phone is a processor four times as slow as this one; the network has what Lighthouse gives its "slow 4G": 562 ms until an answer begins, 1.5 Mbit/s
down, 0.7 up. Each visit is a first one: nothing is kept from the one before. Aurora runs as in the demo, without a proxy in front.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench.harness import Scale
from bench.pages import a_citizen, an_operator
from bench.place import Place
from bench.results import Results
from tests.support import forms
from tests.support.live import CHROMIUM
from tests.support.stack import Stack

PHONE = {"width": 412, "height": 823}
SLOWER = 4
SLOW_4G = {"offline": False, "latency": 562.5, "downloadThroughput": 1_474_560 / 8, "uploadThroughput": 675_000 / 8}
ROUNDS = 5
# By name: who sits there, and what they open.
VISITS = {
    "landing": ("", "fi/"),
    "home": ("citizen", "fi/home/"),
    "suggestions": ("citizen", "fi/suggestions/"),
    "my_data": ("citizen", "fi/my-data/"),
    "activity": ("citizen", "fi/activity/"),
    "consents": ("citizen", "fi/consents/"),
    "console": ("operator", "fi/console/"),
    "developers": ("", "fi/developers/reference/"),
}
WATCH = """
window.auSeen = { largest: 0, blocked: 0 };
const watch = (type, hear) => new PerformanceObserver((list) => list.getEntries().forEach(hear)).observe({ type, buffered: true });
watch("largest-contentful-paint", (one) => { window.auSeen.largest = one.startTime; });
watch("longtask", (one) => { window.auSeen.blocked += Math.max(0, one.duration - 50); });
"""
SEEN = """async () => {
  await document.fonts.ready;
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const first = performance.getEntriesByName("first-contentful-paint")[0];
  return { first: first.startTime, largest: window.auSeen.largest, blocked: window.auSeen.blocked };
}"""
FIGURES = {"first": "page_fcp_slow_phone_ms", "largest": "page_lcp_slow_phone_ms", "blocked": "page_tbt_slow_phone_ms"}


def measure(results: Results, place: Place, scale: Scale) -> None:
    folder = Path(tempfile.mkdtemp(prefix="aurora-bench-loads-")) / "state"
    seen: dict[str, list[dict[str, float]]] = {name: [] for name in VISITS}
    with Stack(folder) as stack, a_citizen(stack) as citizen, an_operator(stack) as operator, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        faces = {"citizen": citizen, "operator": operator}
        for number in range(scale.pick(ROUNDS, 1) + 1):
            for name, (who, path) in VISITS.items():
                found = _visit(browser, stack, faces.get(who), path)
                if number:  # the first fills what processes of the service keep
                    seen[name].append(found)
        browser.close()
    for measured, figure in FIGURES.items():
        medians = {name: sorted(one[measured] for one in several)[len(several) // 2] for name, several in seen.items()}
        results.number(figure, list(medians.values()), "ms", centre=max)
    for name, several in seen.items():
        results.number(f"page_lcp_slow_phone_{name}_ms", [one["largest"] for one in several], "ms")


def _visit(browser: Browser, stack: Stack, face: forms.Browser | None, path: str) -> dict[str, float]:
    context = browser.new_context(viewport=PHONE, device_scale_factor=1.75, is_mobile=True)  # type: ignore[arg-type]
    try:
        jar = face.http.cookies.jar if face else ()
        context.add_cookies(
            [{"name": c.name, "value": str(c.value), "url": stack.base_url} for c in jar if c.domain.startswith("localhost")]
        )
        page = context.new_page()
        page.add_init_script(WATCH)
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", SLOW_4G)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        answer = page.goto(f"{stack.base_url}/{path}")
        assert answer is not None and answer.status == 200 and page.url.endswith(path), page.url
        found: dict[str, Any] = page.evaluate(SEEN)
        return {name: float(value) for name, value in found.items()}
    finally:
        context.close()
