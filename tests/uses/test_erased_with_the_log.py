"""Of a citizen whose log is erased no table of the log's rooms knows the id any more; and nothing of them goes before, or without the log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.utils import timezone

from aurora.identity import vault
from aurora.journeys import erase_log
from consent.ledger.erasure import ErasureRefused
from consent.scope import citizen_scope
from tests.concerns.talk import raised
from tests.console.glass import Role, ask, clear, officer
from tests.support.cast import Cast, Person, services
from tests.uses.telling import newcomer, pushed, read, reconciled, use

# What the account, its consents and its facts keep: gone with the account, which is not the log's to erase. docs/decisions/ledger.md
THE_ACCOUNTS = (
    "identity_", "django_", "consent_consentrecord", "consent_consentevent", "consent_receipt", "consent_oauth_", "consent_webhooks_", "consent_mandate",
    "sources_", "twin_", "aurora_messages_",
)  # fmt: skip


def naming(citizen_id: UUID) -> dict[str, int]:
    """Every table of the database, as a superuser sees it, that holds the id anywhere in a row: how many rows."""
    with psycopg.connect(services().admin_url or "") as admin:
        tables = admin.execute(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relkind IN ('r', 'p') "
            "AND NOT relispartition AND relpersistence <> 't' AND nspname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        found = {}
        for (table,) in tables:
            where = "strpos(r::text, %(text)s) > 0 OR strpos(r::text, %(hex)s) > 0"
            row = admin.execute(
                f"SELECT count(*) FROM {table} r WHERE {where}",  # type: ignore[arg-type]
                {"text": str(citizen_id), "hex": citizen_id.hex},
            ).fetchone()
            if row and row[0]:
                found[table] = row[0]
    return found


def of_the_log(citizen_id: UUID) -> set[str]:
    return {table for table in naming(citizen_id) if not table.startswith(THE_ACCOUNTS)}


def erase_directly(citizen: UUID, scope: UUID) -> list[str]:
    """Each room's function, called by the service's own role: which let it."""
    let = []
    for name in ("consent_uses_erase", "consent_concerns_erase", "consent_breakglass_erase", "ledger_erasure_ready"):
        with psycopg.connect(services().database_url or "") as service:
            service.execute("SELECT set_config('aurora.citizen', %s, true)", [str(scope)])
            try:
                service.execute(f"SELECT {name}(%s)", [citizen])  # type: ignore[arg-type]
            except psycopg.errors.InsufficientPrivilege:
                service.rollback()
            else:
                let.append(name)
                service.rollback()
    return let


@pytest.fixture
def dora(cast: Cast) -> Any:
    """Of whom each room of the log keeps something."""
    person = newcomer(cast)
    entry = read(cast, person)
    assert pushed(cast, use(cast, person, entry=str(entry))).status_code in (200, 201, 202)
    reconciled(cast, person)
    raised(person, person.entries()[-1], kind="other")
    asker = officer(Role.PRIVACY_OFFICER)
    ask(asker, person)
    yield person
    clear()
    asker.operator.delete()


def test_nothing_of_the_log_names_the_citizen_afterwards_and_nothing_went_before(cast: Cast, dora: Person) -> None:
    others = of_the_log(cast.aino.id)
    before = of_the_log(dora.id)
    assert before >= {
        "ledger_ledgerentry", "ledger_head", "consent_uses_account", "consent_uses_usagereport", "consent_uses_deliverynote", "consent_uses_finding",
        "consent_concerns_concern", "consent_concerns_concernpart", "consent_breakglass_subject", "vault.data_key",
    }  # fmt: skip
    assert erase_directly(dora.id, dora.id) == [], "not asked for"
    erase_log.ask(citizen_id=dora.id, now=timezone.now())
    assert erase_directly(dora.id, dora.id) == [], "not due"
    with pytest.raises(ErasureRefused):
        erase_log.erase(citizen_id=dora.id)
    with psycopg.connect(services().admin_url or "") as admin:
        admin.execute("UPDATE ledger_erasure SET due_at = %s WHERE citizen_id = %s", [timezone.now() - timedelta(minutes=1), dora.id])
    assert erase_directly(dora.id, dora.id) == [], "the key is there"
    with pytest.raises(ErasureRefused):
        erase_log.erase(citizen_id=dora.id)
    assert of_the_log(dora.id) == before | {"ledger_erasure"}
    with citizen_scope(dora.id):
        vault.destroy_key(citizen_id=dora.id)
    assert erase_directly(dora.id, cast.aino.id) == [], "another's scope"

    with pytest.raises(ZeroDivisionError), citizen_scope(dora.id):
        erase_log.erase(citizen_id=dora.id)
        raise ZeroDivisionError
    assert of_the_log(dora.id) == before - {"vault.data_key"} | {"ledger_erasure"}, "all of it or nothing"
    assert erase_log.erase(citizen_id=dora.id) > 0
    assert of_the_log(dora.id) == set()
    assert of_the_log(cast.aino.id) == others


@pytest.mark.parametrize("table", ["consent_concerns_concern", "consent_concerns_concernpart"])
def test_no_case_is_taken_away_by_whoever_says_that_an_erasure_is_under_way(cast: Cast, dora: Person, table: str) -> None:
    """The owner's role too: the rows ask the erasure, not the setting."""
    erase_log.ask(citizen_id=dora.id, now=timezone.now())
    with psycopg.connect(services().admin_url or "") as admin:
        (erasure,) = admin.execute("SELECT id FROM ledger_erasure WHERE citizen_id = %s", [dora.id]).fetchone() or ("",)
        for under_way in ("", str(erasure), "00000000-0000-4000-8000-000000000000"):
            admin.execute("SELECT set_config('aurora.erasing', %s, true)", [under_way])
            with pytest.raises(psycopg.errors.RestrictViolation):
                admin.execute(f"DELETE FROM {table} WHERE citizen_id = %s", [dora.id])  # type: ignore[arg-type]
            admin.rollback()
