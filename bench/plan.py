"""What planning costs a pull that is due, among ten thousand connections, a hundred thousand and a million.

On a server of its own, which has nothing else in it. So many connections, each with two feeds, the last pull and its parts, lie there in three orders
that have nothing to do with each other: that in which citizens connected, that of their last pulls, and that in which they are due. A few are due at a
time, and are planned as the beat plans them.

Before each time comes a checkpoint. After one, a page that is written to goes into the journal whole, so it counts how many of those that are due share
pages. Two ways: one of two hundred connections is due at a time at any size, as many more of more (`plan_cost_growth`), which is what a day of theirs is
like; and fifty at any size (`plan_cost_growth_few`), of which among a million none shares a page with another: the worst that can be.

The server has the buffers that docs/operations/database.md advises.
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
FEW, SHARE = 50, 200  # so many at once, or one of so many
ENOUGH = 400  # pulls in a round, for the clock of the processor's time
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
    sizes = scale.pick({"1e4": 10_000, "1e5": 100_000} | ({"1e6": 1_000_000} if scale.large else {}), {"1e3": 1_000, "2e3": 2_000})
    state = place.state / "plan"
    share: Laps = {}
    few: Laps = {}
    with ExitStack() as stack:
        stack.callback(forget, state)
        for name, size in sizes.items():
            with _server(place, state, scale) as services, psycopg.connect(services.admin_url or "", autocommit=True) as admin:
                fill(admin, size)
                planner = _Planner(admin, BASE, enough=scale.pick(ENOUGH, 10))
                share[name] = planner.rounds(scale.rounds, scale.pick(size // SHARE, 5))
                few[name] = planner.rounds(scale.rounds, scale.pick(FEW, 5))
    first, *_, last = sizes
    for ending, found in (("", share), ("_few", few)):
        for name in sizes:
            results.number(f"plan_us_{name}{ending}", [lap["cpu"] for lap in found[name]], "us")
        # One size after the other: rounds do not belong together, so the cheapest stands against the cheapest.
        results.ratio(f"plan_cost_growth{ending}", *(sorted(lap["cpu"] for lap in found[name]) for name in (last, first)), "us")
    results.number("plan_wall_us", [lap["wall"] for lap in share[last]], "us")


def fill(admin: psycopg.Connection[Any], size: int) -> None:
    """Only so many connections, and nothing of what was there."""
    agency = Agency.objects.get(code=SOURCE)
    values = {"size": size, "source": agency.pk, "base": BASE, "order": _PULL_ORDER, "inverse": pow(_PULL_ORDER, -1, size)}
    admin.execute("SET session_replication_role = replica")
    for statement in _FILL:
        admin.execute(statement, values)
    admin.execute("VACUUM (ANALYZE)")


@contextmanager
def _server(place: Place, state: Path, scale: Scale) -> Iterator[Services]:
    """Django's connection leads there meanwhile. The first time, tables and one source are made."""
    begun = state.exists()
    theirs = {"BROKER_URL": place.services.broker_url, "CACHE_URL": place.services.cache_url}
    with provide(state, theirs, durable=not scale.quick, buffers=scale.pick(ADVISED, BUFFERS)) as services:
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


class _Planner:
    """The beat, with a clock of its own: no connection is due twice."""

    def __init__(self, admin: psycopg.Connection[Any], now: datetime, *, enough: int) -> None:
        self._admin, self._now, self._enough = admin, now, enough
        self._source, self._pid = DataSource.objects.select_related("agency").get(), database_pid()

    def rounds(self, many: int, due: int) -> list[dict[str, float]]:
        """So many at once are due. Microseconds a pull, of the database's processor and of the clock."""
        times = max(1, self._enough // due)
        laps = [self._round(due, times) for _ in range(WARM_UPS + many)]
        return laps[WARM_UPS:]

    def _round(self, due: int, times: int) -> dict[str, float]:
        spent = {"cpu": 0.0, "wall": 0.0}
        for _ in range(times):
            self._admin.execute("CHECKPOINT")
            # One connection each second, the first at `BASE`.
            until, self._now, made = self._now + timedelta(seconds=due - 1), self._now + timedelta(seconds=due), 0
            cpu, wall = processor_time(self._pid), perf_counter()
            while some := feeds.plan(source=self._source, now=until, most=500):
                made += len(some)
            spent["cpu"] += processor_time(self._pid) - cpu
            spent["wall"] += perf_counter() - wall
            if made != due:
                raise RuntimeError(f"{made} pulls were planned, and {due} due")
        return {name: seconds * 1e6 / (due * times) for name, seconds in spent.items()}
