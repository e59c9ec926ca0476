"""Every table with rows of citizens, found in the catalogue: closed to the service without a scope, and the service cannot open it."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest

from tests.support.cast import Cast, services

OF_A_CITIZEN = ("citizen_id", "principal_id")
# Whose rows they are says the row that they belong to, or the citizen's own id.
ALSO = {"public.identity_citizen", "public.consent_mandateevent"}
TABLES = """
SELECT DISTINCT n.nspname || '.' || c.relname, c.relrowsecurity, pg_get_userbyid(c.relowner), c.relispartition
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND (a.attname = ANY (%s) AND NOT a.attisdropped OR n.nspname || '.' || c.relname = ANY (%s))
"""


def test_every_table_of_citizens_rows_is_secured_and_the_service_owns_none(cast: Cast) -> None:
    with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
        found = admin.execute(TABLES, [list(OF_A_CITIZEN), sorted(ALSO)]).fetchall()
        policies = {name for (name,) in admin.execute("SELECT schemaname || '.' || tablename FROM pg_policies").fetchall()}
        shut = {name for name, _, _, _ in found if not _may_read(admin, name)}
    names = {name for name, _, _, _ in found}
    assert {"vault.data_key", "vault.former_key", "vault.key_rotation", "public.twin_fact", "public.ledger_keptback"} <= names and len(
        names
    ) > 35
    for name, secured, owner, part in found:
        assert owner == "aurora_owner", name
        if part:
            assert name in shut, f"{name}: a part of a table has no policy of its own, so the service must not reach it"
            continue
        assert secured, f"{name} is not under row-level security"
        assert name in policies or name in shut, f"{name} has no policy"


def _may_read(admin: psycopg.Connection[tuple[object, ...]], name: str) -> bool:
    schema = name.partition(".")[0]
    answer = admin.execute(
        "SELECT has_schema_privilege('aurora_app', %s, 'USAGE') AND has_table_privilege('aurora_app', %s, 'SELECT')", [schema, name]
    ).fetchone()
    return bool(answer and answer[0])


def test_without_a_scope_and_in_a_stranger_s_the_service_sees_no_row_of_any(cast: Cast) -> None:
    with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
        names = [name for name, _, _, _ in admin.execute(TABLES, [list(OF_A_CITIZEN), sorted(ALSO)]).fetchall() if _may_read(admin, name)]
        held = {name for name in names if admin.execute(f"SELECT EXISTS (SELECT FROM {name})").fetchone() == (True,)}  # type: ignore[arg-type]
    assert {"public.twin_fact", "vault.data_key", "public.ledger_ledgerentry", "public.consent_receipt"} <= held
    with psycopg.connect(services().database_url or "", autocommit=True) as service:
        for name in names:
            assert service.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,), name  # type: ignore[arg-type]
            with service.transaction():
                service.execute("SELECT set_config('aurora.citizen', %s, true)", [str(uuid4())])
                assert service.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,), name  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE vault.data_key DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE twin_fact NO FORCE ROW LEVEL SECURITY",
        "CREATE POLICY mine ON twin_fact USING (true)",
        "SET ROLE aurora_owner",
        "SET session_replication_role = replica",
        "SELECT count(*) FROM ledger_months.entry_other",
    ],
)
def test_the_service_cannot_open_what_is_closed(cast: Cast, statement: str) -> None:
    with psycopg.connect(services().database_url or "", autocommit=True) as service, pytest.raises(psycopg.Error):
        service.execute(statement)  # type: ignore[arg-type]


def test_the_service_s_role_passes_no_policy_by(cast: Cast) -> None:
    with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
        role = admin.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = 'aurora_app'"
        ).fetchone()
        assert role == (False, False, False, False)
        assert admin.execute("SELECT pg_has_role('aurora_app', 'aurora_owner', 'MEMBER')").fetchone() == (False,)
