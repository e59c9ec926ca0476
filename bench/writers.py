"""Processes that write as fast as they can, or at a pace. A partner: forks N of them (its argument) and passes orders on.

An order is {"how": one of HOW, "seconds": s} or {"how", "count": n, "pace": seconds between two}. The answer is a list, one a writer:
rows a second for the first kind, [[entry id, when its commit returned (CLOCK_MONOTONIC)], ...] for the second.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from multiprocessing.connection import Connection
from typing import Any
from uuid import UUID, uuid4

import django

CATEGORIES, DETAILS = ["tax.income"], {"client": "bench", "grant": "0a0ef2a1-3f5c-4f6d-8a5a-0d8a3f0d6b51"}
_INSERT = "INSERT INTO bench_entry VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::text[], %s::uuid[], %s, %s, %s, %s)"
_INSERT_BARE = (
    b"INSERT INTO bench_entry VALUES ($1::uuid, $2::uuid, 1, $3::bytea, $4::bytea, $5::timestamptz, $6::text, $7::text, $8::text, "
    b"$9::text[], $10::uuid[], $11::text, $12::uuid, $13::text, $14::bytea)"
)
_SEALED, _OPENING = os.urandom(560), os.urandom(520)


def append(citizen_id: UUID, seal: Any) -> str:
    """An entry of Aurora's log, made and sealed as a read's is, in a transaction of its own."""
    from consent.ids import uuid7
    from consent.ledger.append import append as append_entry
    from consent.ledger.events import Event
    from consent.scope import citizen_scope

    with citizen_scope(citizen_id):
        made = append_entry(
            citizen_id=citizen_id,
            event=Event.AGENCY_READ,
            actor="benefits-office",
            seal=seal,
            purpose="benefit-application",
            categories=CATEGORIES,
            consent_ids=[citizen_id],
            permit_id=uuid7(datetime.now(UTC)),
            details=DETAILS,
        )
    return str(made.entry_id)


def insert(citizen_id: UUID, seal: Any) -> str:
    """A row of the same columns and width, in a transaction of its own."""
    from django.db import transaction

    from consent.ids import uuid7

    now = datetime.now(UTC)
    with transaction.atomic():
        return _insert(uuid7(now), citizen_id, now, _SEALED)


def insert_sealed(citizen_id: UUID, seal: Any) -> str:
    """The same as any table of personal data must: in the citizen's scope, its last column JSON of what the others say, and sealed."""
    from consent.ids import uuid7
    from consent.scope import citizen_scope

    now = datetime.now(UTC)
    entry_id = uuid7(now)
    said = {
        "id": str(entry_id), "citizen": str(citizen_id), "at": now.isoformat(), "event": "agency:twin:read", "actor": "benefits-office",
        "purpose": "benefit-application", "categories": CATEGORIES, "consents": [str(citizen_id)], "decision": "permit",
        "permit": str(entry_id), "source": None, "details": DETAILS, "salt": os.urandom(32).hex(),
    }  # fmt: skip
    with citizen_scope(citizen_id):
        return _insert(entry_id, citizen_id, now, seal(json.dumps(said).encode(), context=entry_id.bytes))


def append_bare(citizen_id: UUID, seal: Any) -> str:
    """What the database does of an append, and no more: ready bytes, the scope and `ledger_append`."""
    from consent.ids import uuid7
    from consent.ledger.append import _APPEND

    now = datetime.now(UTC)
    entry_id = uuid7(now)
    with _bare(f"BEGIN; SELECT set_config('aurora.citizen', '{citizen_id}', true)") as send:
        send(_APPEND, [entry_id.bytes, citizen_id.bytes, *_columns(now, citizen_id, entry_id), _SEALED, _OPENING])
    return str(entry_id)


def insert_bare(citizen_id: UUID, seal: Any) -> str:
    """The same bytes by an INSERT."""
    from consent.ids import uuid7

    now = datetime.now(UTC)
    entry_id = uuid7(now)
    with _bare("BEGIN") as send:
        send(
            _INSERT_BARE,
            [entry_id.bytes, citizen_id.bytes, _SEALED[:32], _SEALED[:32], *_columns(now, citizen_id, entry_id), _SEALED],
        )
    return str(entry_id)


def _columns(now: datetime, citizen_id: UUID, entry_id: UUID) -> list[bytes | None]:
    from consent import wire

    said: list[bytes | None] = [wire.timestamptz(now), b"agency:twin:read", b"benefits-office", b"benefit-application"]
    return [*said, wire.text_array(CATEGORIES), wire.uuid_array([citizen_id]), b"permit", entry_id.bytes, None]


@contextmanager
def _bare(begin: str) -> Iterator[Callable[[bytes, list[bytes | None]], None]]:
    """A transaction without Django and without cursors, so that nothing but the server's work tells two statements apart."""
    from django.db import connection

    connection.ensure_connection()
    driver = connection.connection.pgconn

    def done(result: Any) -> None:
        if result.error_message:
            raise RuntimeError(result.error_message)

    done(driver.exec_(begin.encode()))
    yield lambda statement, values: done(driver.exec_params(statement, values, None, [1] * len(values), 1))
    done(driver.exec_(b"COMMIT"))


def _insert(entry_id: UUID, citizen_id: UUID, now: datetime, sealed: bytes) -> str:
    from django.db import connection

    values = [entry_id, citizen_id, 1, _SEALED[:32], _SEALED[:32], now, "agency:twin:read", "benefits-office"]
    values += ["benefit-application", CATEGORIES, [citizen_id], "permit", entry_id, None, sealed]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
    return str(entry_id)


def seal_with(key: Any, plaintext: bytes, *, context: bytes) -> bytes:
    """As the vault seals once a citizen's key is open."""
    nonce = os.urandom(12)
    return nonce + bytes(key.encrypt(nonce, plaintext, context))


HOW = {
    "append": append,
    "insert": insert,
    "insert_sealed": insert_sealed,
    "append_bare": append_bare,
    "insert_bare": insert_bare,
}


def obey(orders: Connection) -> None:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    seal = partial(seal_with, AESGCM(bytes(32)))
    citizens = cycle([uuid4() for _ in range(100)])
    while (order := orders.recv()) is not None:
        one = HOW[order["how"]]
        write = partial(lambda one: one(next(citizens), seal), one)
        orders.send(at_pace(write, order["count"], order["pace"]) if "count" in order else flat_out(write, order["seconds"]))


def flat_out(write: Callable[[], str], seconds: float) -> float:
    begun, done = time.monotonic(), 0
    while True:
        write()
        done += 1
        if (passed := time.monotonic() - begun) >= seconds:
            return done / passed


def at_pace(write: Callable[[], str], count: int, pace: float) -> list[tuple[str, float]]:
    begun, made = time.monotonic(), []
    for number in range(count):
        time.sleep(max(0.0, begun + number * pace - time.monotonic()))
        made.append((write(), time.monotonic()))
    return made


def main() -> None:
    django.setup()
    fork = multiprocessing.get_context("fork")
    pipes = []
    for _ in range(int(sys.argv[1])):
        ours, theirs = fork.Pipe()
        fork.Process(target=obey, args=(theirs,), daemon=True).start()
        pipes.append(ours)
    for line in sys.stdin:
        for pipe in pipes:
            pipe.send(json.loads(line))
        print(json.dumps([pipe.recv() for pipe in pipes]), flush=True)
    for pipe in pipes:
        pipe.send(None)


if __name__ == "__main__":
    main()
