"""A citizen's data key gets a successor while everybody goes on: nothing is lost, nothing stays under the former key, and that is destroyed last."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from aurora.identity import rotation, vault
from aurora.identity.models import DataKey, FormerKey, KeyRotation
from aurora.identity.vault import VaultClosed
from aurora.journeys import rotate_keys
from aurora.journeys._sealed_columns import OF_CITIZENS
from consent.errors import OutsideTransaction
from consent.scope import citizen_scope
from tests.support.cast import Cast, services
from tests.support.days_later import days_later
from tests.vault.filled import Filled, admin

State = KeyRotation.State


def begin(filled: Filled) -> None:
    assert rotation.begin(citizen_id=filled.citizen_id, now=timezone.now())


def go_on(filled: Filled) -> bool:
    with citizen_scope(filled.citizen_id):
        KeyRotation.objects.filter(pk=filled.citizen_id).update(due_at=timezone.now() - timedelta(seconds=1))
    return rotate_keys.run(citizen_id=filled.citizen_id)


def test_everything_is_sealed_anew_and_the_former_key_destroyed(filled: Filled) -> None:
    assert len(filled.plain) == len(OF_CITIZENS) and filled.bearing(1) == len(OF_CITIZENS)
    begin(filled)
    assert filled.version() == 2 and filled.formers() == [1]
    assert filled.opened() == filled.plain, "by the former one"
    assert not go_on(filled)
    assert filled.bearing(1) == 0 and filled.bearing(2) == len(OF_CITIZENS)
    assert filled.formers() == [1], "another process may seal by it for five minutes"
    assert filled.opened() == filled.plain
    filled.minutes_pass()
    assert go_on(filled)
    assert filled.formers() == [] and filled.rotation() is None and filled.version() == 2
    assert filled.opened() == filled.plain
    begin(filled)
    go_on(filled)
    filled.minutes_pass()
    assert go_on(filled) and filled.version() == 3 and filled.opened() == filled.plain


def test_what_another_process_seals_by_the_key_that_it_still_has_is_not_lost(filled: Filled) -> None:
    """It asked for the key before the rotation began, and keeps it for five minutes."""
    with citizen_scope(filled.citizen_id):
        kept = vault._newest(filled.citizen_id)
    begin(filled)
    go_on(filled)
    vault._open_keys.put(filled.citizen_id, *kept, b"")
    with admin() as database:
        database.execute("SET session_replication_role = replica")
        for column in OF_CITIZENS[2:]:
            if column.table not in ("aurora_messages_mailaddress",):
                filled.add(database, column)
    assert filled.bearing(1) > 10
    filled.minutes_pass()
    assert go_on(filled)
    assert filled.bearing(1) == 0 and filled.formers() == []
    opened = filled.opened()
    assert opened == filled.plain and len(opened) > len(OF_CITIZENS)


def test_a_process_that_still_has_the_former_key_opens_what_the_newer_one_sealed(filled: Filled) -> None:
    with citizen_scope(filled.citizen_id):
        kept = vault._newest(filled.citizen_id)
    begin(filled)
    vault.forget(citizen_id=filled.citizen_id)
    with citizen_scope(filled.citizen_id):
        sealed = vault.seal(b"new", citizen_id=filled.citizen_id, context=b"x")
        vault._open_keys.put(filled.citizen_id, *kept, b"")
        assert sealed[1:3] == b"\0\2" and vault.open_sealed(sealed, citizen_id=filled.citizen_id, context=b"x") == b"new"
        assert vault.seal(b"new", citizen_id=filled.citizen_id, context=b"x")[1:3] == b"\0\2", "and then seals by it"


def test_a_transaction_that_may_have_sealed_by_the_former_key_is_waited_for(filled: Filled) -> None:
    """Begun before the five minutes were over, and not ended yet: nobody can see what it has written."""
    with psycopg.connect(services().database_url or "") as other:
        other.execute("SELECT 1")
        begin(filled)
        go_on(filled)
        filled.minutes_pass()
        with citizen_scope(filled.citizen_id):
            KeyRotation.objects.filter(pk=filled.citizen_id).update(since=timezone.now() - rotation.SETTLE + timedelta(seconds=1))
        rotation.connection.close()
        while not _clock_is_past(filled):
            pass
        assert not go_on(filled)
        found = filled.rotation()
        assert found is not None and found.state == State.SEALING and filled.formers() == [1]
        other.rollback()
    assert go_on(filled)


def _clock_is_past(filled: Filled) -> bool:
    found = filled.rotation()
    assert found is not None and found.since is not None
    return timezone.now() > found.since + rotation.SETTLE


def test_whoever_has_read_a_row_before_it_was_sealed_anew_can_still_open_it(filled: Filled) -> None:
    begin(filled)
    go_on(filled)
    filled.minutes_pass()
    with psycopg.connect(services().database_url or "") as reader:
        reader.execute("SELECT 1")
        assert not go_on(filled)
        found = filled.rotation()
        assert found is not None and found.state == State.CLEAN and filled.formers() == [1]
        reader.rollback()
    assert go_on(filled) and filled.formers() == []


def test_a_row_that_is_written_meanwhile_keeps_what_was_written(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between being read and being sealed anew."""
    begin(filled)
    one = rotation._one
    written = {}

    def meanwhile(cursor, column, citizen_id, key, sealed, values):  # type: ignore[no-untyped-def]
        if column.table == "twin_fact" and key not in written:
            written[key] = vault.seal(b"later", citizen_id=citizen_id, context=column.context(*values))
            with admin() as database:
                database.execute("UPDATE twin_fact SET sealed = %s WHERE id = %s", [written[key], key])
        return one(cursor, column, citizen_id, key, sealed, values)

    monkeypatch.setattr(rotation, "_one", meanwhile)
    go_on(filled)
    filled.minutes_pass()
    assert go_on(filled)
    (key,) = written
    assert filled.opened()["twin_fact", "sealed", str(key)] == b"later"


