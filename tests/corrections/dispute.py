"""What the tests of disagreements and corrections do again and again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from aurora.corrections.models import Correction
from aurora.journeys import correct
from aurora.journeys._log import log
from aurora.twin import write
from aurora.twin.models import Fact
from aurora.twin.values import NewFact
from consent.ledger.events import Event
from consent.models import Agency
from consent.oauth.models import Client
from consent.scope import citizen_scope
from tests.support.cast import OFFICE, REGISTER, Cast, Person, browser, version_of
from tests.support.held import by_name
from tests.support.owners import own_token

PERSON = "population.person"
PATH = "/api/v1/corrections"
WHY = "I moved in May, and told you so."


def say(person: Person, source: str, *, at: datetime | None = None, now: datetime | None = None, **values: Any) -> None:
    """A source says something of a person, as a whole statement of the category."""
    now = now or timezone.now()
    facts = [NewFact(PERSON, version_of(PERSON), key, value, "reported", source, at or now) for key, value in values.items()]
    with citizen_scope(person.id):
        write.write(citizen_id=person.id, facts=facts, now=now, whole={(PERSON, source)})


def facts(person: Person) -> dict[tuple[str, str], Fact]:
    """What is current, by key and source."""
    with citizen_scope(person.id):
        current = Fact.objects.filter(citizen_id=person.id, category=PERSON, superseded_at__isnull=True)
        return {(key, f.source): f for f, key, _ in by_name(current)}


def fact_of(person: Person, source: str, key: str = "region", category: str = PERSON) -> UUID:
    """The id of what a source says of a person now; one of no fact where it says nothing."""
    with citizen_scope(person.id):
        held = Fact.objects.filter(citizen_id=person.id, category=category, source=source, superseded_at__isnull=True)
        return next((f.pk for f, name, _ in by_name(held) if name == key), uuid4())


@dataclass
class Disputed:
    """`person`, of whom the register and the office say different regions; the office can be asked to correct, as can the register."""

    cast: Cast
    person: Person

    def asked(self, source: str = OFFICE, *, right: Any = "R12", key: str = "region", now: datetime | None = None) -> UUID:
        return correct.ask(
            citizen_id=self.person.id,
            fact_id=fact_of(self.person, source, key),
            right=right,
            why=WHY,
            language="en",
            now=now or timezone.now(),
        )

    def row(self, correction: UUID) -> Correction:
        with citizen_scope(self.person.id):
            return Correction.objects.get(pk=correction)

    def read_by(self, agency: str, *, at: datetime | None = None) -> None:
        """An agency has read the category: as its entry says."""
        with citizen_scope(self.person.id):
            log(citizen_id=self.person.id, event=Event.AGENCY_READ, actor=agency, categories=[PERSON], at=at or timezone.now())

    def events(self, after: int = 0) -> list[str]:
        return [e.event for e in self.person.entries()[after:]]


def disputed_by(cast: Cast, person: Person) -> Disputed:
    """The register heard first."""
    now = timezone.now()
    if not Client.objects.filter(agency__code=REGISTER).exists():
        like = Client.objects.get(agency__code=OFFICE)
        like.pk, like.client_id, like.agency, like._state.adding = None, "the-register-itself", Agency.objects.get(code=REGISTER), True
        like.save()
    say(person, REGISTER, region="R12", marital_status="married", at=now - timedelta(days=9))
    say(person, OFFICE, region="R15", at=now - timedelta(days=2))
    return Disputed(cast, person)


class Source:
    """The office, at the addresses of corrections."""

    def __init__(self, cast: Cast, scope: str = "corrections") -> None:
        self._cast, self._token = cast, own_token(cast, scope)

    def get(self, path: str = PATH, query: str = "") -> Any:
        return browser().get(f"{path}{query}", **self._cast.office.bearing(self._token, path))  # type: ignore[arg-type]

    def answer(self, correction: UUID, **members: Any) -> Any:
        path = f"{PATH}/{correction}/answer"
        bearing = self._cast.office.bearing(self._token, path, method="POST")
        return browser().post(path, json.dumps(members), content_type="application/json", **bearing)  # type: ignore[arg-type]
