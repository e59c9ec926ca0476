"""`python -m bench.budget`: what each page of portal, console and developers costs a browser on its first visit, and which is over its budget
(`tests/a11y/budgets.py`). Nothing here is a time, so it need not be quiet."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.a11y.loading import PLACES, heading, loaded, over, told
from tests.a11y.walking import Walk
from tests.a11y.world import make
from tests.support.live import CHROMIUM
from tests.support.stack import Stack


def main() -> int:
    width, wrong = max(map(len, PLACES)), dict[str, list[str]]()
    folder = Path(tempfile.mkdtemp(prefix="aurora-budget-")) / "state"
    with Stack(folder) as stack, sync_playwright() as playwright:
        world = make(stack)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        print(f"{'page':{width}}  {heading()}")
        for name, (key, place) in PLACES.items():
            found = loaded(Walk(world, browser), key, place)
            wrong[name] = over(found)
            print(f"{name:{width}}  {told(found)}{'  OVER' if wrong[name] else ''}", flush=True)
        browser.close()
        world.close()
    for name, lines in wrong.items():
        for line in lines:
            print(f"{name}: {line}")
    print(f"{len(PLACES)} pages, {sum(map(bool, wrong.values()))} over their budget")
    return int(any(wrong.values()))


if __name__ == "__main__":
    sys.exit(main())