def test_a_value_that_does_not_open_keeps_the_former_key(filled: Filled) -> None:
    begin(filled)
    damaged = vault.head(b"\0\1") + bytes(40)
    with admin() as database:
        database.execute("UPDATE twin_fact SET sealed = %s WHERE citizen_id = %s", [damaged, filled.citizen_id])
    for _ in range(2):
        assert not go_on(filled)
        filled.minutes_pass()
    found = filled.rotation()
    assert found is not None and found.attempt == 2 and found.state == State.SEALING and filled.formers() == [1]
    assert filled.bearing(1) == 1, "all others are sealed anew"


def test_of_two_workers_one_has_it(filled: Filled) -> None:
    begin(filled)
    now = timezone.now()
    token = rotation._claim(filled.citizen_id, now)
    assert token and rotation._claim(filled.citizen_id, now) is None and not rotate_keys.run(citizen_id=filled.citizen_id)
    assert filled.citizen_id not in rotation.due(now=now, most=1000)
    later = now + rotation.LEASE
    assert filled.citizen_id in rotation.due(now=later, most=1000) and rotation._claim(filled.citizen_id, later)
    with pytest.raises(rotation.LeaseLost):
        rotation._move(filled.citizen_id, token, State.MADE, state=State.SEALING, since=now)


def test_one_rotation_at_a_time(filled: Filled) -> None:
    begin(filled)
    assert not rotation.begin(citizen_id=filled.citizen_id, now=timezone.now()) and filled.formers() == [1]
    assert not rotation.begin(citizen_id=uuid4(), now=timezone.now())


