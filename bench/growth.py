"""What an agency's read, suggestions, a pull, a read of the twin and a copy of everything cost among a million citizens, against the same among ten thousand.

The many are made in bulk, with all rows that one has who connected a source, gave two consents and was read by an agency once; what is
measured is done to citizens made one by one among them, new ones for each measurement. The two sizes are measured one after the other, as one
database grows: what else the machine did meanwhile is in the figures. What planning costs has a group of its own, `plan`, with more of what it touches.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

import psycopg
from django.utils import timezone

from aurora.journeys import export, pull, suggest
from aurora.twin import write
from bench import pulls, world
from bench.export import asked
from bench.harness import Scale
from bench.place import Partner, Place
from bench.reads import our_read
from bench.results import Results
from consent import services
from consent.models import Agency
from consent.scope import citizen_scope

SMALL, BIG = 10_000, 1_000_000
STEP = 100_000  # so many citizens a statement
FACTS = 7
PULLED = 20
SUGGESTIONS = "service-suggestions"

# Triggers and foreign keys are off meanwhile: they would be checked a million times for nothing.
_FILL = (
    """
INSERT INTO identity_citizen (id, subject_hmac, national_id_sealed, name_sealed, language, session_epoch, created_at)
SELECT md5('citizen' || n)::uuid, sha256(('citizen' || n)::bytea), sha256('n'), sha256('m'), 'fi', 0, now() FROM generate_series(%(first)s, %(after)s - 1) n
""",
    """
INSERT INTO vault.data_key (citizen_id, wrapped, marking_wrapped, kek_id, version, created_at)
SELECT md5('citizen' || n)::uuid, sha256(('w' || n)::bytea) || sha256(('x' || n)::bytea), sha256(('m' || n)::bytea) || sha256(('x' || n)::bytea), 'bench', 1, now() FROM generate_series(%(first)s, %(after)s - 1) n
""",
    """
INSERT INTO sources_connection (id, citizen_id, source_id, state, access_token_sealed, access_expires_at, connected_at, newest_pull)
SELECT md5('connection' || n)::uuid, md5('citizen' || n)::uuid, %(source)s, 'live', sha256('a') || sha256('b'), now(), now(), md5('pull' || n)::uuid
FROM generate_series(%(first)s, %(after)s - 1) n
""",
    """
INSERT INTO sources_feed (connection_id, citizen_id, source_id, category, mark_sealed, seen_at, due_at, error)
SELECT md5('connection' || n)::uuid, md5('citizen' || n)::uuid, %(source)s, 'tax.income', decode(repeat('3c', 120), 'hex'), now(),
    now() + interval '1 day' * (1 + random()), ''
FROM generate_series(%(first)s, %(after)s - 1) n
""",
    """
INSERT INTO sources_pull (id, citizen_id, connection_id, source_id, priority, state, attempt, due_at, error, created_at, started_at, finished_at)
SELECT md5('pull' || n)::uuid, md5('citizen' || n)::uuid, md5('connection' || n)::uuid, %(source)s, 1, 'done', 1, now(), '', now(), now(), now()
FROM generate_series(%(first)s, %(after)s - 1) n
""",
    """
INSERT INTO sources_pullpart (pull_id, citizen_id, category, state, facts, error)
SELECT md5('pull' || n)::uuid, md5('citizen' || n)::uuid, 'tax.income', 'done', %(facts)s, '' FROM generate_series(%(first)s, %(after)s - 1) n
""",
    """
INSERT INTO consent_consentrecord (
    id, citizen_id, recipient_id, source_id, purpose_id, purpose_version_id, categories, category_versions, notice_id, state, once, spent, withdrawn,
    decided_at, not_before, expires_at, ended_at, ended_by
)
SELECT md5('consent' || w.place || '-' || n)::uuid, md5('citizen' || n)::uuid, w.recipient, %(source)s, w.purpose, v.id,
    %(categories)s::varchar[], '{}', %(notice)s, 'given', false, '{}', '{}',
    now() - interval '1 day', now() - interval '1 day', now() + interval '30 days', NULL, ''
FROM generate_series(%(first)s, %(after)s - 1) n
CROSS JOIN (VALUES (1, %(aurora)s::uuid, 'service-suggestions'), (2, %(office)s::uuid, 'benefit-application')) w(place, recipient, purpose)
JOIN consent_purposeversion v ON v.purpose_id = w.purpose AND v.version = 1
""",
    """
INSERT INTO consent_oauth_grant (id, citizen_id, client_id, created_at)
SELECT md5('grant' || n)::uuid, md5('citizen' || n)::uuid, %(client)s, now() FROM generate_series(%(first)s, %(after)s - 1) n
""",
    """
INSERT INTO consent_oauth_grantpart (grant_id, citizen_id, consent_id, added_at)
SELECT md5('grant' || n)::uuid, md5('citizen' || n)::uuid, md5('consent2-' || n)::uuid, now() FROM generate_series(%(first)s, %(after)s - 1) n
""",
    """
