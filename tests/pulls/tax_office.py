"""The tax administration of the sandbox as a process of its own, and a citizen's connection to it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
from django.core.management import call_command
from django.utils import timezone

from aurora.identity import keys, vault
from aurora.sandbox import national_id
from aurora.sandbox.config import HOLDERS
from aurora.sandbox.oauth import tokens
from aurora.sandbox.store import Store
from aurora.sources import connections, feeds, pulls, registry
from aurora.sources.models import Connection, DataSource, Pull
from aurora.twin.models import Fact
from consent import services
from consent.ledger.models import LedgerEntry
from consent.ledger.queries import entries_for, open_entry
from consent.models import Agency, ConsentRecord, Notice
from consent.queries import current_categories, current_purpose
from consent.scope import citizen_scope
from recommender.training import households
from tests.support.citizens import make_citizen
from tests.support.held import by_name

TAX, INCOME, HOUSING = "tax-administration", "tax.income", "tax.housing"
BOTH = (INCOME, HOUSING)
PURPOSES = ("own-overview", "service-suggestions")
HOUSEHOLD = 123
Between = Callable[[Callable[[int], None]], list[str]]


@dataclass
class TaxOffice:
    """`registration` is what Aurora was told of it; `store` is the office's own database."""

    registration: dict[str, Any]
    control_token: str
    store: Store

    @property
    def issuer(self) -> str:
        return str(self.registration["issuer"])

    def switch(self, **setting: Any) -> None:
        headers = {"Authorization": f"Bearer {self.control_token}"}
        with _plain() as client:
            client.post(f"{self.issuer}/_sandbox/switches", json=setting, headers=headers).raise_for_status()

    def asked(self, endpoint: str) -> int:
        """How many requests of one kind (`data`, `token`, `revoke`) it has had."""
        with _plain() as client:
            rows = client.get(f"{self.issuer}/_sandbox/stats").json()["requests"]
        return sum(row["count"] for row in rows if row["endpoint"] == endpoint)

    def grant(self, *scopes: str, household: int = HOUSEHOLD, seconds: int = 600) -> dict[str, Any]:
        """What the token endpoint would answer once this household's citizen has allowed the scopes."""
        with self.store.transaction() as db:
            made = db.execute(
                "INSERT INTO grants (client_id, household, scopes, created_at) VALUES (?, ?, ?, ?)",
                (self.registration["client_id"], household, " ".join(scopes), time.time()),
            )
        granted = tokens.Granted(made.lastrowid or 0, self.registration["client_id"], household, scopes, {})
        here: Any = SimpleNamespace(store=self.store)
        access = tokens.issue_access(granted, seconds=seconds, runtime=here)
        return {"access_token": access, "refresh_token": tokens.issue_refresh(granted, here), "expires_in": seconds}


def _plain() -> httpx.Client:
    return httpx.Client(timeout=60, trust_env=False, verify=False)


def store_of(state: Path) -> Store:
    path = state / TAX / f"{TAX}.sqlite3"
    sqlite3.connect(path).close()
    return Store(path)


def seed(office: TaxOffice) -> None:
    """Agencies, vocabulary, and Aurora's registration with the tax office."""
    for code in ("aurora", *HOLDERS):
        Agency.objects.get_or_create(code=code, defaults={"name": dict.fromkeys(("fi", "sv", "en"), code)})
    call_command("load_vocabulary")
    sealed = keys.seal_for_platform(json.dumps(office.registration["private_jwk"]).encode(), context=registry.key_context(TAX))
    values = {
        "issuer": office.issuer, "client_id": office.registration["client_id"], "key_sealed": sealed, "connector": "json_oauth", "settings": {},
    }  # fmt: skip
    DataSource.objects.update_or_create(agency=Agency.objects.get(code=TAX), defaults=values)


