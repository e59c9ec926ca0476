"""What the tests of withdrawals do again and again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.utils import timezone

from aurora.journeys import tell_agencies
from aurora.journeys.withdraw import Withdrawn, end
from consent.ledger.models import LedgerEntry
from consent.models import ConsentRecord
from consent.scope import citizen_scope
from consent.webhooks.models import Delivery
from tests.support.cast import Cast, Person, browser, services

PATH = "/notices"
INCOME, HOUSEHOLD = "tax.income", "population.household"


def asked_for(person: Person) -> ConsentRecord:
    """The consent to the office that stands."""
    return next(c for c in person.consents(state="given") if c.purpose_id == "benefit-application")


def granted(cast: Cast, person: Person | None = None) -> tuple[dict[str, Any], ConsentRecord]:
    """A fresh consent to everything that the office asks for: the token response and the record."""
    person = person or cast.cecilia
    return cast.office.granted(person), asked_for(person)


def withdrawn(person: Person, consent: ConsentRecord, **how: Any) -> Withdrawn:
    return end(citizen_id=person.id, consent_id=consent.pk, now=how.pop("now", timezone.now()), **how)


def deliveries(person: Person, consent: ConsentRecord) -> list[Delivery]:
    with citizen_scope(person.id):
        return list(Delivery.objects.filter(consent=consent).order_by("created_at"))


def delivery(person: Person, consent: ConsentRecord) -> Delivery:
    [row] = deliveries(person, consent)
    return row


def change(person: Person, row: Delivery, **values: Any) -> None:
    with citizen_scope(person.id):
        Delivery.objects.filter(pk=row.pk).update(**values)


def only(*rows: Delivery) -> None:
    """Nothing else, of any citizen, is under way or due, whatever other tests left of a cast that they share."""
    with psycopg.connect(services().admin_url or "") as admin:
        admin.execute(
            "UPDATE consent_webhooks_delivery SET state = 'delivered', delivered_at = '2026-01-01Z', due_at = NULL, lease_until = NULL, "
            "lease_token = NULL WHERE state = 'pending' AND NOT id = ANY(%s)",
            [[row.pk for row in rows]],
        )


def tell(row: Delivery) -> None:
    """The worker's attempt."""
    tell_agencies.run(delivery_id=row.pk)


def entries(person: Person, *events: str, consent: UUID) -> list[LedgerEntry]:
    with citizen_scope(person.id):
        return list(LedgerEntry.objects.filter(citizen_id=person.id, event__in=events, consent_ids__contains=[consent]).order_by("seq"))


def own_token(cast: Cast, scope: str = "events") -> str:
    """A token of the office itself."""
    answer = cast.office.post("/oauth/token", grant_type="client_credentials", scope=scope)
    assert answer.status_code == 200, answer.content
    return str(answer.json()["access_token"])  # type: ignore[attr-defined]


def feed(cast: Cast, token: str, query: str = "") -> Any:
    path = "/api/v1/events"
    return browser().get(f"{path}{query}", **cast.office.bearing(token, path))  # type: ignore[arg-type]


def confirmed(cast: Cast, token: str, row_id: object, body: Any, kind: str = "application/json") -> Any:
    path = f"/api/v1/events/{row_id}/confirmation"
    return browser().post(path, body, content_type=kind, **cast.office.bearing(token, path, method="POST"))  # type: ignore[arg-type]


def long_ago(**ago: int) -> datetime:
    return timezone.now() - timedelta(**ago)