INSERT INTO consent_oauth_accesstoken (
    digest, citizen_id, client_id, grant_id, created_at, expires_at, code_digest, revoked_reason, consent_id, detail, jkt, audience
)
SELECT sha256(('token' || n)::bytea), md5('citizen' || n)::uuid, %(client)s, md5('grant' || n)::uuid, now(), now() + interval '6 hours',
    sha256(('code' || n)::bytea), '', md5('consent2-' || n)::uuid, '{}', repeat('j', 43), ''
FROM generate_series(%(first)s, %(after)s - 1) n
""",
    """
INSERT INTO twin_fact (id, citizen_id, category, category_version, mark, sealed, provenance, source, pull_id, observed_at, recorded_at, derived_through)
SELECT md5('fact' || n || '-' || k)::uuid, md5('citizen' || n)::uuid, 'tax.income', 1, substring(sha256(('key' || n || k)::bytea) FOR 16), sha256(('v' || n || k)::bytea), 'reported', 'tax-administration',
    md5('pull' || n)::uuid, now(), now(), '{}'
FROM generate_series(%(first)s, %(after)s - 1) n, generate_series(1, %(facts)s) k
""",
)


def measure(results: Results, place: Place, scale: Scale) -> None:
    small, big = scale.pick((SMALL, BIG), (200, 1_000))
    pulls.prepare(place)
    found: dict[int, dict[str, list[float]]] = {}
    filled = 0
    with (
        Partner("bench.source", dict(place.ours), place.log("source")) as source,
        Partner("bench.caller", place.ours, place.log("web")) as web,
    ):
        pulls.register(int(source.ask({})["port"]))
        for size in (small, big):
            _fill(place, filled, size)
            filled = size
            found[size] = _measured(web, scale)
    for name in found[small]:
        results.ratio(f"growth_{name}", found[big][name], found[small][name], "ms")


def _fill(place: Place, first: int, after: int) -> None:
    """Rows of so many more citizens in the database of `place`."""
    agencies = {agency.code: agency.pk for agency in Agency.objects.all()}
    values: dict[str, Any] = {
        "source": agencies[pulls.SOURCE], "aurora": agencies["aurora"], "office": agencies[world.OFFICE], "client": world.client().pk,
        "notice": world.notice().pk,
    }  # fmt: skip
    with place.admin() as admin:
        fill(admin, first, after, values)


def fill(admin: psycopg.Connection[Any], first: int, after: int, values: Mapping[str, Any], *, step: int = STEP) -> None:
    """Rows of citizens from number `first` to before `after`. `values`: keys of the agencies `source`, `aurora` and `office`, of the office's `client`,
    and of a `notice`."""
    admin.execute("SET session_replication_role = replica")
    for start in range(first, after, step):
        for statement in _FILL:
            numbers = {"categories": [world.CATEGORY], "facts": FACTS, "first": start, "after": min(start + step, after)}
            admin.execute(statement, {**values, **numbers})
    admin.execute("VACUUM (ANALYZE)")
    admin.execute("CHECKPOINT")


def _measured(web: Partner, scale: Scale) -> dict[str, list[float]]:
    """By what is done, the median's milliseconds of each round."""
    found: dict[str, list[float]] = {"agency_read": [], "suggest": [], "pull": [], "twin_read": [], "export": []}
    many = scale.pick(60, 3)
    office = world.more_tokens(many)
    held = [pulls.holding(20) for _ in range(many)]
    for number in range(scale.rounds + 1):
        read = statistics.median([web.ask([our_read(office)])["wall"] / 1000 for _ in range(many)])
        suggested = _each(_suggest, [_ready_for_suggestions() for _ in range(scale.pick(20, 2))])
        people = [pulls.connected(pulls.number(), PULLED) for _ in range(scale.pick(20, 2))]
        pulled = _each(lambda pull_id: pull.run(pull_id=pull_id), [pulls.due(person) for person in people])
        if number:  # the first round warms up
            for name, value in (
                ("agency_read", read),
                ("suggest", suggested),
                ("pull", pulled),
                ("twin_read", _each(pulls.through_door, held)),
                ("export", _each(lambda export_id: export.run(export_id=export_id), [asked(one) for one in held[: scale.pick(5, 1)]])),
            ):
                found[name].append(value)
    return found


def _each(action: Callable[[UUID], object], inputs: Sequence[UUID]) -> float:
    times = []
    for one in inputs:
        begun = perf_counter()
        action(one)
        times.append(perf_counter() - begun)
    return statistics.median(times) * 1000


def _suggest(citizen_id: UUID) -> object:
    return suggest.suggest(citizen_id=citizen_id, now=timezone.now())


def _ready_for_suggestions() -> UUID:
    """A new citizen whose income is known and may be used; nothing has been suggested yet."""
    citizen_id, now = pulls.citizen(pulls.number()), timezone.now()
    with citizen_scope(citizen_id):
        write.write(citizen_id=citizen_id, facts=world.facts(now), now=now)
        services.give(
            citizen_id=citizen_id, recipient=Agency.objects.get(code="aurora"), source=Agency.objects.get(code=pulls.SOURCE), purpose=SUGGESTIONS,
            categories=[world.CATEGORY], notice=world.notice_of(SUGGESTIONS, world.CATEGORY), until=now.date() + timedelta(days=30), now=now,
        )  # fmt: skip
    return citizen_id