def test_erasing_takes_all_versions_along(filled: Filled) -> None:
    begin(filled)
    sealed = next(iter(filled.plain))
    with citizen_scope(filled.citizen_id):
        vault.destroy_key(citizen_id=filled.citizen_id)
        assert not vault.has_key(citizen_id=filled.citizen_id)
    assert sealed and filled.formers() == [] and filled.rotation() is None
    with pytest.raises(VaultClosed):
        filled.opened()
    assert not rotate_keys.run(citizen_id=filled.citizen_id)


def test_old_keys_are_found_by_age_and_so_many_at_once(filled: Filled, settings: object) -> None:
    long_ago = timezone.now() - timedelta(days=4000)
    with citizen_scope(filled.citizen_id):
        DataKey.objects.filter(pk=filled.citizen_id).update(created_at=long_ago)
    settings.AURORA_DATA_KEY_AGE = timedelta(0)  # type: ignore[attr-defined]
    assert rotate_keys.sweep(now=timezone.now())[0] == 0 and filled.version() == 1, "by hand only"
    settings.AURORA_DATA_KEY_AGE = timedelta(days=3999)  # type: ignore[attr-defined]
    assert rotate_keys.sweep(now=timezone.now())[0] == 1 and filled.version() == 2
    assert rotate_keys.sweep(now=timezone.now())[0] == 0 and sum(rotation.counts().values()) >= 1


def test_a_value_is_sealed_in_the_transaction_that_writes_it(filled: Filled) -> None:
    with citizen_scope(filled.citizen_id):
        vault.seal(b"x", citizen_id=filled.citizen_id, context=b"x")
    with pytest.raises(OutsideTransaction):
        vault.seal(b"x", citizen_id=filled.citizen_id, context=b"x")


# What may not be changed


CLOSED = [column for column in OF_CITIZENS if column.closed]


HISTORY = ("ledger_ledgerentry", "consent_receipt", "consent_concerns_concernpart")
"""What not even the owner changes. Of the others the service has no right to."""


@pytest.mark.parametrize("column", CLOSED, ids=lambda column: column.table)
def test_only_a_rotation_seals_anew_what_may_not_be_changed(filled: Filled, column: rotation.SealedColumn) -> None:
    with citizen_scope(filled.citizen_id), rotation.connection.cursor() as cursor:
        cursor.execute(f"SELECT id, sealed FROM {column.table} WHERE citizen_id = %s", [filled.citizen_id])
        key, sealed = cursor.fetchone()
    newer = vault.head(b"\0\2") + bytes(sealed[3:])

    def refused(new: bytes, *, setting: str = "", sql: str = "SELECT vault.reseal(%s, %s, %s, %s, %s)") -> None:
        values = [column.table, column.column, key, bytes(sealed), new] if "%s, %s" in sql else [new, key]
        with pytest.raises(DatabaseError), transaction.atomic(), citizen_scope(filled.citizen_id), rotation.connection.cursor() as cursor:
            cursor.execute("SELECT set_config('aurora.resealing', %s, true)", [setting])
            cursor.execute(sql, values)
            assert cursor.fetchone() == (True,), "refused in silence"

    refused(newer)
    begin(filled)
    refused(newer)  # it has not come so far
    with citizen_scope(filled.citizen_id):
        KeyRotation.objects.filter(pk=filled.citizen_id).update(state=State.SEALING, since=timezone.now())
    refused(newer + b"x")
    refused(bytes(sealed))
    refused(vault.head(b"\0\3") + bytes(sealed[3:]))
    update = f"UPDATE {column.table} SET sealed = %s WHERE id = %s"
    refused(newer, setting=str(filled.citizen_id), sql=update)
    # The owner, who has the right: only so, and only in that column.
    with psycopg.connect(services().owner_url or "") as owner:
        owner.execute("SELECT set_config('aurora.resealing', %s, true)", [str(filled.citizen_id)])
        if column.table in HISTORY:
            for wrong in (
                f"UPDATE {column.table} SET citizen_id = gen_random_uuid() WHERE id = %s",
                f"DELETE FROM {column.table} WHERE id = %s",
            ):
                with pytest.raises(psycopg.Error), owner.transaction():
                    owner.execute(wrong, [key])  # type: ignore[arg-type]
            with pytest.raises(psycopg.Error), owner.transaction():
                owner.execute("SELECT set_config('aurora.resealing', '', true)")
                owner.execute(update, [newer, key])  # type: ignore[arg-type]
        owner.rollback()
    with citizen_scope(filled.citizen_id), rotation.connection.cursor() as cursor:
        cursor.execute(
            "SELECT vault.reseal(%s, %s, %s, %s, %s)", [column.table, column.column, key, b"\1\0\1" + bytes(len(sealed) - 3), newer]
        )
        assert cursor.fetchone() == (False,), "it is not what was read any more"


