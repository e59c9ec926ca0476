"""What the citizen reads of a reported use, on the access and on the report; what the console counts; what they take with them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone, translation

from aurora.console import present_uses
from aurora.journeys import reconcile
from aurora.portal.present import entry_uses
from aurora.ui.contexts import UsesPage
from consent.uses import accounts, findings, match
from tests.support.cast import Cast, Person
from tests.support.copies import everything
from tests.uses.telling import HOUSEHOLD, INCOME, ago, entries, newcomer, pushed, read, reconciled, use

NASTY = "<script>alert(1)</script>"


@pytest.fixture
def dora(cast: Cast) -> Person:
    """Of whom nothing is known but what the test does."""
    return newcomer(cast)


def page(person: Person, entry: UUID, language: str = "en") -> str:
    answer = person.browser().get(f"/{language}/activity/{entry}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_read_says_that_the_report_is_still_to_come_then_what_it_says(cast: Cast, dora: Person) -> None:
    entry = read(cast, dora)
    assert "has not reported yet" in page(dora, entry)
    pushed(cast, use(cast, dora, entry=str(entry), action="Decided on housing support"))
    for _ in range(2):  # before it is reconciled, and after
        shown = page(dora, entry)
        assert "The agency has reported how it used this data." in shown and "Decided on housing support" in shown
        reconciled(cast, dora)
    report = entries(dora)[-1]
    assert f"/en/activity/{report.pk}/" in shown
    other = page(dora, report.pk)
    assert "Aurora did not decide about it" in other and f"/en/activity/{entry}/" in other and "agrees with data" in other


def test_a_read_in_doubt_and_one_that_nobody_reported_say_so(cast: Cast, dora: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    doubtful, quiet = read(cast, dora, noted=False), read(cast, dora)
    later = timezone.now() + match.REPORT_WITHIN
    monkeypatch.setattr(entry_uses.timezone, "now", lambda: later)
    assert "It is not certain" in page(dora, doubtful)
    monkeypatch.undo()
    monkeypatch.setattr(reconcile.timezone, "now", lambda: later)
    reconciled(cast, dora)
    monkeypatch.undo()
    assert "although the time for it is over" in page(dora, quiet)


def test_what_differs_is_said_and_what_was_made_up_too(cast: Cast, dora: Person) -> None:
    entry = read(cast, dora)
    pushed(
        cast,
        use(cast, dora, entry=str(entry), categories=[INCOME], receiver={"code": "police", "name": NASTY}, action=NASTY),
        use(cast, dora, used_at=ago(days=90).isoformat()),
    )
    reconciled(cast, dora)
    shown = page(dora, entry)
    assert "names other data" in shown and "another receiver" in shown
    assert NASTY not in shown and "&lt;script&gt;" in shown
    assert "Aurora has delivered nothing" in page(dora, entries(dora)[-1].pk)


def test_nobody_else_reads_it(cast: Cast, dora: Person) -> None:
    pushed(cast, use(cast, dora, entry=str(read(cast, dora))))
    assert cast.aino.browser().get(f"/en/activity/{entries(dora)[-1].pk}/").status_code == 404


def test_the_activity_page_lists_the_report(cast: Cast, dora: Person) -> None:
    pushed(cast, use(cast, dora, entry=str(read(cast, dora))))
    assert f"/en/activity/{entries(dora)[-1].pk}/" in dora.browser().get("/en/activity/").content.decode()


def test_the_export_has_every_report_with_how_it_stands(cast: Cast, dora: Person) -> None:
    entry = read(cast, dora)
    pushed(cast, use(cast, dora, entry=str(entry), action="Decided on housing support"), use(cast, dora, used_at=ago(days=90).isoformat()))
    reconciled(cast, dora)
    invented, honest = everything(dora.id)["reported_uses"]
    assert (invented["state"], honest["state"], honest["read"]) == ("not_delivered", "matched", f"urn:uuid:{entry}")
    assert (
        honest["action"] == "Decided on housing support"
        and honest["categories"] == [f"urn:aurora:category:{HOUSEHOLD}"]
        and honest["agency"] == "urn:aurora:agency:benefits-office"
    )
    assert (honest["receiver"], honest["receiver_code"]) == ("Benefits office", "benefits-office")
    assert honest["entry"] == f"urn:uuid:{entries(dora)[0].pk}"


def test_the_console_counts_and_names_nobody(cast: Cast, dora: Person) -> None:
    pushed(cast, use(cast, dora, entry=str(read(cast, dora))), use(cast, dora, used_at=ago(days=90).isoformat()))
    reconciled(cast, dora)
    answer = cast.operator_browser().get("/en/console/uses/")
    shown = answer.content.decode()
    assert "Reported uses" in shown
    assert not [secret for secret in (*cast.personal(), dora.name, str(dora.id)) if secret in shown]
    assert '/en/console/uses/"' in cast.operator_browser().get("/en/console/agencies/").content.decode()
    assert dora.browser().get("/en/console/uses/").status_code == 302


AGENCY = "benefits-office"


def console(monkeypatch: pytest.MonkeyPatch, states: dict[str, int], days: tuple[tuple[int, int], ...] = ()) -> UsesPage:
    """The console's page where the database counts just this: findings by state, and (reported, reads) of today, yesterday and so on. What is rounded
    up and what down hangs on a secret of the installation, new in each run: here it is always the same."""
    monkeypatch.setattr(present_uses.keys, "rounding_key", lambda: b"a key for tests!")
    now = timezone.now()
    today = timezone.localdate(now)
    monkeypatch.setattr(findings, "counts", lambda **_: [findings.Count(AGENCY, state, many, now) for state, many in states.items()])
    monkeypatch.setattr(
        findings, "by_day", lambda **_: [findings.Day(AGENCY, today - timedelta(days=n), *one) for n, one in enumerate(days)]
    )
    monkeypatch.setattr(accounts, "asked", lambda **_: [])
    with translation.override("en"):
        return present_uses.page(now=now)


def test_the_console_does_not_tell_that_somebody_was_just_read(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody, one and nine are one and the same page."""
    few = [console(monkeypatch, {"open": n, "matched": n} if n else {}, ((n, n),) if n else ()) for n in (0, 1, 9)]
    assert few[0] == few[1] == few[2] and not few[0].counts and not few[0].trends
    told = [console(monkeypatch, {"open": n, "matched": 200}, ((n, n),)) for n in range(20, 60)]
    opened = [int(page.counts[0].open) for page in told]
    assert all(number % 5 == 0 for number in opened) and {opened[n] - (20 + n) for n in range(40)} >= {-3, -2, 2, 3}
    assert all(int(page.trends[0].rows[0].cells[0]) % 5 == 0 for page in told)
    assert [len(console(monkeypatch, {}, ((30, 30), (1, 1), (30, 30))).trends[0].rows)] == [2]


def test_the_console_says_that_reports_are_missing_and_of_how_many_only_from_ten_on(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for many in (1, 9):
        [row] = console(monkeypatch, {"not_reported": many}).counts
        assert (row.not_reported, row.matched, row.share) == ("fewer than 10", "fewer than 10", "") and row.oldest
    [row] = console(monkeypatch, {"matched": 40}).counts
    assert (row.not_reported, row.share, row.oldest) == ("0", "100%", None)
    [row] = console(monkeypatch, {"matched": 400, "not_reported": 1}).counts
    assert row.not_reported == "fewer than 10" and row.share in ("98%", "99%")  # fives, up or down by chance
