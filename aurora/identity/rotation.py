"""A citizen's data key gets a successor while everything goes on, everything is sealed anew by it, and then the former one is destroyed.

A row a citizen (`KeyRotation`) with a state and a lease; each step may be killed and is done again:

1. `begin`: the new version is there, and the former one beside it; both open, the new one seals. One transaction.
2. `made` to `sealing`: from now on whoever asks for the key is given the new one. `since` is read from the database's clock after the commit.
3. `sealing`: each registered column is read for what the former version sealed, and sealed anew, a hundred rows a transaction, each row only if
   it is still what was read.
4. `sealing` to `clean`: another process may have kept the former version as the newest for five minutes, and a transaction may have begun
   before that. So it is waited until both are over (`SETTLE` after `since`, and no transaction as old as that); what is looked through
   after that, and has nothing left of the former version, will not get anything of it any more.
5. `clean`: somebody may have read a row just before it was sealed anew, and open it in a moment. When no transaction is left that began before
   `clean_at`, the former version is destroyed (`vault.retire_former`), and the row goes.

Nothing is logged for the citizen: no value leaves the vault, and nobody is told one.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import F, Q
from django.utils import timezone

from aurora import crash
from aurora.identity import keys, vault
from aurora.identity.models import DataKey, FormerKey, KeyRotation
from aurora.identity.vault import VaultClosed
from consent.scope import citizen_scope

BATCH = 100
LEASE = timedelta(seconds=60)
AGAIN = timedelta(seconds=10)
MOST_DELAY = timedelta(hours=1)
SETTLE = timedelta(seconds=vault.OPEN_SECONDS + 60)
"""For how long after `since` a process may go by a key that it asked for before; a minute for clocks that differ."""
State = KeyRotation.State


@dataclass(frozen=True)
class SealedColumn:
    """A column that is sealed for its citizen. `context` is given the values of `of` and says what the value was sealed for.

    `citizen`: the column that says whose it is. `closed`: the service may not change it; the database seals it anew by a function of its own.
    """

    model: type[models.Model]
    column: str
    of: Sequence[str]
    context: Callable[..., bytes]
    citizen: str = "citizen_id"
    closed: bool = False

    @property
    def table(self) -> str:
        return str(self.model._meta.db_table)

    @property
    def key(self) -> str:
        return str(self.model._meta.pk.column)


def begin(*, citizen_id: UUID, now: datetime) -> bool:
    """Give the citizen's key a successor. False where there is no key, or where the last one's rotation is under way."""
    with citizen_scope(citizen_id):
        # The row's lock: of two at once, one sees what the other has begun.
        former = DataKey.objects.select_for_update().filter(pk=citizen_id).first()
        if former is None or KeyRotation.objects.filter(pk=citizen_id).exists():
            return False
        kept = {"wrapped": former.wrapped, "kek_id": former.kek_id, "created_at": former.created_at}
        FormerKey.objects.create(citizen_id=citizen_id, version=former.version, **kept)
        DataKey.objects.filter(pk=citizen_id).update(
            version=F("version") + 1, wrapped=vault.new_wrapped(citizen_id=citizen_id), kek_id=keys.kek_id(), created_at=now
        )
        KeyRotation.objects.create(citizen_id=citizen_id, version=former.version, made_at=now, due_at=now)
        transaction.on_commit(partial(vault.forget, citizen_id=citizen_id))
    crash.reach("rotation.begun")
    return True


def due(*, now: datetime, most: int) -> list[UUID]:
    """Whose rotation waits, or whose worker is gone."""
    return _ids("SELECT citizen FROM vault.rotations_due(%s, %s)", now, most)


def older_than(*, at: datetime, most: int) -> list[UUID]:
    """Whose key is older than this and has no rotation under way, the oldest first."""
    return _ids("SELECT citizen FROM vault.keys_before(%s, %s)", at, most)


def counts() -> dict[str, int]:
    """How many rotations are under way, by state."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, rotations FROM vault.rotation_counts()")
        return dict(cursor.fetchall())