# What a law keeps back


def test_the_key_of_what_a_law_keeps_back_stays_out_of_reach_until_it_is_due(filled: Filled) -> None:
    kept_id, context = uuid4(), b"kept"
    with citizen_scope(filled.citizen_id):
        sealed = vault.seal(b"kept back", citizen_id=filled.citizen_id, context=context)
    with admin() as database:
        database.execute(
            "INSERT INTO ledger_keptback (id, citizen_id, agency, law, kept_at, until, state, sealed) "
            "VALUES (%s, %s, 'x', 'fi.police.5-58', now(), now() + interval '20 days', 'kept', %s)",
            [kept_id, filled.citizen_id, sealed],
        )
    begin(filled)
    go_on(filled)
    filled.minutes_pass()
    assert go_on(filled) and filled.formers() == [], "as it is where nothing is kept back"
    vault.forget(citizen_id=filled.citizen_id)

    def opened() -> bytes:
        with citizen_scope(filled.citizen_id):
            return vault.open_sealed(sealed, citizen_id=filled.citizen_id, context=context)

    with pytest.raises(VaultClosed):
        opened()
    rotation.forget_hidden()
    with days_later(21):
        assert opened() == b"kept back"
        with citizen_scope(uuid4()), pytest.raises(VaultClosed):
            vault.forget(citizen_id=filled.citizen_id)
            vault.open_sealed(sealed, citizen_id=filled.citizen_id, context=context)
    with admin() as database:
        assert database.execute("SELECT count(*) FROM vault.former_key WHERE citizen_id = %s", [filled.citizen_id]).fetchone() == (1,)
        database.execute("SET session_replication_role = replica")
        database.execute("DELETE FROM ledger_keptback WHERE id = %s", [kept_id])
    assert rotation.forget_hidden() == 1


def test_the_service_reads_and_ends_no_former_key_in_another_way(filled: Filled) -> None:
    begin(filled)
    with pytest.raises(DatabaseError), citizen_scope(filled.citizen_id):
        FormerKey.objects.filter(citizen_id=filled.citizen_id).update(hidden=True)
    with citizen_scope(filled.citizen_id), rotation.connection.cursor() as cursor:
        cursor.execute("SELECT vault.retire_former(%s)", [filled.citizen_id])
        assert cursor.fetchone() == (False,), "not before it is clean"
    with pytest.raises(DatabaseError), citizen_scope(uuid4()), rotation.connection.cursor() as cursor:
        cursor.execute("SELECT vault.retire_former(%s)", [filled.citizen_id])
    assert filled.formers() == [1]


def test_nothing_of_the_cast_is_lost(cast: Cast) -> None:
    """Rows as the journeys write them: what each is sealed for is what the rotation takes it for."""
    aino = Filled(cast.aino.id, {})
    before, version = aino.opened(), aino.version()
    assert {"twin_fact", "ledger_ledgerentry", "consent_receipt", "sources_connection", "identity_citizen"} <= {
        table for table, _, _ in before
    }
    begin(aino)
    go_on(aino)
    aino.minutes_pass()
    assert go_on(aino) and aino.bearing(version) == 0
    assert aino.opened() == before
