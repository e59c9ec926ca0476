"""Back from a source with its tokens: either all of it is recorded, or nothing is and the tokens are given back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db import transaction
from django.utils import timezone

from aurora.journeys import connect_source, return_tokens, suggest
from aurora.journeys.connect_source import NotConnected, Offer
from aurora.sources import connections, registry
from aurora.sources.models import Connection
from consent import days, notices, services
from consent.models import Agency
from consent.rules import AURORA
from consent.scope import citizen_scope
from tests.portal.at_once import in_thread, until_waiting
from tests.support.cast import FORM, TAX, Cast, Person
from tests.support.hostile_peer import Peer

TODAY = days.today()
NIGHT = datetime.combine(TODAY, time(23, 50), tzinfo=timezone.get_default_timezone())


def offer(person: Person, language: str = "en") -> Offer:
    return connect_source.offer(citizen_id=person.id, code=TAX, language=language, today=TODAY)


def leave(person: Person, *, purposes: tuple[str, ...] = (), language: str = "en", now: datetime = NIGHT) -> dict[str, str]:
    """Allow until tomorrow, all purposes if none is named; the source's answer."""
    shown = offer(person, language)
    chosen = connect_source.check(
        shown=shown, purposes=purposes or [t.purpose for t in shown.texts], categories=["tax.income"], until=TODAY + timedelta(days=1),
        today=TODAY,
    )  # fmt: skip
    url = connect_source.depart(citizen_id=person.id, shown=shown, token=shown.token, chosen=chosen, now=now)
    return {"state": parse_qs(urlsplit(url).query)["state"][0], "code": "a-code"}


def arrive(person: Person, answer: dict[str, str], *, now: datetime = NIGHT) -> Any:
    return connect_source.arrive(citizen_id=person.id, code=TAX, answer=answer, now=now)


def given_back(source: Peer) -> list[str]:
    return [request.form["token"] for request in source.asked("/revoke")]


def assert_nothing_recorded(person: Person) -> None:
    with citizen_scope(person.id):
        assert not Connection.objects.exists()
    assert not person.consents() and not person.entries()


@contextmanager
def changed(code: str, /, **changes: Any) -> Iterator[None]:
    """An agency's row is another for a while."""
    agency = Agency.objects.get(code=code)
    Agency.objects.filter(pk=agency.pk).update(**changes)
    try:
        yield
    finally:
        Agency.objects.filter(pk=agency.pk).update(**{name: getattr(agency, name) for name in changes})


def another_text() -> Any:
    """The source is renamed, and with it the text that was shown."""
    return changed(TAX, name=dict.fromkeys(("fi", "sv", "en"), "Another name"))


def test_coming_back_after_midnight_is_coming_back(new_person: Person, source: Peer) -> None:
    arrive(new_person, leave(new_person), now=NIGHT + timedelta(minutes=15))
    ends = {days.last_day(consent.expires_at) for consent in new_person.consents(state="given")}
    assert ends == {TODAY + timedelta(days=1)} and given_back(source) == []


def test_a_text_that_changed_meanwhile_connects_nothing_and_gives_the_tokens_back(new_person: Person, source: Peer) -> None:
    answer = leave(new_person)
    with another_text(), pytest.raises(NotConnected) as ended:
        arrive(new_person, answer)
    assert ended.value.code == "invalid_state" and given_back(source) == ["a-refresh-token"]
    assert_nothing_recorded(new_person)


def test_the_citizen_is_told_on_the_page_of_sources(new_person: Person, source: Peer) -> None:
    face = new_person.browser()
    page: Any = face.get(f"/en/sources/{TAX}/connect/").context["page"]  # type: ignore[attr-defined]
    form = {
        "decision": "allow", "notice_token": page.notice_token, "purposes": page.purposes[0].purpose.code, "categories": "tax.income", "end": "3",
    }  # fmt: skip
    address = face.post(f"/en/sources/{TAX}/connect/", urlencode(form), content_type=FORM)["Location"]
    answer = {"state": parse_qs(urlsplit(address).query)["state"][0], "code": "a-code"}
    with another_text():
        back = face.get(f"/sources/{TAX}/callback", answer)
    assert back["Location"] == "/en/sources/?problem=invalid_state"
    assert b"Start again from the beginning" in face.get(back["Location"]).content