@dataclass
class Case:
    """One citizen, one connection, one pull, and what has become of them."""

    citizen_id: UUID
    connection_id: UUID
    pull_id: UUID
    consents: list[UUID]

    @property
    def pull(self) -> Pull:
        with citizen_scope(self.citizen_id):
            return Pull.objects.prefetch_related("parts").get(pk=self.pull_id)

    @property
    def parts(self) -> dict[str, tuple[str, int, str]]:
        return {p.category: (p.state, p.facts, p.error) for p in self.pull.parts.all()}

    @property
    def connection(self) -> Connection:
        with citizen_scope(self.citizen_id):
            return Connection.objects.get(pk=self.connection_id)

    @property
    def facts(self) -> list[Fact]:
        with citizen_scope(self.citizen_id):
            return [row for row, _, _ in by_name(Fact.objects.filter(citizen_id=self.citizen_id))]

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        """Oldest first."""
        with citizen_scope(self.citizen_id):
            return entries_for(self.citizen_id)[::-1]

    def events(self) -> list[str]:
        return [entry.event for entry in self.entries]

    def change(self, **values: Any) -> None:
        """Set columns of the pull, as time or another worker would have."""
        with citizen_scope(self.citizen_id):
            Pull.objects.filter(pk=self.pull_id).update(**values)

    def due_now(self) -> None:
        self.change(due_at=timezone.now())

    def lease_runs_out(self) -> None:
        self.change(lease_until=timezone.now() - timedelta(seconds=1))


def open_case(tokens_: dict[str, Any], *categories: str, household: int = HOUSEHOLD) -> Case:
    """As connecting leaves it: consents for both purposes, a live connection, a pull that is due."""
    citizen_id, now = make_citizen(national_id.make(household)), timezone.now()
    source = DataSource.objects.select_related("agency").get(agency__code=TAX)
    with citizen_scope(citizen_id):
        given = [consent_to(citizen_id, purpose, categories) for purpose in PURPOSES]
        connection = connections.establish(citizen_id=citizen_id, source=source, tokens=tokens_, now=now)
        feeds.begin(connection=connection, categories=categories, now=now)
        run = pulls.enqueue(connection=connection, categories=categories, now=now)
    return Case(citizen_id, connection.pk, run.pk, [record.pk for record in given])


def consent_to(citizen_id: UUID, purpose: str, categories: tuple[str, ...]) -> ConsentRecord:
    """Given to Aurora for the tax office's data, on a notice that showed just this. In the citizen's scope."""
    now = timezone.now()
    record, _ = services.give(
        citizen_id=citizen_id,
        recipient=Agency.objects.get(code="aurora"),
        source=Agency.objects.get(code=TAX),
        purpose=purpose,
        categories=categories,
        notice=notice_of(purpose, categories),
        until=now.date() + timedelta(days=30),
        now=now,
    )
    return record


def notice_of(purpose: str, categories: tuple[str, ...]) -> Notice:
    shown = [{"code": c.category_id, "version": c.version} for c in current_categories(categories)]
    content = {"purpose": {"code": purpose, "version": current_purpose(purpose).version}, "categories": shown}
    digest = f"{purpose} {' '.join(categories)}"[:64]
    notice, _ = Notice.objects.get_or_create(
        digest=digest, defaults={"language": "en", "content": content, "first_shown_at": timezone.now()}
    )
    return notice


def values(case: Case) -> dict[str, Any]:
    with citizen_scope(case.citizen_id):
        return {f"{f.category}.{key}": value for f, key, value in by_name(case.facts) if f.superseded_at is None}


def known(*categories: str) -> dict[str, Any]:
    """What the office holds of the household."""
    held = households.facts_of(HOUSEHOLD)
    return {f"{c}.{key}": value for c in categories for key, value in held[c].items()}


def details(case: Case, index: int = -1) -> dict[str, Any]:
    with citizen_scope(case.citizen_id):
        opened = open_entry(
            case.entries[index], lambda sealed, context: vault.open_sealed(sealed, citizen_id=case.citizen_id, context=context)
        )
    assert opened.genuine
    return opened.details
