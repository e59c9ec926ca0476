"""An office, a purpose, categories and two citizens, with names of their own for each test."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg

from consent import queries, services
from consent.models import Agency, ConsentEvent, ConsentRecord, DataCategory, DataCategoryVersion, Notice, Purpose, PurposeVersion
from consent.rules import AccessRequest, Permit, Refusal, decide
from consent.scope import citizen_scope
from tests.support.citizens import make_citizen

NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)  # the same day in every zone of the country
TODAY = NOW.date()
UNTIL = TODAY + timedelta(days=30)
TEXTS = dict.fromkeys(("fi", "sv", "en"), "Text")


class World:
    """An office that may ask for three categories for one purpose, and what is asked of its citizens. All names are its own."""

    def __init__(self) -> None:
        self.tag = uuid4().hex[:12]
        self.office = Agency.objects.create(code=f"office-{self.tag}", name=TEXTS, roles=["data_user"])
        self.source = Agency.objects.create(code=f"source-{self.tag}", name=TEXTS, roles=["data_source"])
        self.purpose = f"purpose-{self.tag}"
        Purpose.objects.create(code=self.purpose, kind=Purpose.Kind.ACCESS)
        self.reword(1)
        self.categories = [f"test.{self.tag}.{kind}" for kind in ("housing", "income", "person")]
        for code in self.categories:
            DataCategory.objects.create(code=code, source=self.source)
            self.redescribe(code, 1)
        self.aino, self.cecilia = make_citizen(), make_citizen()

    def reword(self, version: int) -> None:
        PurposeVersion.objects.create(
            purpose_id=self.purpose, version=version, dpv="https://w3id.org/dpv#Purpose", name=TEXTS, description=TEXTS, on_refusal=TEXTS
        )

    def redescribe(self, code: str, version: int) -> None:
        DataCategoryVersion.objects.create(
            category_id=code, version=version, dpv="https://w3id.org/dpv#Data", name=TEXTS, description=TEXTS, schema={}
        )

    def notice(self, *categories: str) -> Notice:
        """What a page showed: the texts as they are now."""
        shown = categories or tuple(self.categories)
        content = {
            "purpose": {"code": self.purpose, "version": queries.current_purpose(self.purpose).version},
            "categories": [{"code": c.category_id, "version": c.version} for c in queries.current_categories(shown)],
        }
        return Notice.objects.create(digest=uuid4().hex * 2, language="en", content=content, first_shown_at=NOW)

    def give(self, **changes: Any) -> tuple[ConsentRecord, UUID | None]:
        wanted: dict[str, Any] = {
            "citizen_id": self.aino, "recipient": self.office, "source": None, "purpose": self.purpose,
            "categories": self.categories[:2], "until": UNTIL, "now": NOW,
        } | changes  # fmt: skip
        wanted.setdefault("notice", self.notice())
        with citizen_scope(wanted["citizen_id"]):
            return services.give(**wanted)

    def withdraw(self, consent_id: UUID, *, by: UUID | None = None, now: datetime = NOW) -> ConsentRecord:
        with citizen_scope(by or self.aino):
            return services.end(consent_id=consent_id, now=now).record

    def record(self, consent_id: UUID) -> ConsentRecord:
        with citizen_scope(self.aino):
            return ConsentRecord.objects.get(pk=consent_id)

    def events(self) -> list[str]:
        with citizen_scope(self.aino):
            return list(ConsentEvent.objects.filter(citizen_id=self.aino).values_list("kind", flat=True))

    def decision(self, *categories: str, now: datetime = NOW) -> Permit | Refusal:
        """In the citizen's scope, in the transaction that is open."""
        request = AccessRequest(self.aino, self.office.code, self.purpose, frozenset(categories or self.categories[:1]))
        return decide(request, queries.for_decision(citizen_id=self.aino, recipient=self.office.code), now=now)


def values_of(record: ConsentRecord) -> dict[str, Any]:
    return {f.attname: getattr(record, f.attname) for f in ConsentRecord._meta.fields}


def take_away(world: World) -> None:
    state = Path(os.environ["AURORA_STATE_DIR"])
    admin_url = json.loads((state / "services.json").read_text())["admin_url"]
    people, agencies = [world.aino, world.cecilia], [world.office.pk, world.source.pk]
    with psycopg.connect(admin_url) as admin:
        admin.execute("SET session_replication_role = replica")
        for table, column, ids in (
            ("aurora_messages_mail", "citizen_id", people),
            ("aurora_messages_message", "citizen_id", people),
            ("aurora_messages_reminder", "citizen_id", people),
            ("aurora_messages_mailaddress", "citizen_id", people),
            ("consent_receipt", "citizen_id", people),
            ("consent_consentevent", "citizen_id", people),
            ("consent_consentrecord", "citizen_id", people),
            ("vault.data_key", "citizen_id", people),
            ("identity_citizen", "id", people),
            ("consent_datacategoryversion", "category_id", world.categories),
            ("consent_datacategory", "code", world.categories),
            ("consent_purposeversion", "purpose_id", [world.purpose]),
            ("consent_purpose", "code", [world.purpose]),
            ("consent_agency", "id", agencies),
        ):
            admin.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [ids])  # type: ignore[arg-type]
        admin.execute("DELETE FROM consent_notice WHERE content->'purpose'->>'code' = %s", [world.purpose])