def forget_hidden() -> int:
    """Destroy former versions that were kept for what a law kept back, where that is told. How many went."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT vault.forget_hidden()")
        return int(cursor.fetchone()[0])


def run(*, citizen_id: UUID, columns: Sequence[SealedColumn], now: datetime | None = None) -> bool:
    """Go on with one rotation as far as it goes now, unless another worker has it. True when it is over."""
    now = now or timezone.now()
    token = _claim(citizen_id, now)
    if token is None:
        return False
    crash.reach("rotation.claimed")
    state = _state(citizen_id, token)
    if state == State.MADE:
        _move(citizen_id, token, State.MADE, state=State.SEALING, since=_clock())
        crash.reach("rotation.sealing")
        state = State.SEALING
    if state == State.SEALING:
        settled, moved = False, 1
        while moved:
            # Looked up first: what is read through after it is what counts.
            settled = _settled(_value(citizen_id, "since"), SETTLE)
            moved, stuck = _seal_anew(citizen_id, token, columns)
            if stuck or not settled:
                _wait(citizen_id, token, now, failed=bool(stuck))
                return False
        crash.reach("rotation.read")
        _move(citizen_id, token, State.SEALING, state=State.CLEAN, clean_at=_clock())
        crash.reach("rotation.clean")
    if not _settled(_value(citizen_id, "clean_at"), timedelta(0)):
        _wait(citizen_id, token, now)
        return False
    crash.reach("rotation.retire")
    return _retire(citizen_id, token)


def bearing(*, citizen_id: UUID, version: int, columns: Iterable[SealedColumn]) -> int:
    """How many values a version of the citizen's key has sealed that are still so. In no scope."""
    with citizen_scope(citizen_id), connection.cursor() as cursor:
        found = 0
        for column in columns:
            cursor.execute(f"SELECT count(*) {_where(column)}", [citizen_id, vault.head(vault.version_bytes(version))])
            found += cursor.fetchone()[0]
        return found


def _seal_anew(citizen_id: UUID, token: UUID, columns: Iterable[SealedColumn]) -> tuple[int, int]:
    """How many values were sealed anew, and how many could not be opened: those stay, and the former version with them."""
    moved = stuck = 0
    version: int = _value(citizen_id, "version")
    vault.forget(citizen_id=citizen_id)  # this process, too, may still have the former one as the newest
    for column in columns:
        after: Any = None
        while True:
            with citizen_scope(citizen_id), connection.cursor() as cursor:
                rows = _read(cursor, column, citizen_id, version, after)
                for key, sealed, *values in rows:
                    try:
                        done = _one(cursor, column, citizen_id, key, bytes(sealed), values)
                    except VaultClosed:
                        stuck += 1
                        continue
                    moved += done
                if rows and not _renew(citizen_id, token):
                    raise LeaseLost(f"the rotation of the key of {citizen_id} is another worker's")
            crash.reach("rotation.batch")
            if len(rows) < BATCH:
                break
            after = rows[-1][0]
    return moved, stuck


class LeaseLost(RuntimeError):
    """Another worker has taken over: whatever this one was at, that one does. Nothing of the batch stands."""


def _one(cursor: Any, column: SealedColumn, citizen_id: UUID, key: Any, sealed: bytes, values: Sequence[Any]) -> int:
    context = column.context(*values)
    plain = vault.open_sealed(sealed, citizen_id=citizen_id, context=context)
    anew = vault.seal(plain, citizen_id=citizen_id, context=context)
    if column.closed:
        cursor.execute("SELECT vault.reseal(%s, %s, %s, %s, %s)", [column.table, column.column, key, sealed, anew])
        return int(cursor.fetchone()[0])
    cursor.execute(
        f'UPDATE "{column.table}" SET "{column.column}" = %s WHERE "{column.key}" = %s AND "{column.column}" = %s', [anew, key, sealed]
    )
    return int(cursor.rowcount)


