"""The accessibility statement claims no check that no test makes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aurora.feedback import reports

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "aurora" / "ui" / "templates" / "portal" / "accessibility.html"
WALK, KEYS, WORDS = "tests/a11y/test_every_page.py", "tests/a11y/test_by_keyboard.py", "tests/a11y/test_languages.py"
# How a claim begins, and the tests that keep it.
KEPT = {
    "Whenever Aurora is changed, a program opens every page": (
        f"{WALK}::test_every_address_is_walked_or_is_no_page",
        f"{WALK}::test_every_form_is_sent_wrongly_or_cannot_be",
        f"{WALK}::test_nothing_is_wrong",
    ),
    "It sees that nothing is cut off": (f"{WALK}::test_nothing_is_wrong",),
    "It goes through signing in": (f"{KEYS}::test_a_citizen_goes_through_aurora_without_a_mouse",),
    "It sees that each page is in one language": (
        f"{WALK}::test_each_page_has_its_language_one_heading_and_a_way_past_the_menu",
        f"{WORDS}::test_what_is_in_another_language_says_so",
    ),
}
# What was not done is kept by nobody.
NOT_DONE = ("No outside expert", "No program can tell")


def _claims() -> list[str]:
    checked = TEMPLATE.read_text(encoding="utf-8").partition('"How it was checked"')[2].partition("<h2")[0]
    return re.findall(r'<li>{% translate "([^"]+)" %}', checked)


def test_each_claim_is_kept_by_a_test() -> None:
    claims = [claim for claim in _claims() if not claim.startswith(NOT_DONE)]
    assert len(claims) == len(KEPT)
    assert [claim for claim in claims if not claim.startswith(tuple(KEPT))] == []


@pytest.mark.parametrize("test", sorted({test for tests in KEPT.values() for test in tests}))
def test_the_tests_are_there(test: str) -> None:
    file, _, name = test.partition("::")
    assert f"\ndef {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_when_feedback_is_answered_and_goes_is_as_it_is_done() -> None:
    told = (TEMPLATE.parent / "_after_feedback.html").read_text(encoding="utf-8")
    assert f"within {reports.ANSWER_WITHIN.days} days" in told and "deleted after 12 months" in told and reports.KEPT.days == 365
    listed = (TEMPLATE.parents[1] / "console" / "feedback.html").read_text(encoding="utf-8")
    assert f"within {reports.ANSWER_WITHIN.days} days" in listed and "deleted after 12 months" in listed


def test_what_was_not_done_is_said() -> None:
    for start in NOT_DONE:
        assert any(claim.startswith(start) for claim in _claims())
