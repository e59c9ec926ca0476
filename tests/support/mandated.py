"""People who act for each other, as signing in and the pages make them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from aurora.identity import citizens
from aurora.identity.eid import Identified
from aurora.journeys import act_for, delegate
from aurora.journeys._log import log
from aurora.journeys.delegate import Terms
from aurora.twin import write
from aurora.twin.values import NewFact
from consent import days, notices, queries, services
from consent.ledger.events import Event
from consent.models import Agency, Mandate
from consent.purposes import fitting
from consent.rules import AURORA
from consent.scope import citizen_scope
from tests.support.cast import FACTS, FORM, REGISTER, TAX, Person, version_of

THEMES = ("family", "taxation")


def somebody(name: str) -> Person:
    """A citizen whom the national e-ID has named."""
    number = f"T-{uuid4().hex.upper()}"
    identified = Identified(citizens.national_issuer(), number, name)
    return Person(citizens.find_or_create(identified=identified, language="en", now=timezone.now()), name, number)


def consented(person: Person, source: str, *, purpose: str = "own-overview") -> UUID:
    """Aurora may fetch everything from a source for one purpose, and has: by the services, since how it is connected is tested elsewhere."""
    now, aurora, agency = timezone.now(), Agency.objects.get(code=AURORA), Agency.objects.get(code=source)
    categories = queries.current_categories(fitting(purpose, [c.category_id for c in queries.current_categories(source=source)]))
    recipient = queries.current_recipient(aurora)
    text = notices.compose(
        language="en", recipient=aurora, source=agency, purpose=queries.current_purpose(purpose), categories=list(categories), terms=(),
        recipient_version=recipient.version if recipient else 1,
    )  # fmt: skip
    codes = [c.category_id for c in categories]
    with citizen_scope(person.id):
        record, _ = services.give(
            citizen_id=person.id, recipient=aurora, source=agency, purpose=purpose, categories=codes, notice=notices.keep(text, now=now),
            until=days.today() + timedelta(days=180), now=now,
        )  # fmt: skip
        facts = [
            NewFact(code, version_of(code), key, value, "reported", source, now, uuid4())
            for code in codes
            for key, value in FACTS.get(code, {}).items()
        ]
        write.write(citizen_id=person.id, facts=facts, now=now)
        log(
            citizen_id=person.id,
            event=Event.CONSENT_GIVEN,
            actor="citizen",
            purpose=purpose,
            categories=codes,
            consent_ids=[record.pk],
            at=now,
        )
    return record.pk


def principal(name: str = "Aamu Päämies") -> Person:
    """Somebody with data from the register and the tax administration."""
    person = somebody(name)
    for source in (REGISTER, TAX):
        consented(person, source)
    return person


def attorney() -> Person:
    return somebody("Valto Valtuutettu")


def terms(*themes: str, until: date | None = None, may_delegate: bool = False) -> Terms:
    return Terms(themes or THEMES, days.today(), until or days.today() + timedelta(days=90), may_delegate)


def offered(giver: Person, receiver: Person, *themes: str, may_delegate: bool = False) -> UUID:
    made = delegate.offer(
        principal_id=giver.id, identifier=receiver.national_id, terms=terms(*themes, may_delegate=may_delegate), now=timezone.now()
    )
    delegate.collect(citizen_id=receiver.id, now=timezone.now())
    return made


def none_due() -> None:
    """What tests before have left for the sweep of mandates, now and within a day, is done: what is counted is of this test."""
    later = timezone.now() + timedelta(days=1)
    while delegate.sweep(now=later):
        pass


def mandate(giver: Person, receiver: Person, *themes: str, may_delegate: bool = False) -> UUID:
    """An accepted power of attorney."""
    made = offered(giver, receiver, *themes, may_delegate=may_delegate)
    delegate.answer(citizen_id=receiver.id, mandate_id=made, accept=True, now=timezone.now())
    return made


def acting(person: Person, mandate_id: UUID) -> Client:
    """Their browser, after they have pressed "act"."""
    face = person.browser()
    answer = post(face, f"/en/mandates/{mandate_id}/", decision="act")
    assert answer.status_code == 302 and answer["Location"] == "/en/consents/", answer.content
    return face


def post(face: Client, path: str, **form: Any) -> HttpResponse:
    return face.post(path, urlencode(form, doseq=True), content_type=FORM)  # type: ignore[return-value]


def row(viewer: Person, mandate_id: UUID) -> Mandate:
    with citizen_scope(viewer.id):
        return Mandate.objects.get(pk=mandate_id)


def stands(person: Person, mandate_id: UUID) -> bool:
    """Whether they may act on it now, by the question that every request asks."""
    try:
        act_for.acting_for(actor=person.id, mandate_id=mandate_id, now=timezone.now())
    except Exception:
        return False
    return True
