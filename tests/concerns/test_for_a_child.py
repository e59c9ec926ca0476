"""A guardian asks for a child: what the agency, the child and another guardian see of it, who goes on with it, and what ends with the guardianship."""

from __future__ import annotations

import json
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from aurora.identity import vault
from aurora.journeys import act_for, answer_concern, raise_concern
from aurora.journeys._log import log
from aurora.messages import letters, outbox
from consent import acting
from consent.acting import MandateRefused
from consent.concerns.models import Concern
from consent.errors import NotFound
from consent.ledger import queries as ledger
from consent.ledger.events import Event
from consent.ledger.models import LedgerEntry
from consent.mandates import OutsideMandate
from consent.scope import citizen_scope
from tests.concerns.talk import TEXT, Agency, late, raised, row, said
from tests.portal.test_guardians import as_child, child, guardian, mandates_of, told
from tests.support import mandated
from tests.support.cast import Cast, Person
from tests.support.copies import everything
from tests.support.mandated import attorney, mandate, post, principal

ASKED = "Why did you read what my child's household is?"


def of_office(cast: Cast, person: Person) -> LedgerEntry:
    """The office read the child's data: the entry of it."""
    with citizen_scope(person.id):
        log(
            citizen_id=person.id, event=Event.AGENCY_READ, actor=cast.office.client_id, purpose="benefit-application",
            categories=["population.household"], at=timezone.now(),
        )  # fmt: skip
    return person.entries()[-1]


class Family:
    """Hanna and Heikki, guardians of a child; both sit at Aurora and act."""

    def __init__(self, years: int = 8, *, more: int = 0) -> None:
        self.hanna, self.heikki, self.ward = guardian("Hanna Huoltaja"), guardian("Heikki Huoltaja"), child(years, more=more)
        for one in (self.hanna, self.heikki):
            told(one, self.ward)
        self.kid = as_child(self.hanna, self.ward)

    def mandate(self, who: Person) -> UUID:
        return UUID(str(mandates_of(who)[0].pk))

    def face(self, who: Person) -> Any:
        return mandated.acting(who, self.mandate(who))

    def acts(self, who: Person) -> Any:
        return acting.use(act_for.acting_for(actor=who.id, mandate_id=self.mandate(who), now=timezone.now()))

    def asked(self, cast: Cast, who: Person | None = None) -> UUID:
        with self.acts(who or self.hanna):
            return raised(self.kid, of_office(cast, self.kid), text=ASKED)


def opened(person: Person) -> dict[str, Any]:
    with citizen_scope(person.id):
        return dict(ledger.open_entry(person.entries()[-1], partial(vault.open_sealed, citizen_id=person.id)).details)


def letter(person: Person, kind: str) -> letters.Letter | None:
    with citizen_scope(person.id):
        found = outbox.for_citizen(citizen_id=person.id).filter(kind=kind).first()
        return letters.compose(outbox.open_row(found), language="en") if found else None


def test_a_guardian_asks_for_a_child_and_the_log_names_who_acted_for_whom(cast: Cast) -> None:
    family = Family()
    entry, face = of_office(cast, family.kid), family.face(family.hanna)
    page = face.get(f"/en/activity/{entry.pk}/")
    assert page.context["page"].concern.report_url == f"/en/activity/{entry.pk}/concern/"
    form = face.get(f"/en/activity/{entry.pk}/concern/").content.decode()
    assert f"It knows {family.ward.name} only by a name of its own" in form and "a guardian wrote" in form
    made = post(face, f"/en/activity/{entry.pk}/concern/", kind="unexpected", text=ASKED)
    assert made.status_code == 302
    case = UUID(made["Location"].rstrip("/").rsplit("/", 1)[1])
    logged = opened(family.kid)
    assert family.kid.entries()[-1].event == "citizen:concern:raised" and family.kid.entries()[-1].actor == "citizen"
    assert (logged["attorney"], logged["mandate"]) == (str(family.hanna.id), str(family.mandate(family.hanna)))
    assert (logged["mandate_kind"], logged["concern"], logged["entry"]) == ("guardian", str(case), str(entry.pk))
    shown = face.get(made["Location"]).content.decode()
    assert ASKED in shown.replace("&#x27;", "'") and "You, " in shown
    assert "Concerns of guardians" in face.get("/en/activity/").content.decode() and str(case) in face.get("/en/concerns/").content.decode()

    seen = Agency(cast).get(f"/api/v1/concerns/{case}").json()
    assert seen["raised_by"] == "guardian" and [(one["by"], one["text"]) for one in seen["said"]] == [("citizen", ASKED)]
    assert not [secret for secret in (family.hanna.name, family.ward.name, str(family.hanna.id), str(family.kid.id)) if secret in str(seen)]


