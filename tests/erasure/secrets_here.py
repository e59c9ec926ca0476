"""What must not be found of somebody who lived here, in this test process: what they told, every sealed value opened, every key, salt and mark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection

from aurora.exports.models import Export
from aurora.exports.rows import key_of
from aurora.identity import keys, vault
from aurora.identity.models import Citizen, DataKey, FormerKey
from aurora.journeys._sealed_columns import OF_CITIZENS
from aurora.twin.models import Fact
from aurora.twin.sealing import opened
from consent.ledger import queries as ledger
from consent.ledger.models import LedgerEntry
from consent.scope import citizen_scope
from tests.erasure.going import admin
from tests.erasure.lived import Lived

SEALED = "sealed "
"""Names of what nobody can open any more: it may lie in freed places of files, but in no table."""
NUMBER, PSEUDONYM = "number", "pseudonym"
MEASURE = 40
"""Of a value that was sealed, so many bytes from its middle are looked for: it may have been written in pieces."""


IDENTIFIER = "id "
"""Names of the identifiers of the citizen's rows: they are in messages and agencies have some. No row may bear one that still leads somewhere."""


def secrets_of(them: Lived) -> dict[str, bytes]:
    """By name. What begins with `sealed ` only proves something of tables; `number` is the citizen's, as text and as bytes."""
    who = them.id
    found = {name: text.encode() for name, text in them.told.items()}
    found |= {"name": them.person.name.encode(), "national id": them.person.national_id.encode(), "passphrase": them.passphrase.encode()}
    found |= {NUMBER: str(who).encode(), f"{NUMBER} as bytes": who.bytes, f"{SEALED}copy": them.copy[:4096][-64:]}
    found |= dict(_identifiers(who))
    found |= dict(_of_operators(who))
    for agency in ("benefits-office", "population-register", "hospital"):
        found[f"{PSEUDONYM} at {agency}"] = keys.pairwise(citizen_id=who, agency=agency).encode()
    with citizen_scope(who):
        found |= dict(_keys(who))
        found |= dict(_values(who))
        found |= dict(_columns(who))
        found["key of the copy"] = key_of(Export.objects.get(citizen_id=who))
        for entry in ledger.entries_for(who, limit=1000):
            found[f"salt of entry {entry.seq}"] = ledger.open_entry(entry, partial(vault.open_sealed, citizen_id=who)).salt
    return found


def _keys(who: UUID) -> Iterator[tuple[str, bytes]]:
    person, key = Citizen.objects.get(pk=who), DataKey.objects.get(pk=who)
    context = b"data-key:" + who.bytes
    yield "subject hmac", bytes(person.subject_hmac)
    yield "wrapped key", bytes(key.wrapped)
    yield "data key", keys.open_for_platform(bytes(key.wrapped), context=context)
    yield "wrapped marking key", bytes(key.marking_wrapped)
    yield "marking key", keys.open_for_platform(bytes(key.marking_wrapped), context=b"marking-key:" + who.bytes)
    [former] = FormerKey.objects.filter(citizen_id=who)
    yield "wrapped former key", bytes(former.wrapped)
    yield "former key", keys.open_for_platform(bytes(former.wrapped), context=context)


def _values(who: UUID) -> Iterator[tuple[str, bytes]]:
    for fact in Fact.objects.filter(citizen_id=who):
        yield f"{SEALED}mark {fact.pk}", bytes(fact.mark)
        key, value = opened(fact, citizen_id=who)
        yield f"fact {fact.pk} {fact.category}.{key}", json.dumps([key, value]).encode()


def _columns(who: UUID) -> Iterator[tuple[str, bytes]]:
    """Of every column that is sealed for a citizen: what lies there, and what it says."""
    with connection.cursor() as cursor:
        for column in OF_CITIZENS:
            wanted = ", ".join(f'"{name}"' for name in (column.key, column.column, *column.of))
            cursor.execute(f'SELECT {wanted} FROM "{column.table}" WHERE "{column.citizen}" = %s AND length("{column.column}") > 0', [who])
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            for key, sealed, *values in rows:
                named = f"{column.table}.{column.column} {key}"
                yield f"{SEALED}{named}", _middle(bytes(sealed))
                plain = vault.open_sealed(sealed, citizen_id=who, context=column.context(*values))
                # What is shorter others have too: a kind, a word. Of an entry the public has most: its salt is what nobody may have.
                if len(plain) >= 16 and column.model is not LedgerEntry:
                    yield f"plain {named}", _middle(plain)


def _identifiers(who: UUID) -> Iterator[tuple[str, bytes]]:
    with admin() as database:
        tables = database.execute(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'citizen_id' "
            "JOIN pg_attribute i ON i.attrelid = c.oid AND i.attname = 'id' AND i.atttypid = 'uuid'::regtype "
            "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
        ).fetchall()
        for (table,) in tables:
            for (one,) in database.execute(f"SELECT id FROM {table} WHERE citizen_id = %s", [who]).fetchall():  # type: ignore[arg-type]
                yield f"{IDENTIFIER}of {table} {one}", str(one).encode()


def _of_operators(who: UUID) -> Iterator[tuple[str, bytes]]:
    """Sealed for the platform, whose key stays: it must be gone as if it lay in the clear."""
    with admin() as database:
        for text, digest in database.execute(
            "SELECT r.text_sealed, r.who_digest FROM consent_breakglass_request r JOIN consent_breakglass_subject s ON s.request_id = r.id "
            "WHERE s.citizen_id = %s",
            [who],
        ).fetchall():
            yield "operator's words", _middle(bytes(text))
            yield "operator's digest", bytes(digest)


def _middle(value: bytes) -> bytes:
    start = max(0, (len(value) - MEASURE) // 2)
    return value[start : start + MEASURE]