@pytest.mark.parametrize("companion", [{}, {"refresh_token": None}, {"refresh_token": 7}], ids=str)
def test_a_token_without_a_companion_is_given_back_itself(new_person: Person, source: Peer, companion: dict[str, Any]) -> None:
    source.says("/token", {"access_token": "an-access-token", "token_type": "Bearer", **companion})
    answer = leave(new_person)
    with another_text(), pytest.raises(NotConnected):
        arrive(new_person, answer)
    assert given_back(source) == ["an-access-token"]


def test_a_source_that_takes_nothing_back_is_noted_without_a_token(
    new_person: Person, source: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    source.says("/revoke", {}, 503)
    answer = leave(new_person)
    with another_text(), pytest.raises(NotConnected) as ended:
        arrive(new_person, answer)
    assert ended.value.code == "invalid_state" and len(given_back(source)) == 1
    assert "could not be given back" in caplog.text and "-token" not in caplog.text


def test_what_nobody_foresaw_gives_the_tokens_back_too(new_person: Person, source: Peer, caplog: pytest.LogCaptureFixture) -> None:
    answer = leave(new_person)
    with changed(AURORA, code="aurora-is-away"), pytest.raises(NotConnected) as ended:
        arrive(new_person, answer)
    assert ended.value.code == "not_connected" and "DoesNotExist" in caplog.text and "-token" not in caplog.text
    assert given_back(source) == ["a-refresh-token"]
    assert_nothing_recorded(new_person)


def test_of_two_windows_at_once_one_connects_and_the_other_gives_its_tokens_back(new_person: Person, source: Peer) -> None:
    answer = leave(new_person)
    text, agency = offer(new_person).texts[0], Agency.objects.get(code=TAX)
    notice = notices.keep(text, now=NIGHT)
    with citizen_scope(new_person.id):  # the first window, about to be done
        services.give(
            citizen_id=new_person.id, recipient=Agency.objects.get(code=AURORA), source=agency, purpose=text.purpose,
            categories=["tax.income"], notice=notice, until=TODAY + timedelta(days=1), now=NIGHT,
        )  # fmt: skip
        second, outcome = in_thread(lambda: arrive(new_person, answer))
        until_waiting(1)
    second.join(120)
    assert isinstance(outcome[0], NotConnected) and outcome[0].code == "invalid_state", outcome
    assert given_back(source) == ["a-refresh-token"] and len(new_person.consents()) == 1


def test_connecting_again_and_suggesting_at_once_wait_for_each_other(cast: Cast, new_person: Person, source: Peer) -> None:
    """Two consents: the one given later is the first that a decision locks, and the last that connecting replaces."""
    for purpose in ("own-overview", "service-suggestions"):
        arrive(new_person, leave(new_person, purposes=(purpose,), now=timezone.now()), now=timezone.now())
    answer = leave(new_person, language="sv", now=timezone.now())
    assert sorted(t.purpose for t in offer(new_person, "sv").texts) == ["own-overview", "service-suggestions"]
    with transaction.atomic():
        # Connecting stops between its two consents: it cannot know whether this text will be kept.
        notices.keep(offer(new_person, "sv").texts[-1], now=timezone.now())
        connecting, connected = in_thread(lambda: arrive(new_person, answer, now=timezone.now()))
        until_waiting(1)
        suggesting, suggested = in_thread(lambda: suggest.suggest(citizen_id=new_person.id, now=timezone.now()))
        until_waiting(2)
    connecting.join(120), suggesting.join(120)
    assert not isinstance(connected[0], Exception), connected
    assert isinstance(suggested[0], suggest.Suggestions), suggested


def test_tokens_of_who_dies_after_redeeming_are_given_back_by_the_sweep(cast: Cast, source: Peer, new_person: Person) -> None:
    """They are a row before anything else: a connection that has ended, due in some minutes."""
    wanted = registry.by_code(TAX)
    now = timezone.now()
    with citizen_scope(new_person.id):
        held = connections.hold(
            citizen_id=new_person.id, source=wanted, tokens={"access_token": "a-token", "refresh_token": "r-token"}, now=now
        )
    return_tokens.return_tokens(now=now)
    assert "r-token" not in given_back(source), "recording it may still be under way"
    return_tokens.return_tokens(now=now + connections.HELD + timedelta(seconds=1))
    assert given_back(source).count("r-token") == 1
    with citizen_scope(new_person.id):
        assert not connections.take_held(connection_id=held), "no connection comes of them any more"