def test_what_a_citizen_asks_is_not_said_to_be_a_guardians(cast: Cast) -> None:
    case = raised(cast.aino, of_office(cast, cast.aino))
    assert Agency(cast).get(f"/api/v1/concerns/{case}").json()["raised_by"] == "citizen"


def test_the_answer_is_written_to_the_child_and_to_every_guardian_who_may_act(cast: Cast) -> None:
    family = Family()
    case, agency = family.asked(cast), Agency(cast)
    assert agency.lawful(case).status_code == 200
    own = letter(family.kid, "concern_answered")
    assert own is not None and own.links == (("See the case", f"/en/concerns/{case}/"),) and family.ward.name not in " ".join(own.sentences)
    for one in (family.hanna, family.heikki):
        written = letter(one, "concern_answered")
        assert written is not None and written.title == "A concern that was reported for a child was answered"
        assert family.ward.name in " ".join(written.sentences) and family.ward.name not in written.title
        assert [path for _, path in written.links] == [f"/en/mandates/{family.mandate(one)}/"], "where they begin to act"
    with family.acts(family.hanna):
        raise_concern.reply(citizen_id=family.kid.id, concern_id=case, text="We moved in May.", seen=2, now=timezone.now())
    assert opened(family.kid)["attorney"] == str(family.hanna.id) and family.kid.entries()[-1].event == "citizen:concern:replied"
    assert answer_concern.sweep(now=late(family.kid, case)) >= 1
    assert letter(family.hanna, "concern_overdue") is not None and letter(family.kid, "concern_overdue") is not None
    with family.acts(family.heikki):
        raise_concern.close(citizen_id=family.kid.id, concern_id=case, outcome="withdrawn", seen=3, now=timezone.now())
    assert row(family.kid, case).outcome == "withdrawn" and opened(family.kid)["attorney"] == str(family.heikki.id)


def test_the_child_sees_who_asked_and_what_and_the_other_guardian_not_who(cast: Cast) -> None:
    family = Family()
    case = family.asked(cast)
    own = family.kid.browser()
    page = own.get(f"/en/concerns/{case}/").content.decode()
    assert ASKED in page.replace("&#x27;", "'") and f"{family.hanna.name}, as guardian" in page
    assert "Reported for you by a guardian" in own.get("/en/concerns/").content.decode()
    export = everything(family.kid.id)["concerns"]
    assert (export[0]["reported_by"], export[0]["said"][0]["guardian"]) == ("guardian", family.hanna.name)
    other = family.face(family.heikki).get(f"/en/concerns/{case}/").content.decode()
    assert ASKED in other.replace("&#x27;", "'") and "Somebody else, as guardian" in other and family.hanna.name not in other
    with family.acts(family.heikki):
        theirs = everything(family.kid.id)["concerns"]
    assert [one["@id"] for one in theirs] == [f"urn:uuid:{case}"] and family.hanna.name not in json.dumps(theirs)


def test_a_childs_own_words_are_the_childs(cast: Cast) -> None:
    family = Family()
    entry = of_office(cast, family.kid)
    case, face = raised(family.kid, entry), family.face(family.hanna)
    assert face.get(f"/en/concerns/{case}/").status_code == 404 and str(case) not in face.get("/en/concerns/").content.decode()
    assert post(face, f"/en/concerns/{case}/", decision="withdrawn", seen="1").status_code == 404
    assert face.get(f"/en/activity/{entry.pk}/").context["page"].concern.case_url == ""
    refused = post(face, f"/en/activity/{entry.pk}/concern/", kind="other", text="x")
    assert refused.status_code == 400 and TEXT not in refused.content.decode(), "there is an open case about it"
    with family.acts(family.hanna):
        assert everything(family.kid.id)["concerns"] == []
    assert row(family.kid, case).state == "open" and said(family.kid, case) == [TEXT]


