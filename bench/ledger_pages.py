"""My newest 50 in a log of 10^5 and 10^6 entries over two years (10^7 with --large), and the bytes of a million entries.

Rows are made in bulk by a superuser, as wide as those that readers append, their links true; what is measured is read as the service, in a citizen's
scope. A usual citizen has a hundred entries, the heavy one a hundredth of all. The peer reads the same page over all months by a plain statement.
Tables are UNLOGGED meanwhile, and two connections fill them: neither changes what a read costs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import psycopg

from bench.harness import Lap, Scale, column, interleave, percentile
from bench.ledger import sequencer
from bench.place import Place
from bench.results import Results

MONTHS = 24
EACH = 100
PAGE = 50
LATEST = 600
FILLERS = 2
SEALED_BYTES = 656

# A month's share of everybody's entries, by the time of the entry, as readers append them: a citizen's lie scattered over its pages. Ids are of that
# time.
_ENTRIES = """
INSERT INTO ledger_ledgerentry (
    id, citizen_id, seq, prev, commitment, at, event, actor, purpose, categories, consent_ids, decision, permit_id, source, sealed)
SELECT id, citizen, seq, CASE seq WHEN 1 THEN decode(repeat('00', 32), 'hex') ELSE sha256(uuid_send(citizen) || int8send(seq - 1)) END,
    sha256(uuid_send(citizen) || int8send(seq)), at, 'agency:twin:read', 'benefits-office', 'benefit-application',
    '{tax.income}', ARRAY[citizen], 'permit', id, NULL, %(sealed)s
