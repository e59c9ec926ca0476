"""Rules of docs/consent-screens.md that hold over several pages: steps of withdrawing, the order of activity, what an entry opens to."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.cast import FORM, Cast, Person


@pytest.fixture
def read(cast: Cast, new_person: Person) -> Person:
    """Somebody whose data an office has read once, and was refused once."""
    token = cast.office.granted(new_person)["access_token"]
    assert cast.office.read(token, "population.household").status_code == 200
    assert cast.office.read(token, "population.person").status_code == 403
    return new_person


def test_withdrawing_is_no_more_steps_than_giving(cast: Cast, read: Person) -> None:
    """Giving: the page, ticks and a button. Withdrawing: the page and a button, and it is said what was done."""
    face = read.browser()
    listed = face.get("/en/consents/").content.decode()
    consent = read.consents(state="given", recipient__code=cast.office.client_id)[0]
    address = f"/en/consents/{consent.pk}/withdraw/"
    assert f'href="{address}"' in listed, "one step from the list"
    assert "What follows" in face.get(address).content.decode()
    done = face.post(address, "", content_type=FORM)
    assert done.status_code == 200 and "The consent has been withdrawn" in done.content.decode()
    assert f'href="{address}"' not in face.get("/en/consents/").content.decode(), "shown at once"


def test_activity_is_newest_first_by_day_under_its_two_summaries(read: Person) -> None:
    answer: Any = read.browser().get("/en/activity/")
    page, said = answer.context["page"], answer.content.decode()
    assert [s.days for s in page.summaries] == [7, 30]
    assert said.index("Last 7 days") < said.index("Last 30 days") < said.index('id="entries-title"')
    days = [group.day for group in page.days]
    times = [entry.at for group in page.days for entry in group.entries]
    assert days == sorted(set(days), reverse=True) and times == sorted(times, reverse=True) and len(times) > 2


def test_an_entry_says_why_it_was_allowed_and_where_to_ask(read: Person) -> None:
    face = read.browser()
    listed = face.get(f"/en/activity/?{urlencode({'kind': 'read'})}").content.decode()
    addresses = list(dict.fromkeys(re.findall(r'href="(/en/activity/[0-9a-f-]{36}/)"', listed)))
    assert len(addresses) == 2
    pages = [face.get(address).content.decode() for address in addresses]
    assert "Why was this refused?" in pages[0] and "Why was this allowed?" in pages[1]
    assert "The text that was shown to you" in pages[1]
    assert all("Report a concern" in page for page in pages)
