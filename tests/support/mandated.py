"""People who act for each other, as signing in and the pages make them."""

from __future__ import annotations

from collections.abc import Iterable
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
from aurora.journeys.delegate import Terms
from consent import days
from consent.models import Mandate
from consent.scope import citizen_scope
from tests.support.cast import FORM, REGISTER, TAX, Person

THEMES = ("family", "taxation")


def somebody(name: str, *, connected: Iterable[str] = ()) -> Person:
    """A citizen whom the national e-ID has named, with the sources connected."""
    number = f"T-{uuid4().hex.upper()}"
    identified = Identified(citizens.national_issuer(), number, name)
    person = Person(citizens.find_or_create(identified=identified, language="en", now=timezone.now()), name, number)
    for source in connected:
        person.connect(source)
    return person


def principal() -> Person:
    return somebody("Aamu Päämies", connected=(REGISTER, TAX))


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