FROM (
    SELECT uuidv7(at - clock_timestamp()) AS id, citizen, seq, at
    FROM (
        SELECT citizen, seq, now() - interval '1 minute'
            - make_interval(secs => 86400 * 30.4 * %(months)s * (1 - (seq - random()) / of_them)) AS at
        FROM (
            SELECT %(heavy)s::uuid AS citizen, seq, %(long)s::bigint AS of_them FROM generate_series(%(long_from)s::bigint, %(long_to)s::bigint) seq
            UNION ALL
            SELECT (lpad(to_hex(c), 8, '0') || %(tail)s)::uuid, seq, %(each)s::bigint
            FROM generate_series(1, %(citizens)s::bigint) c, generate_series(%(each_from)s::bigint, %(each_to)s::bigint) seq
        ) whose
        ORDER BY at
    ) when_
) made
"""
_HEADS = """
INSERT INTO ledger_head (citizen_id, seq, prev, commitment)
SELECT citizen, seq, sha256(uuid_send(citizen) || int8send(seq - 1)), sha256(uuid_send(citizen) || int8send(seq))
FROM (
    SELECT %(heavy)s::uuid AS citizen, %(long)s::bigint AS seq
    UNION ALL
    SELECT (lpad(to_hex(c), 8, '0') || %(tail)s)::uuid, %(each)s::bigint FROM generate_series(1, %(citizens)s::bigint) c
) whose
"""
_PARTS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'ledger_ledgerentry'::regclass ORDER BY 1"
_TREE = ("ledger_pending", "ledger_leaf", "ledger_tile")
_SIZES = """
SELECT (SELECT sum(pg_table_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'ledger_ledgerentry'::regclass)::bigint,
    (SELECT sum(pg_indexes_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'ledger_ledgerentry'::regclass)::bigint,
    pg_total_relation_size('ledger_tile'), pg_total_relation_size('ledger_leaf'),
    (SELECT count(*) FROM ledger_ledgerentry)
"""


def measure(results: Results, place: Place, scale: Scale) -> None:
    with place.admin() as admin:
        admin.execute("SELECT ledger_make_month((now() - make_interval(months => n))::date) FROM generate_series(1, %s) n", [MONTHS + 1])
        _empty(admin)
        _set(admin, "UNLOGGED")
        for power in scale.pick((5, 6, 7) if scale.large else (5, 6), (4,)):
            begun = time.monotonic()
            heavy, usual = _fill(place, admin, 10**power)
            print(f"ledger_pages: 10^{power} entries made in {time.monotonic() - begun:.0f} s", flush=True)
            _pages(results, scale, f"usual_{power}", usual)
            _pages(results, scale, f"heavy_{power}", [heavy])
            if power == scale.pick(6, 4):
                _size(results, place, admin)
        _empty(admin)
        _set(admin, "LOGGED")


def _fill(place: Place, admin: psycopg.Connection[Any], rows: int) -> tuple[UUID, list[UUID]]:
    """A log of so many entries in place of what is there: its heavy citizen, and fifty of the usual ones."""
    _empty(admin)
    heavy, tail, citizens = uuid4(), str(uuid4())[8:], (rows - rows // 100) // EACH
    made = {"long": rows // 100, "each": EACH, "citizens": citizens, "heavy": heavy, "tail": tail, "months": MONTHS}
    sealed = os.urandom(SEALED_BYTES)
    _at_once(place, [(_ENTRIES, {**made, **_shares(month, long=rows // 100, each=EACH), "sealed": sealed}) for month in range(MONTHS)])
    admin.execute(_HEADS, made)
    _at_once(place, [(f"VACUUM ANALYZE {table}", {}) for table in (*_parts(admin), "ledger_head")])
    admin.execute("ANALYZE ONLY ledger_ledgerentry")
    step = max(1, citizens // 50)
    return heavy, [UUID(f"{n:08x}{tail}") for n in range(1, citizens + 1, step)][:50]


def _shares(month: int, **lengths: int) -> dict[str, int]:
    """The first and the last number of each in this month."""
    first = {f"{name}_from": length * month // MONTHS + 1 for name, length in lengths.items()}
    return first | {f"{name}_to": length * (month + 1) // MONTHS for name, length in lengths.items()}


def _at_once(place: Place, statements: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Shared out among FILLERS connections."""

    def run(mine: Sequence[tuple[str, dict[str, Any]]]) -> None:
        with place.admin() as connection:
            connection.execute("SET work_mem = '256MB'; SET synchronous_commit = off")
            for sql, values in mine:
                connection.execute(sql, values or None)  # type: ignore[arg-type]

    with ThreadPoolExecutor(FILLERS) as pool:
        list(pool.map(run, [statements[n::FILLERS] for n in range(FILLERS)]))


def _pages(results: Results, scale: Scale, name: str, citizens: Sequence[UUID]) -> None:
    """The newest page, what it looks at of the chain, and the walk of all links; the peer: the same page by one statement over all months."""
    from consent.ledger import queries

    def over_all(citizen_id: UUID) -> object:
        return list(queries.visible(citizen_id).order_by("-seq")[:PAGE])

    def seen(citizen_id: UUID) -> object:
        return queries.look(citizen_id, shown=range(longest - PAGE + 1, longest + 1))

    def lap(read: Callable[[UUID], object], most: int = 40) -> Callable[[], Lap]:
        return lambda: _timed(citizens, read, scale.pick(most, 4))

    longest = _sound(citizens)
    contenders = {
        "page": lap(lambda citizen_id: queries.entries_for(citizen_id, limit=PAGE), 120),
        "all": lap(over_all),
        "look": lap(seen),
        "chain": lap(queries.my_sequence_is_unbroken),
    }
    laps = interleave(contenders, rounds=scale.pick(5, 1))
    kind, _, power = name.partition("_")
    results.ratio(f"ledger_page_{kind}_months_ratio_1e{power}", column(laps["page"], "p50"), column(laps["all"], "p50"), "ms")
    results.number(f"ledger_page_{kind}_p50_ms_1e{power}", column(laps["page"], "p50"), "ms")
    results.number(f"ledger_page_{kind}_p99_ms_1e{power}", column(laps["page"], "p99"), "ms")
    results.ratio(f"ledger_look_{kind}_ratio_1e{power}", column(laps["look"], "p50"), column(laps["chain"], "p50"), "ms")


def _sound(citizens: Sequence[UUID]) -> int:
    """How many entries each of them has. A quick answer about a log that is not one says nothing."""
    from consent.ledger import queries
    from consent.scope import citizen_scope

    lengths = set()
    for citizen_id in citizens:
        with citizen_scope(citizen_id):
            walked, newest = queries.my_sequence_is_unbroken(citizen_id), queries.entries_for(citizen_id, limit=PAGE)
            assert walked.unbroken and [entry.seq for entry in newest] == list(range(walked.length, walked.length - len(newest), -1))
            assert queries.look(citizen_id, shown=[entry.seq for entry in newest]) == queries.Look(complete=True, linked=True)
            lengths.add(walked.length)
    (length,) = lengths
    return length


def _timed(citizens: Sequence[UUID], read: Callable[[UUID], object], most: int) -> Lap:
    """Milliseconds of a read in an open scope; after a second no more are begun."""
    from consent.scope import citizen_scope

    took: list[float] = []
    begun = time.monotonic()
    for n in range(most):
        citizen_id = citizens[n % len(citizens)]
        with citizen_scope(citizen_id):
            start = time.perf_counter()
            read(citizen_id)
            took.append(1000 * (time.perf_counter() - start))
        if time.monotonic() - begun > 1:
            break
    return {"p50": percentile(took, 0.5), "p99": percentile(took, 0.99)}


def _size(results: Results, place: Place, admin: psycopg.Connection[Any]) -> None:
    """Bytes of a million entries: rows, their indexes, and of the tree its tiles and leaves, which the sequencer makes of them."""
    # What is there of entries that are gone by now is not of these.
    _, _, *earlier, _ = admin.execute(_SIZES).fetchone() or ()
    admin.execute("INSERT INTO ledger_pending (entry_id, commitment) SELECT id, commitment FROM ledger_ledgerentry ORDER BY id")
    with sequencer(place) as process:
        deadline = time.monotonic() + LATEST
        while admin.execute("SELECT EXISTS (SELECT FROM ledger_pending)").fetchone() != (False,):
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError("the sequencer does not get through, or does not run")
            time.sleep(0.2)
    *found, rows = admin.execute(_SIZES).fetchone() or ()
    for what, size, before in zip(("rows", "indexes", "tiles", "leaves"), found, (0, 0, *earlier), strict=True):
        results.number(f"ledger_million_{what}_mb", [(size - before) / rows], "MB")  # bytes of one are megabytes of a million


def _parts(admin: psycopg.Connection[Any]) -> list[str]:
    return [str(name) for (name,) in admin.execute(_PARTS).fetchall()]


def _set(admin: psycopg.Connection[Any], how: str) -> None:
    for table in (*_parts(admin), "ledger_head", *_TREE):
        admin.execute(f"ALTER TABLE {table} SET {how}")  # type: ignore[arg-type]


def _empty(admin: psycopg.Connection[Any]) -> None:
    admin.execute("SET session_replication_role = replica")
    admin.execute("TRUNCATE ledger_ledgerentry, ledger_head")
    admin.execute("RESET session_replication_role")
