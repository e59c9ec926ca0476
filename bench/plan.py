"""What planning costs a pull that is due, among ten thousand connections, a hundred thousand and a million.

On a server of its own, which has nothing else in it. So many connections, each with two feeds, the last pull and its parts, lie there in three orders
that have nothing to do with each other: that in which citizens connected, that of their last pulls, and that in which they are due. A few are due at a
time, and are planned as the beat plans them.

Before each time comes a checkpoint. After one, a page that is written to goes into the journal whole: in the long run, with as many more due as there are more connections, that is
about one page for each row and index at any size. Many due of few connections would share pages, and make few look cheaper than they are.

Each size twice: with the buffers that docs/operations/database.md advises, warm, and with the 128 MB of the embedded server.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
from django.db import connection

from aurora.database_url import DatabaseUrl
from aurora.embedded import Services, forget, provide
from aurora.embedded.postgres import BUFFERS
from aurora.sources import feeds
from aurora.sources.models import DataSource
from bench.caller import database_pid, processor_time
from bench.harness import Scale
from bench.place import Place, migrate
from bench.pulls import SOURCE, register
from bench.results import Results
from consent.models import Agency

ADVISED = "4GB"
DUE, TIMES = 50, 8  # at once, and how often in a round
BASE = datetime(2026, 1, 1, tzinfo=UTC)
WARM_UPS = 2
Laps = dict[str, list[dict[str, float]]]

# Foreign keys and triggers are off meanwhile. A prime that divides no power of ten makes an order of its own of 0 ... size - 1: `k` is a connection's
# place among the last pulls, and `n` its own number, which comes back from it by `inverse`.
_PULL_ID = "overlay(md5('pull' || k) placing lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' FROM 1)::uuid"
_PULL_AT = "%(base)s - interval '3 days' * (1 - k::double precision / %(size)s) AS at"
_PULL_ORDER = 7919
_FILL = (
    "TRUNCATE identity_citizen CASCADE",
    """
INSERT INTO identity_citizen (id, subject_hmac, national_id_sealed, name_sealed, language, session_epoch, created_at)
SELECT md5('citizen' || n)::uuid, sha256(('citizen' || n)::bytea), sha256('n'), sha256('m'), 'fi', 0, now() FROM generate_series(0, %(size)s - 1) n
""",
    f"""
INSERT INTO sources_connection (
    id, citizen_id, source_id, state, access_token_sealed, refresh_token_sealed, access_expires_at, connected_at, newest_pull
)
SELECT md5('connection' || n)::uuid, md5('citizen' || n)::uuid, %(source)s, 'live', decode(repeat('5a', 160), 'hex'), decode(repeat('a5', 96), 'hex'),
    now(), now(), {_PULL_ID}
FROM generate_series(0, %(size)s - 1) n, LATERAL (SELECT (n * %(inverse)s::bigint) %% %(size)s AS k) place, LATERAL (SELECT {_PULL_AT}) time
""",
    """
INSERT INTO sources_feed (connection_id, citizen_id, source_id, category, mark_sealed, seen_at, due_at, error)
SELECT md5('connection' || n)::uuid, md5('citizen' || n)::uuid, %(source)s, category, decode(repeat('3c', 120), 'hex'), now(),
    %(base)s + ((n * 104729::bigint + 777) %% %(size)s) * interval '1 second', ''
FROM generate_series(0, %(size)s - 1) n, unnest(ARRAY['tax.income', 'tax.property']) category
""",
    f"""
INSERT INTO sources_pull (id, citizen_id, connection_id, source_id, priority, state, attempt, due_at, error, created_at, started_at, finished_at)
SELECT {_PULL_ID}, md5('citizen' || n)::uuid, md5('connection' || n)::uuid, %(source)s, 1, 'done', 1, at, '', at, at, at
FROM generate_series(0, %(size)s - 1) k, LATERAL (SELECT (k * %(order)s::bigint) %% %(size)s AS n, {_PULL_AT}) time
""",
    """
