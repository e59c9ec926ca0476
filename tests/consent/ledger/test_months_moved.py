"""A log that was kept before there were months: what was in it is in it afterwards, each entry in its month."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote
from uuid import UUID, uuid4

import psycopg
from django.core.management import call_command
from pytest_django.plugin import DjangoDbBlocker

from aurora.database_url import DatabaseUrl
from aurora.embedded import Services
from aurora.provision import provision
from consent.ids import uuid7
from tests.consent.ledger.conftest import _connected_as

AINO = uuid4()
TIMES = (
    datetime(2019, 3, 1, tzinfo=UTC),
    datetime(2026, 9, 30, 23, 59, 59, tzinfo=UTC),
    datetime(2026, 10, 1, tzinfo=UTC),
    datetime.now(UTC),
)
COLUMNS = "id, citizen_id, seq, prev, commitment, at, event, actor, purpose, categories, consent_ids, decision, permit_id, source, sealed"


def test_an_earlier_log_moves_into_months_and_back(ledger_server: Services, django_db_blocker: DjangoDbBlocker) -> None:
    provision(ledger_server.admin_url or "", database="earlier")
    owner = DatabaseUrl.parse(ledger_server.owner_url or "")
    earlier = f"postgresql://{owner.user}@/earlier?host={quote(owner.host)}"
    ids: list[UUID] = [*map(uuid7, TIMES), uuid4()]
    with (
        django_db_blocker.unblock(),
        _connected_as({"default": earlier, "owner": earlier}),
        psycopg.connect(ledger_server.admin_url or "", dbname="earlier", autocommit=True) as admin,
    ):
        call_command("migrate", "ledger", "0001", database="owner", verbosity=0)
        with admin.transaction():
            admin.execute("SELECT set_config('aurora.citizen', %s, true)", [str(AINO)])
            for one in ids:
                values = [one, AINO, "agency:twin:read", "office", "p", ["tax.income"], [uuid4()], "permit", uuid4(), None, b"s", b"o"]
                admin.execute("SELECT ledger_append(%s, %s, now(), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", values)
        before = admin.execute(f"SELECT {COLUMNS} FROM ledger_ledgerentry ORDER BY seq").fetchall()
        assert len(before) == 5
        for target in ("0002", "0001", "0002"):
            call_command("migrate", "ledger", target, database="owner", verbosity=0)
            assert admin.execute(f"SELECT {COLUMNS} FROM ledger_ledgerentry ORDER BY seq").fetchall() == before
            rights = admin.execute(
                "SELECT has_table_privilege('aurora_app', 'ledger_ledgerentry', 'SELECT'), "
                "has_table_privilege('aurora_app', 'ledger_ledgerentry', 'INSERT, UPDATE, DELETE, TRUNCATE'), relrowsecurity, "
                "EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid), EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid) "
                "FROM pg_class c WHERE oid = 'ledger_ledgerentry'::regclass"
            ).fetchone()
            assert rights == (True, False, True, True, True)
        placed = admin.execute("SELECT tableoid::regclass::text FROM ledger_ledgerentry ORDER BY seq").fetchall()
        names = [name.removeprefix("ledger_months.entry_") for (name,) in placed]
        assert names == ["2019_03", "2026_09", "2026_10", f"{TIMES[-1]:%Y_%m}", "other"]