def _read(cursor: Any, column: SealedColumn, citizen_id: UUID, version: int, after: Any) -> list[tuple[Any, ...]]:
    wanted = ", ".join(f'"{name}"' for name in (column.key, column.column, *column.of))
    further = f' AND "{column.key}" > %s' if after is not None else ""
    cursor.execute(
        f'SELECT {wanted} {_where(column)}{further} ORDER BY "{column.key}" LIMIT {BATCH}',
        [citizen_id, vault.head(vault.version_bytes(version)), *([after] if after is not None else [])],
    )
    return list(cursor.fetchall())


def _where(column: SealedColumn) -> str:
    return f'FROM "{column.table}" WHERE "{column.citizen}" = %s AND substring("{column.column}" FROM 1 FOR 3) = %s'


def _claim(citizen_id: UUID, now: datetime) -> UUID | None:
    token = uuid.uuid4()
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    with citizen_scope(citizen_id):
        won = KeyRotation.objects.filter(free, pk=citizen_id, due_at__lte=now).update(lease_token=token, lease_until=now + LEASE)
        return token if won == 1 else None


def _renew(citizen_id: UUID, token: UUID) -> bool:
    return KeyRotation.objects.filter(pk=citizen_id, lease_token=token).update(lease_until=timezone.now() + LEASE) == 1


def _move(citizen_id: UUID, token: UUID, former: str, **changes: Any) -> None:
    with citizen_scope(citizen_id):
        if KeyRotation.objects.filter(pk=citizen_id, lease_token=token, state=former).update(**changes) != 1:
            raise LeaseLost(f"the rotation of the key of {citizen_id} is another worker's, or over")


def _wait(citizen_id: UUID, token: UUID, now: datetime, *, failed: bool = False) -> None:
    """Give the lease back until there may be something to do."""
    with citizen_scope(citizen_id):
        row = KeyRotation.objects.filter(pk=citizen_id, lease_token=token).first()
        if row is None:
            return
        attempt = row.attempt + failed
        wait = min(AGAIN * 2 ** min(attempt, 10), MOST_DELAY) if failed else AGAIN
        due_at = now + wait
        if row.state == State.SEALING and row.since is not None:
            due_at = max(due_at, row.since + SETTLE)
        KeyRotation.objects.filter(pk=citizen_id, lease_token=token).update(
            lease_token=None, lease_until=None, due_at=due_at, attempt=attempt
        )


def _retire(citizen_id: UUID, token: UUID) -> bool:
    with citizen_scope(citizen_id):
        if not _renew(citizen_id, token):
            return False
        with connection.cursor() as cursor:
            cursor.execute("SELECT vault.retire_former(%s)", [citizen_id])
            over = bool(cursor.fetchone()[0])
        transaction.on_commit(partial(vault.forget, citizen_id=citizen_id))
    crash.reach("rotation.retired")
    return over


def _state(citizen_id: UUID, token: UUID) -> str:
    with citizen_scope(citizen_id):
        return KeyRotation.objects.values_list("state", flat=True).get(pk=citizen_id, lease_token=token)


def _value(citizen_id: UUID, name: str) -> Any:
    with citizen_scope(citizen_id):
        return KeyRotation.objects.values_list(name, flat=True).get(pk=citizen_id)


def _clock() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
        return at


def _settled(at: datetime, wait: timedelta) -> bool:
    """Whether `wait` has passed since `at`, and no transaction is left that began before that. Only those of the service's role and of the owner's
    are seen, and nobody else reads or writes what is sealed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock_timestamp() > %s AND coalesce(least(vault.oldest_transaction(), (SELECT min(xact_start) FROM pg_stat_activity "
            "WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid())), 'infinity') > %s",
            [at + wait, at + wait],
        )
        return bool(cursor.fetchone()[0])


def _ids(sql: str, *values: Any) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [citizen_id for (citizen_id,) in cursor.fetchall()]
