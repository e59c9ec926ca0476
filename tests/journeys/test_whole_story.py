"""What suggestions and models are for, in one walk through the running stack: suggestions with reasons, what is unknown settled, feedback, an
estimate by the hospital's locked model, every access in the log; and all of it made again to the bit by `manage.py replay` beside the stack."""

from __future__ import annotations

import html
import re
from urllib.parse import urljoin
from uuid import UUID

import pytest

from aurora.sandbox.hospital import assessments
from tests.support.people import Person, identifier
from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.xdist_group("stack")
BY = "Milla, case 2026/17"
ALL = max((found for found in map(assessments.facts_of, range(1300, 1400)) if found), key=len).keys()
# Whom the hospital has assessed, with no value missing.
HOUSEHOLD = next(number for number in range(1300, 2000) if (found := assessments.facts_of(number)) and found.keys() == ALL)


def _text(person: Person, path: str) -> str:
    person.browser.open(f"{person.base_url}{path}")
    assert person.browser.status == 200, path
    return person.browser.text


def _citizen(stack: Stack, pull: UUID) -> UUID:
    with stack.admin() as database:
        found = database.execute("SELECT citizen_id FROM sources_pull WHERE id = %s", [pull]).fetchone()
    assert found is not None
    return UUID(str(found[0]))


def _shown_again(stack: Stack, citizen_id: UUID) -> tuple[UUID, UUID]:
    """The run of suggestions that is shown, and the evaluation."""
    with stack.admin() as database:
        [(run,)] = database.execute("SELECT id FROM twin_suggestionrun WHERE citizen_id = %s AND current", [citizen_id]).fetchall()
        done = "SELECT id FROM twin_evaluation WHERE citizen_id = %s AND state = 'done' AND purpose = 'surgery-risk'"
        [(evaluation,)] = database.execute(done, [citizen_id]).fetchall()
    return run, evaluation


def _five_with_reasons(person: Person) -> str | None:
    """The page, once it has five suggestions that rest on what the register told."""
    text = _text(person, "/en/suggestions/")
    shown = text.partition('<ol class="au-cards">')[2].partition("</ol>")[0]
    return text if shown.count('id="service-') == 5 and "Source: Population Register" in shown else None


def _sees_suggestions_settles_and_answers(person: Person) -> None:
    text = wait_for(lambda: _five_with_reasons(person), "five suggestions with reasons", within=60)
    assert "Connecting Tax Administration would settle" in text
    person.connect("tax-administration")
    wait_for(lambda: "What has been settled since the last time" in _text(person, "/en/suggestions/"), "something to be settled", within=60)
    person.browser.press("This is helpful")
    assert "Marked as helpful" in _text(person, "/en/suggestions/")


def _gets_the_estimate(person: Person) -> None:
    def model() -> str | None:
        found = re.search(r'(/en/evaluations/[0-9a-f-]{36}/)"[^>]*>Risks of a joint replacement', _text(person, "/en/evaluations/"))
        return found[1] if found else None

    page = wait_for(model, "the hospital's model to be released", within=240)
    person.connect("hospital", purposes=("own-overview", "surgery-risk"))
    wait_for(lambda: "Work it out" in _text(person, page), "the hospital's data to be fetched", within=60)
    person.browser.press("Work it out")
    text = wait_for(lambda: found if "Your estimate" in (found := _text(person, page)) else None, "the estimate", within=90)
    assert text.count("au-estimate__figure") == 3


def _reads_every_access(stack: Stack, person: Person, citizen_id: UUID) -> str:
    """All that the log has of them is on the activity page. Its text."""
    text = _text(person, "/en/activity/")
    with stack.admin() as database:
        entries = database.execute("SELECT id, event FROM ledger_ledgerentry WHERE citizen_id = %s", [citizen_id]).fetchall()
    while older := re.search(r'href="([^"]+)" rel="next"', person.browser.text):
        person.browser.open(urljoin(person.browser.url, html.unescape(older[1])))
        text += person.browser.text
    assert {"aurora:evaluation:made", "aurora:twin:suggested"} <= {event for _, event in entries}
    assert not [event for entry, event in entries if f"/en/activity/{entry}/" not in text]
    return text


def test_suggestions_and_an_estimate_each_access_of_it_and_both_made_again_to_the_bit(stack: Stack) -> None:
    with Person(stack, identifier(HOUSEHOLD)).sign_in() as person:
        citizen_id = _citizen(stack, person.connect("population-register"))
        _sees_suggestions_settles_and_answers(person)
        _gets_the_estimate(person)
        text = _reads_every_access(stack, person, citizen_id)
        for title in (
            "Aurora used your data to suggest services",
            "Aurora used your data to work out an estimate",
            "Aurora fetched your data",
        ):
            assert title in text

        both = _shown_again(stack, citizen_id)
        done = stack.manage("replay", "--by", BY, *map(str, both))
        assert done.stdout.splitlines() == [f"{one}: same" for one in both]
        text = _reads_every_access(stack, person, citizen_id)
        for title in ("Aurora made suggestions of yours again", "Aurora worked out an estimate of yours again"):
            entry = re.search(rf'(/en/activity/[0-9a-f-]{{36}}/)"[^>]*>\s*{title}', text)
            assert entry and f"Asked for by: {BY}." in _text(person, entry[1])

        with stack.admin() as database:
            [(consent,)] = database.execute(
                "SELECT id FROM consent_consentrecord WHERE citizen_id = %s AND state = 'given' AND purpose_id = 'surgery-risk'",
                [citizen_id],
            ).fetchall()
        person.browser.open(f"{person.base_url}/en/consents/{consent}/withdraw/")
        person.browser.press("Withdraw")
        done = stack.manage("replay", "--by", BY, str(both[1]), check=False)
        assert done.returncode == 1 and "it has gone with its consent" in done.stdout
