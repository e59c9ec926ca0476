"""What a page may cost a browser that has never been here: every limit in one place.

The numbers of bytes are those of issue 7 where it names any. `python -m bench.budget` prints what each page costs; `test_budgets.py` holds all of them to it.
"""

from __future__ import annotations

# Of a first visit, by what the browser takes it for. Text as it comes over the wire, HTML as it is written.
BYTES = {"Document": 40_000, "Stylesheet": 30_000, "Script": 35_000, "Font": 40_000, "Image": 2_000}
# Document, stylesheet, script, font; and what is drawn beside a summary.
REQUESTS = 6
# Elements of a page, and how deep they lie: from where Lighthouse calls a document excessive.
ELEMENTS, DEPTH = 1_400, 32
# Of a layout while it comes, by the definition of Cumulative Layout Shift; up to 0.1 counts as good.
SHIFT = 0.05

# Pages with a program of their own: one that checks the reader's log, and one that makes a key.
MORE_REQUESTS = {"activity/verify/": 16, "developers/credentials/": 7, "developers/events/": 7}
MORE_SCRIPT = {"activity/verify/": 100_000}
# It writes what it finds where nothing stood before.
MORE_SHIFT = {"activity/verify/": 0.15}