INSERT INTO sources_pullpart (pull_id, citizen_id, category, state, facts, error)
SELECT id, citizen_id, category, 'done', 7, ''
FROM sources_pull, unnest(ARRAY['tax.income', 'tax.property']) category ORDER BY id
""",
)


def measure(results: Results, place: Place, scale: Scale) -> None:
    sizes = scale.pick({"1e4": 10_000, "1e5": 100_000} | ({"1e6": 1_000_000} if scale.large else {}), {"1e2": 100, "1e3": 1_000})
    state = place.state / "plan"
    advised: Laps = {}
    small: Laps = {}
    with ExitStack() as stack:
        stack.callback(forget, state)
        for name, size in sizes.items():
            for buffers, found in ((scale.pick(ADVISED, BUFFERS), advised), (BUFFERS, small)):
                with _server(place, state, scale, buffers) as services, psycopg.connect(services.admin_url or "", autocommit=True) as admin:
                    if found is advised:
                        fill(admin, size)
                    found[name] = _laps(admin, scale, after=0 if found is advised else scale.rounds + WARM_UPS)
    for ending, found in (("", advised), ("_128mb", small)):
        for name in sizes:
            results.number(f"plan_us_{name}{ending}", [lap["cpu"] for lap in found[name]], "us")
        first, *_, last = sizes
        # One size after the other: rounds do not belong together, so the cheapest stands against the cheapest.
        results.ratio(f"plan_cost_growth{ending}", *(sorted(lap["cpu"] for lap in found[name]) for name in (last, first)), "us")
    results.number("plan_wall_us", [lap["wall"] for lap in advised[last]], "us")


def fill(admin: psycopg.Connection[Any], size: int) -> None:
    """Only so many connections, and nothing of what was there."""
    agency = Agency.objects.get(code=SOURCE)
    values = {"size": size, "source": agency.pk, "base": BASE, "order": _PULL_ORDER, "inverse": pow(_PULL_ORDER, -1, size)}
    admin.execute("SET session_replication_role = replica")
    for statement in _FILL:
        admin.execute(statement, values)
    admin.execute("VACUUM (ANALYZE)")


@contextmanager
def _server(place: Place, state: Path, scale: Scale, buffers: str) -> Iterator[Services]:
    """Django's connection leads there meanwhile. The first time, tables and one source are made."""
    begun = state.exists()
    theirs = {"BROKER_URL": place.services.broker_url, "CACHE_URL": place.services.cache_url}
    with provide(state, theirs, durable=not scale.quick, buffers=buffers) as services:
        if not begun:
            migrate({**place.ours, **services.environ()})
        connection.close()
        kept, url = dict(connection.settings_dict), DatabaseUrl.parse(services.database_url)
        connection.settings_dict.update(NAME=url.name, USER=url.user, HOST=url.host)
        try:
            if not begun:
                Agency.objects.create(code=SOURCE, name=dict.fromkeys(("fi", "sv", "en"), SOURCE))
                register(1)
            yield services
        finally:
            connection.close()
            connection.settings_dict.update(kept)


def _laps(admin: psycopg.Connection[Any], scale: Scale, *, after: int) -> list[dict[str, float]]:
    """`after`: so many rounds have been planned already."""
    source, pid = DataSource.objects.select_related("agency").get(), database_pid()
    due, times = scale.pick((DUE, TIMES), (5, 2))
    laps = []
    for number in range(after, after + scale.rounds + WARM_UPS):
        spent = {"cpu": 0.0, "wall": 0.0}
        for time in range(times):
            admin.execute("CHECKPOINT")
            now, made = BASE + timedelta(seconds=(number * times + time + 1) * due - 1), 0
            cpu, wall = processor_time(pid), perf_counter()
            while some := feeds.plan(source=source, now=now, most=500):
                made += len(some)
            spent["cpu"] += processor_time(pid) - cpu
            spent["wall"] += perf_counter() - wall
            if made != due:
                raise RuntimeError(f"{made} pulls were planned, and {due} due")
        laps.append({name: seconds * 1e6 / (due * times) for name, seconds in spent.items()})
    return laps[WARM_UPS:]