@pytest.mark.parametrize(("more", "may"), [(-1, False), (0, True)], ids=["one day before 15", "15 today"])
def test_from_15_on_a_child_goes_on_with_what_a_guardian_reported(cast: Cast, more: int, *, may: bool) -> None:
    family = Family(15, more=more)
    case = family.asked(cast)
    face = family.kid.browser()
    page = face.get(f"/en/concerns/{case}/")
    assert page.context["page"].may_withdraw is may and page.context["page"].left_to_guardian is not may
    answer = post(face, f"/en/concerns/{case}/", decision="withdrawn", seen="1")
    assert answer.status_code == (302 if may else 403)
    assert row(family.kid, case).state == ("closed" if may else "open")
    own = raised(family.kid, of_office(cast, family.kid))
    raise_concern.close(citizen_id=family.kid.id, concern_id=own, outcome="withdrawn", seen=1, now=timezone.now())  # theirs, at any age


def test_with_the_guardianship_ends_what_the_guardian_may_do_and_the_case_is_the_childs(cast: Cast) -> None:
    family = Family()
    case, face = family.asked(cast), family.face(family.hanna)
    before = act_for.acting_for(actor=family.hanna.id, mandate_id=family.mandate(family.hanna), now=timezone.now())
    for one in (family.hanna, family.heikki):
        told(one)  # the register names the child no longer
    assert face.get(f"/en/concerns/{case}/").status_code == 403 and str(case) not in face.get("/en/concerns/").content.decode()
    deeds: list[Any] = [
        lambda: raised(family.kid, of_entry),
        lambda: raise_concern.close(citizen_id=family.kid.id, concern_id=case, outcome="withdrawn", seen=1, now=timezone.now()),
        lambda: raise_concern.reply(citizen_id=family.kid.id, concern_id=case, text="x", seen=1, now=timezone.now()),
    ]
    of_entry = of_office(cast, family.kid)
    entries = len(family.kid.entries())
    for deed in deeds:
        with acting.use(before), pytest.raises(MandateRefused):  # a request that was let in just before
            deed()
    assert len(family.kid.entries()) == entries and row(family.kid, case).state == "open"
    assert Agency(cast).lawful(case).status_code == 200
    assert letter(family.kid, "concern_answered") is not None and letter(family.hanna, "concern_answered") is None
    raise_concern.close(citizen_id=family.kid.id, concern_id=case, outcome="accepted", seen=2, now=timezone.now())
    assert row(family.kid, case).state == "closed"


def test_an_attorney_asks_nothing_for_another_whatever_their_themes(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    made = mandate(aamu, valto, "family", "taxation")
    entry, face = of_office(cast, aamu), mandated.acting(valto, made)
    case = raised(aamu, entry)
    assert face.get(f"/en/activity/{entry.pk}/").context["page"].concern is None
    assert "concerns/" not in face.get("/en/activity/").content.decode()
    for path in ("/en/concerns/", f"/en/concerns/{case}/", f"/en/activity/{entry.pk}/concern/"):
        assert face.get(path).status_code == 403, path
    for path in (f"/en/concerns/{case}/", f"/en/activity/{entry.pk}/concern/"):
        assert post(face, path, kind="other", text="x", decision="withdrawn", seen="1").status_code == 403, path
    with acting.use(act_for.acting_for(actor=valto.id, mandate_id=made, now=timezone.now())):
        with pytest.raises(MandateRefused):
            raised(aamu, entry)
        for deed in (lambda: raise_concern.mine(citizen_id=aamu.id), lambda: raise_concern.one(citizen_id=aamu.id, concern_id=case)):
            with pytest.raises(NotFound):
                deed()
        with citizen_scope(aamu.id):
            assert (
                raise_concern.exported(citizen_id=aamu.id) == []
                and raise_concern.about_entry(citizen_id=aamu.id, entry_id=entry.pk) is None
            )


def test_a_guardian_reaches_no_other_childs_case(cast: Cast) -> None:
    family, other = Family(), Family()
    case = other.asked(cast)
    assert family.face(family.hanna).get(f"/en/concerns/{case}/").status_code == 404
    with family.acts(family.hanna):
        with pytest.raises(NotFound):
            raise_concern.one(citizen_id=other.kid.id, concern_id=case)
        with pytest.raises(OutsideMandate):
            raised(other.kid, other.kid.entries()[-1])
    with citizen_scope(family.kid.id):
        assert not Concern.objects.filter(pk=case).exists()
