"""What is read without a consent of somebody for whom another acts: an attorney sees their themes' part of it, a guardian is told for the child."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from aurora.journeys import break_glass
from aurora.messages import letters, outbox
from consent.models import Mandate
from consent.scope import citizen_scope
from tests.console.glass import HOUSEHOLD, TEXT, Officer, Role, approved, ask, clear, officer, read
from tests.portal.test_guardians import as_child, child, guardian, mandates_of, told
from tests.support.cast import Cast, Person
from tests.support.mandated import acting, attorney, mandate, principal

INCOME = "tax.income"


@pytest.fixture
def three(cast: Cast) -> Iterator[tuple[Officer, Officer, Officer]]:
    made = officer(Role.PRIVACY_OFFICER), officer(Role.PRIVACY_OFFICER), officer(Role.AUDITOR)
    yield made
    clear()
    for one in made:
        one.operator.delete()


def letter(person: Person) -> letters.Letter | None:
    """The newest message about broken glass, as its receiver reads it."""
    with citizen_scope(person.id):
        row = outbox.for_citizen(citizen_id=person.id).filter(kind="break_glass").first()
        return letters.compose(outbox.open_row(row), language="en") if row else None


def test_an_attorney_sees_what_lies_in_their_themes_and_not_what_operators_wrote(
    cast: Cast, three: tuple[Officer, Officer, Officer]
) -> None:
    asker, decider, _ = three
    aamu, valto = principal(), attorney()
    face = acting(valto, mandate(aamu, valto, "family"))
    within, beyond = approved(asker, decider, aamu), approved(asker, decider, aamu, categories=[HOUSEHOLD, INCOME])
    seen, hidden = read(asker, within).entry_id, read(asker, beyond, INCOME).entry_id
    narrow = read(asker, beyond, HOUSEHOLD).entry_id
    page = face.get(f"/en/activity/{seen}/")
    assert page.status_code == 200 and TEXT not in page.content.decode() and "your" not in page.context["page"].entry.title
    assert page.context["page"].glass.case == "2026/4711" and page.context["page"].glass.text == ""
    assert "person" in page.context["page"].entry.title and page.context["page"].concern is None
    assert face.get(f"/en/activity/{hidden}/").status_code == 404, "of other data not even that somebody looked"
    assert face.get(f"/en/activity/{narrow}/").status_code == 200
    listed = face.get("/en/activity/", {"kind": "break_glass"}).content.decode()
    assert str(seen) in listed and str(hidden) not in listed
    requested = [e for e in aamu.entries() if e.event == "aurora:break_glass:requested"]
    assert [face.get(f"/en/activity/{e.pk}/").status_code for e in requested] == [200, 404]
    for entry in requested[:1]:
        assert TEXT not in face.get(f"/en/activity/{entry.pk}/").content.decode()
    assert letter(aamu) is not None and letter(valto) is None, "the citizen is written to, an attorney reads it where they act"


def test_a_guardian_is_written_to_for_the_child_and_sees_all_of_it(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, auditor = three
    hanna, other, lilli = guardian(), guardian("Heikki Huoltaja"), child()
    for one in (hanna, other):
        told(one, lilli)
    (made,) = mandates_of(hanna)
    kid = as_child(hanna, lilli)
    row = approved(asker, decider, kid)
    for one in (hanna, other):
        written = letter(one)
        assert written is not None and lilli.name in " ".join(written.sentences) and TEXT in " ".join(written.sentences)
        assert written.links[0][1].startswith("/en/mandates/"), "where they begin to act"
    own = letter(kid)
    assert own is not None and lilli.name not in " ".join(own.sentences)
    found = read(asker, row)
    page = acting(hanna, made.pk).get(f"/en/activity/{found.entry_id}/")
    assert page.status_code == 200 and page.context["page"].glass.case == "2026/4711"
    break_glass.end(operator=asker.operator, request_id=row.pk, now=timezone.now())
    break_glass.review(operator=auditor.operator, request_id=row.pk, verdict="not_justified", text="There was no call.", now=timezone.now())
    for one in (hanna, other, kid):
        assert "not justified" in letter(one).title  # type: ignore[union-attr]


def test_a_guardian_who_may_act_no_more_is_not_written_to(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, _ = three
    hanna, lilli = guardian(), child()
    told(hanna, lilli)
    kid = as_child(hanna, lilli)
    with citizen_scope(kid.id):
        Mandate.objects.filter(principal_id=kid.id).update(freezes_at=timezone.now() - timedelta(days=1))
    approved(asker, decider, kid)
    assert letter(hanna) is None and letter(kid) is not None


def test_who_may_only_be_acted_for_is_asked_about_like_anybody(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    """A request names the person themself, never the attorney through whom somebody knows them."""
    aamu, valto = principal(), attorney()
    made = mandate(aamu, valto, "family")
    ask(three[0], str(made))
    assert not [e for e in (*aamu.entries(), *valto.entries()) if ":break_glass:" in e.event], "the id of a mandate is none of a consent"
