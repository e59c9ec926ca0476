"""Many offers, offers to the dead, offers taken back: what the receiver is brought, and what pages say of it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.utils import timezone

from aurora.journeys import act_for, delegate
from consent import mandate_changes
from consent.mandate_changes import MOST_RECEIVED
from tests.portal.test_estates import administered
from tests.portal.test_mandates import events, messages, newest
from tests.support.cast import Cast, Person
from tests.support.mandated import attorney, mandate, none_due, offered, post, row, somebody, terms


def send(giver: Person, receiver: Person, times: int = 1) -> list[Any]:
    made = {"principal_id": giver.id, "identifier": receiver.national_id, "terms": terms()}
    return [delegate.offer(**made, now=timezone.now()) for _ in range(times)]


def test_nobody_hides_what_stands_behind_offers_of_their_own(cast: Cast, monkeypatch: Any) -> None:
    monkeypatch.setattr(act_for, "SHOWN", 2)
    monkeypatch.setattr(mandate_changes, "MOST_RECEIVED", 100)
    aamu, valto, spammer = somebody("Aamu Päämies"), attorney(), somebody("Roska Roskaaja")
    stands, mine = mandate(aamu, valto), offered(aamu, valto)
    send(spammer, aamu, 3)
    face = aamu.browser()
    first: Any = face.get("/en/mandates/").context["page"]  # type: ignore[attr-defined]
    second: Any = face.get(first.pagination.next_url).context["page"]  # type: ignore[attr-defined]
    for page in (first, second):
        assert {c.id for c in page.for_me} == {str(stands), str(mine)}
    assert (len(first.offers), len(second.offers), second.pagination.next_url) == (2, 1, "")
    assert not {c.id for c in first.offers} & {c.id for c in second.offers}
    shown = face.get("/en/mandates/").content.decode()
    assert 'rel="next"' in shown and f"/mandates/{stands}/revoke/" in shown


def test_a_receiver_is_brought_so_many_a_day_of_each_giver_first_one(cast: Cast) -> None:
    none_due()
    valto, aamu = attorney(), somebody("Aamu Päämies")
    for name in ("Roska Yksi", "Roska Kaksi"):
        send(somebody(name), valto, MOST_RECEIVED)
    (genuine,) = send(aamu, valto)
    assert delegate.sweep(now=timezone.now()) == MOST_RECEIVED
    assert row(valto, genuine).attorney_id == valto.id, "it came last, and is the first of whoever made it"
    assert delegate.sweep(now=timezone.now()) == 0 and delegate.collect(citizen_id=valto.id, now=timezone.now()) == 0
    assert messages(valto) == ["mandate_offered"] * MOST_RECEIVED
    later = timezone.now() + mandate_changes.A_DAY
    assert delegate.sweep(now=later) == MOST_RECEIVED, "the next day brings more"


def test_to_the_dead_no_offer_is_brought(cast: Cast) -> None:
    none_due()
    dead, _, _ = administered()
    (made,) = send(somebody("Tarjoaja"), dead)
    before = (events(dead), messages(dead))
    assert delegate.sweep(now=timezone.now()) == 0 and delegate.collect(citizen_id=dead.id, now=timezone.now()) == 0
    assert (events(dead), messages(dead)) == before
    assert made


def test_taking_back_an_offer_says_no_more_than_is_so(cast: Cast) -> None:
    aamu, valto = somebody("Aamu Päämies"), attorney()
    unknown = Person(valto.citizen, "", f"T-{uuid4().hex.upper()}")
    face = aamu.browser()
    for receiver in (unknown, valto):
        (made,) = send(aamu, receiver)
        delegate.sweep(now=timezone.now())
        asks = face.get(f"/en/mandates/{made}/revoke/").content.decode()
        assert f"{receiver.national_id} is told." not in asks and "can no longer act" not in asks
        assert "can no longer be accepted" in asks and "If the offer has reached its receiver, they are told." in asks
        done = face.get(post(face, f"/en/mandates/{made}/revoke/")["Location"]).content.decode()
        assert "The offer has ended. If it has reached its receiver" in done and "The other side is told" not in done
    stands = mandate(aamu, valto)
    assert f"{valto.name} is told." in face.get(f"/en/mandates/{stands}/revoke/").content.decode()
    assert newest(aamu).pk == stands


def test_no_link_says_what_has_not_happened(cast: Cast) -> None:
    aamu, valto = somebody("Aamu Päämies"), attorney()
    face = valto.browser()
    assert b"You may now act for that person" not in face.get("/en/mandates/?done=accepted").content
    answer = post(face, f"/en/mandates/{offered(aamu, valto)}/", decision="accept")
    assert b"You may now act for that person" in face.get(answer["Location"]).content
    assert b"You may now act for that person" not in face.get(answer["Location"]).content, "once"
