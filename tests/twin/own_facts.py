"""Facts, permits and entries as the tests of this folder make them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from aurora.journeys._log import log
from aurora.twin.read import read
from aurora.twin.values import FactView, NewFact
from consent import loading
from consent.ledger.events import Event
from consent.management.commands.load_vocabulary import documents
from consent.models import Agency
from consent.rules import AccessRequest, ConsentView, Permit, decide
from consent.scope import citizen_scope

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
OBSERVED = NOW - timedelta(days=1)
INCOME, HOUSING, ANYTHING = "tax.income", "tax.housing", "test.anything"
VERSIONS = {doc["code"]: doc["version"] for doc in documents("categories")}
OFFICE, PURPOSE = "office", "benefit-application"


def vocabulary() -> None:
    """The two categories of the tax administration's that facts here are of, and one that takes anything."""
    agency, _ = Agency.objects.get_or_create(code="tax-administration", defaults={"name": dict.fromkeys(("fi", "sv", "en"), "Tax")})
    for doc in documents("categories"):
        if doc["code"] in (INCOME, HOUSING):
            loading.category(doc, source=agency, now=NOW)
    words = dict.fromkeys(("fi", "sv", "en"), ANYTHING)
    label = {"x-label": words}
    doc = {
        "code": ANYTHING, "version": 1, "dpv": "https://w3id.org/dpv/pd#Income", "sensitive": False, "name": words, "description": words,
        "schema": {"type": "object", "properties": {"value": label}},
    }  # fmt: skip
    loading.category(doc, source=agency, now=NOW)


def fact(key: str, value: Any, category: str = INCOME, **changes: Any) -> NewFact:
    given = {"provenance": "reported", "source": "tax-administration", "observed_at": OBSERVED, "valid_from": date(2025, 1, 1)}
    return NewFact(category, VERSIONS.get(category, 1), key, value, **given | changes)


def permit_for(citizen_id: UUID, *categories: str) -> Permit:
    """Decided by the rules, on a consent for just this."""
    wanted = frozenset(categories)
    consent = ConsentView(uuid4(), citizen_id, OFFICE, PURPOSE, wanted, NOW - timedelta(days=1), NOW + timedelta(days=1))
    permit = decide(AccessRequest(citizen_id, OFFICE, PURPOSE, wanted), [consent], now=NOW)
    assert isinstance(permit, Permit)
    return permit


def note(permit: Permit, **changes: Any) -> None:
    """The entry that the door appends."""
    entry = {
        "event": Event.AGENCY_READ, "actor": OFFICE, "purpose": PURPOSE, "categories": permit.categories,
        "consent_ids": permit.consent_ids, "permit_id": permit.id, "at": NOW,
    }  # fmt: skip
    log(citizen_id=permit.citizen_id, **entry | changes)


def names(facts: tuple[FactView, ...]) -> dict[str, Any]:
    return {f.name: f.value for f in facts}


def everything(citizen_id: UUID) -> dict[str, Any]:
    with citizen_scope(citizen_id):
        permit = permit_for(citizen_id, INCOME, HOUSING, ANYTHING)
        note(permit)
        return names(read(permit))
