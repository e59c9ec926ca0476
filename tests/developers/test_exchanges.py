"""What the developers' pages show as requests and answers is what went over the wire: each is made again here and compared."""

from __future__ import annotations

import json
import os

from aurora.ui.developers import exchanges
from tests.support.cast import Cast
from tests.support.exchanges import record


def test_each_exchange_that_is_shown_happens_like_that(cast: Cast) -> None:
    """After a change of the API on purpose: EXCHANGES=write, and a look at what differs."""
    cast.token = ""  # as after some minutes of other tests: it is made anew, of which the office is told
    cast.renew_token()
    made = record(cast)
    wrong = {name: (one["status"], one["answer"]) for name, one in made.items() if (one["status"] >= 400) != name.startswith("refused")}
    assert not wrong
    text = json.dumps(made, ensure_ascii=False, indent=1) + "\n"
    if os.environ.get("EXCHANGES") == "write":
        exchanges.FILE.write_text(text, encoding="utf-8")
    assert json.loads(exchanges.FILE.read_text(encoding="utf-8")) == made


def test_no_key_or_person_of_the_tests_stands_in_them(cast: Cast) -> None:
    text = exchanges.FILE.read_text(encoding="utf-8")
    assert not [one for one in cast.secrets() if one in text]
