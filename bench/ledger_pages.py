"""My newest 50 in a log of 10^5 and 10^6 entries over two years (10^7 with --large), and the bytes of a million entries.

Rows are made in bulk by a superuser, as wide as those that readers append; what is measured is read as the service, in a citizen's scope.
A usual citizen has a hundred entries, the heavy one a hundredth of all. The peer reads the same page over all months at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
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

# By the time of the entry, as readers append them: a citizen's lie scattered over each month's pages. Ids are of that time.
_ENTRIES = """
INSERT INTO ledger_ledgerentry (
    id, citizen_id, seq, prev, commitment, at, event, actor, purpose, categories, consent_ids, decision, permit_id, source, sealed)
SELECT id, citizen, seq, sha256(uuid_send(id)), sha256(uuid_send(id)), at, 'agency:twin:read', 'benefits-office', 'benefit-application',
    '{tax.income}', ARRAY[citizen], 'permit', id, NULL, decode(repeat(md5(id::text), 41), 'hex')
FROM (
    SELECT (left(ledger_first_id(at)::text, 14) || '7' || substr(gen_random_uuid()::text, 16))::uuid AS id, citizen, seq, at
    FROM (
        SELECT citizen, seq, now() - interval '1 minute'
            - make_interval(secs => 86400 * 30.4 * %(months)s * (1 - (seq - random()) / of_them)) AS at
        FROM (
            SELECT %(heavy)s::uuid AS citizen, seq, %(rows)s / 100 AS of_them FROM generate_series(1, %(rows)s / 100) seq
            UNION ALL
            SELECT (lpad(to_hex(c), 8, '0') || %(tail)s)::uuid, seq, %(each)s
            FROM generate_series(1, %(citizens)s) c, generate_series(1, %(each)s) seq
        ) whose
        ORDER BY at
    ) when_
) made
"""
_HEADS = """
INSERT INTO ledger_head (citizen_id, seq, prev, commitment)
SELECT DISTINCT ON (citizen_id) citizen_id, seq, prev, commitment FROM ledger_ledgerentry ORDER BY citizen_id, seq DESC
"""
_SIZES = """
SELECT (SELECT sum(pg_table_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'ledger_ledgerentry'::regclass)::bigint,
    (SELECT sum(pg_indexes_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'ledger_ledgerentry'::regclass)::bigint,
    pg_total_relation_size('ledger_tile'), pg_total_relation_size('ledger_leaf'),
    (SELECT count(*) FROM ledger_ledgerentry)
"""


def measure(results: Results, place: Place, scale: Scale) -> None:
    with place.admin() as admin:
        admin.execute("SELECT ledger_make_month((now() - make_interval(months => n))::date) FROM generate_series(1, %s) n", [MONTHS + 1])
        for power in scale.pick((5, 6, 7) if scale.large else (5, 6), (3,)):
            heavy, usual = _fill(admin, 10**power)
            _pages(results, scale, f"usual_{power}", usual)
            _pages(results, scale, f"heavy_{power}", [heavy])
            if power == scale.pick(6, 3):
                _size(results, place, admin)
        _empty(admin)


def _fill(admin: psycopg.Connection[Any], rows: int) -> tuple[UUID, list[UUID]]:
    """A log of so many entries in place of what is there: its heavy citizen, and fifty of the usual ones."""
    _empty(admin)
    heavy, tail, citizens = uuid4(), str(uuid4())[8:], (rows - rows // 100) // EACH
    admin.execute(_ENTRIES, {"rows": rows, "each": EACH, "citizens": citizens, "heavy": heavy, "tail": tail, "months": MONTHS})
    admin.execute(_HEADS)
    admin.execute("VACUUM ANALYZE ledger_ledgerentry")
    step = max(1, citizens // 50)
    return heavy, [UUID(f"{n:08x}{tail}") for n in range(1, citizens + 1, step)][:50]


def _pages(results: Results, scale: Scale, name: str, citizens: Sequence[UUID]) -> None:
    """The newest page, and the walk of the whole chain; the peer: the same page by one statement over all months."""
    from consent.ledger import queries

    def over_all(citizen_id: UUID) -> object:
        return list(queries.visible(citizen_id).order_by("-seq")[:PAGE])

    def lap(read: Callable[[UUID], object]) -> Callable[[], Lap]:
        return lambda: _timed(citizens, read, scale.pick(200, 4))

    contenders = {
        "page": lap(lambda citizen_id: queries.entries_for(citizen_id, limit=PAGE)),
        "all": lap(over_all),
        "chain": lap(queries.my_sequence_is_unbroken),
    }
    laps = interleave(contenders, rounds=scale.pick(5, 1))
    kind, _, power = name.partition("_")
    results.ratio(f"ledger_page_{kind}_months_ratio_1e{power}", column(laps["page"], "p50"), column(laps["all"], "p50"), "ms")
    results.number(f"ledger_page_{kind}_p50_ms_1e{power}", column(laps["page"], "p50"), "ms")
    results.number(f"ledger_page_{kind}_p99_ms_1e{power}", column(laps["page"], "p99"), "ms")
    results.number(f"ledger_chain_{kind}_p50_ms_1e{power}", column(laps["chain"], "p50"), "ms")


def _timed(citizens: Sequence[UUID], read: Callable[[UUID], object], most: int) -> Lap:
    """Milliseconds of a read in an open scope; after two seconds no more are begun."""
    from consent.scope import citizen_scope

    took: list[float] = []
    begun = time.monotonic()
    for n in range(most):
        citizen_id = citizens[n % len(citizens)]
        with citizen_scope(citizen_id):
            start = time.perf_counter()
            read(citizen_id)
            took.append(1000 * (time.perf_counter() - start))
        if time.monotonic() - begun > 2:
            break
    return {"p50": percentile(took, 0.5), "p99": percentile(took, 0.99)}


def _size(results: Results, place: Place, admin: psycopg.Connection[Any]) -> None:
    """Bytes of a million entries: rows, their indexes, and of the tree its tiles and leaves, which the sequencer makes of them."""
    # What is there of entries that are gone by now is not of these.
    _, _, *earlier, _ = admin.execute(_SIZES).fetchone() or ()
    admin.execute("INSERT INTO ledger_pending (entry_id, commitment) SELECT id, commitment FROM ledger_ledgerentry ORDER BY id")
    with sequencer(place):
        deadline = time.monotonic() + LATEST
        while admin.execute("SELECT EXISTS (SELECT FROM ledger_pending)").fetchone() != (False,):
            if time.monotonic() > deadline:
                raise RuntimeError("the sequencer does not get through")
            time.sleep(0.2)
    *found, rows = admin.execute(_SIZES).fetchone() or ()
    for what, size, before in zip(("rows", "indexes", "tiles", "leaves"), found, (0, 0, *earlier), strict=True):
        results.number(f"ledger_million_{what}_mb", [(size - before) / rows], "MB")  # bytes of one are megabytes of a million


def _empty(admin: psycopg.Connection[Any]) -> None:
    admin.execute("SET session_replication_role = replica")
    admin.execute("TRUNCATE ledger_ledgerentry, ledger_head")
    admin.execute("RESET session_replication_role")
